"""The two annotators, and the journal that both write to."""

import json

import pandas as pd
import pytest

from lab import records
from lab.errors import DataError
from lab.widgets import PairJudge, Rater, Writer, journal


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def press(widget, **message):
    content = {"id": widget.panel.card["id"], "reason": "", **message}
    data = {"method": "custom", "content": content}
    widget.panel.comm.handle_msg({"content": {"data": data}, "buffers": []})


def test_each_rating_is_on_disk_at_once(pool, tmp_path):
    rate = Rater(pool, rater="ana", file=tmp_path / "r.jsonl")
    press(rate, kind="answer", rating=3.5, reason="a little thin")
    press(rate, kind="skip")
    first, second = lines(rate.file)
    assert first["id"] == pool.index[0]
    assert (first["rater"], first["rating"], first["reason"]) == ("ana", 3.5, "a little thin")
    assert first["seconds"] >= 0
    assert first["at"].endswith("+00:00")
    assert second["rating"] is None
    assert rate.ratings["rating"].isna().tolist() == [False, True]


def test_undo_takes_only_ones_own_last_answer_back(pool, tmp_path):
    file = tmp_path / "r.jsonl"
    ana, ben = (Rater(pool, rater=name, file=file) for name in ("ana", "ben"))
    for widget, rating in ((ana, 1), (ben, 2), (ana, 3), (ben, 4)):
        press(widget, kind="answer", rating=rating)
    press(ana, kind="undo")
    assert [(line["rater"], line["rating"]) for line in lines(file)] == [
        ("ana", 1.0),
        ("ben", 2.0),
        ("ben", 4.0),
    ]
    assert ana.panel.card["id"] == pool.index[1]


def test_a_restart_goes_on_where_it_stopped(pool, tmp_path):
    file = tmp_path / "r.jsonl"
    before = Rater(pool, rater="ana", file=file, seed=3)
    for _ in range(4):
        press(before, kind="answer", rating=2)
    after = Rater(pool, rater="ana", file=file, seed=3)
    assert after.panel.card == before.panel.card
    assert after.panel.card["done"] == 4
    assert Rater(pool, rater="ben", file=file, seed=3).panel.card["done"] == 0


def test_the_drawn_order_does_not_depend_on_that_of_the_pool(pool, tmp_path):
    shuffled = pool.sample(frac=1, random_state=0)
    one, other = (
        Rater(given, rater="ana", file=tmp_path / "r.jsonl", seed=5) for given in (pool, shuffled)
    )
    assert one.panel.card["id"] == other.panel.card["id"]
    assert one.panel.card["id"] != Rater(pool, rater="a", file=one.file, seed=6).panel.card["id"]


def test_a_key_pressed_twice_rates_once(pool, tmp_path):
    rate = Rater(pool, rater="ana", file=tmp_path / "r.jsonl")
    key = rate.panel.card["id"]
    press(rate, kind="answer", rating=3)
    press(rate, kind="answer", rating=3, id=key)
    assert len(lines(rate.file)) == 1


def test_the_end_says_what_was_said(pool, tmp_path):
    few, file = pool.iloc[:2], tmp_path / "r.jsonl"
    for name, ratings in (("ana", (1, 2)), ("ben", (2, 4))):
        rate = Rater(few, rater=name, file=file)
        for rating in ratings:
            press(rate, kind="answer", rating=rating)
    assert rate.panel.card["id"] is None
    assert rate.panel.card["summary"] == [
        "ana: 2 ratings, 1.50 on average",
        "ben: 2 ratings, 3.00 on average",
        "2 rated by all, 1.50 apart on average",
    ]


def test_ratings_are_half_steps_from_0_to_5(pool, tmp_path):
    rate = Rater(pool, rater="ana", file=tmp_path / "r.jsonl")
    for wrong in (5.5, -1, 2.25):
        with pytest.raises(ValueError, match=f"half steps, got {wrong}"):
            rate.rate(wrong)
    with pytest.raises(ValueError, match="rater must be a name, got ' '"):
        Rater(pool, rater=" ", file=tmp_path / "r.jsonl")


@pytest.fixture
def pair_judge(pool, tmp_path):
    a, b = (pd.Series(f"from {name}", index=pool.index) for name in "ab")
    return PairJudge(pool, a, b, rater="ana", file=tmp_path / "d.jsonl", seed=1)


def test_verdicts_name_the_system_and_not_the_side(pair_judge):
    for side in ("left", "right", "tie") * 6:
        left, right = pair_judge.panel.card["answers"]
        press(pair_judge, kind="answer", side=side)
        line = lines(pair_judge.file)[-1]
        assert line["first"] == left[-1]
        wanted = {"left": left[-1], "right": right[-1], "tie": "tie"}[side]
        assert line["verdict"] == wanted
    assert set(pair_judge.verdicts["first"]) == {"a", "b"}


def test_sides_do_not_say_whose_they_are_and_are_the_same_for_all(pair_judge, pool, tmp_path):
    assert "from a" not in str({k: v for k, v in pair_judge.panel.card.items() if k != "answers"})
    a, b = (pd.Series(f"from {name}", index=pool.index) for name in "ab")
    again = PairJudge(pool, a, b, rater="ben", file=pair_judge.file, seed=1)
    assert again.panel.card["answers"] == pair_judge.panel.card["answers"]
    for _ in pool.index:
        press(pair_judge, kind="answer", side="left")
    firsts = [line["first"] for line in lines(pair_judge.file)]
    assert len(firsts) == len(pool)
    assert 15 < firsts.count("a") < 45


def test_a_pair_judge_can_skip_undo_and_end(pair_judge, pool):
    press(pair_judge, kind="skip")
    assert lines(pair_judge.file)[0]["verdict"] is None
    press(pair_judge, kind="undo")
    assert lines(pair_judge.file) == []
    while pair_judge.panel.card["id"] is not None:
        press(pair_judge, kind="answer", side="tie")
    assert pair_judge.panel.card["summary"] == ["ana: a wins 0, b wins 0, 60 ties"]


def test_a_pair_judge_needs_both_answers(pool, tmp_path):
    a = pd.Series("x", index=pool.index)
    with pytest.raises(ValueError, match="b misses 1 prompts"):
        PairJudge(pool, a, a.iloc[1:], rater="ana", file=tmp_path / "d.jsonl")
    pair_judge = PairJudge(pool, a, a, rater="ana", file=tmp_path / "d.jsonl")
    with pytest.raises(ValueError, match="left, right or tie, got 'up'"):
        pair_judge.choose("up")


def test_a_line_cut_short_by_a_crash_is_left_out_and_another_is_named(tmp_path):
    file = tmp_path / "r.jsonl"
    file.write_text('{"id": "x", "rater": "ana"}\n{"id": "y", "ra')
    assert journal.read(file) == [{"id": "x", "rater": "ana"}]
    file.write_text('{"id": "x"}\nnot json\n{"id": "y"}\n')
    with pytest.raises(DataError, match=r"r\.jsonl, row 2: not JSON"):
        journal.read(file)


def test_answers_are_written_and_mended_by_hand_and_become_examples(pool, tmp_path):
    file = tmp_path / "a.jsonl"
    few = pool.iloc[:3]
    write = Writer(few, rater="ana", file=file)
    assert write.panel.card["draft"] == few["output"].iloc[0]
    assert write.panel.card["turns"][-1][0] == "user"
    assert few["output"].iloc[0] not in str(write.panel.card["turns"])
    press(write, kind="answer", output="  A better answer.\n", reason="too thin")
    press(write, kind="answer", output="   ")  # nothing to save
    assert [line["output"] for line in lines(file)] == ["A better answer."]
    again = Writer(few, rater="ana", file=file)  # after a restart
    assert again.panel.card["id"] == few.index[1]
    press(again, kind="answer", output=few["output"].iloc[1])
    press(again, kind="skip")
    made = again.examples
    assert made["parent"].tolist() == few.index[:2].tolist()
    assert made["output"].tolist() == ["A better answer.", few["output"].iloc[1].strip()]
    assert made["instruction"].tolist() == few["instruction"].iloc[:2].tolist()
    records.validate(made)
    assert again.panel.card["summary"] == ["ana: 2 answers, 1 left as they were"]
    press(again, kind="undo")
    press(again, kind="undo")
    assert len(again.examples) == 1
    with pytest.raises(ValueError, match=r"output must say something"):
        again.save(" ")
