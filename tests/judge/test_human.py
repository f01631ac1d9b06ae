import json

import pandas as pd
import pytest

from lab import judge, records
from lab.errors import DataError
from lab.judge import human

LINE = {"id": "p1", "rater": "ada", "first": "b", "verdict": "a", "reason": "", "seconds": 2.5}


def write(path, *lines):
    path.write_text("\n".join(json.dumps(LINE | line) for line in lines) + "\n", encoding="utf-8")
    return path


def test_records_join_the_verdicts_of_models(tmp_path):
    path = write(
        tmp_path / "d.jsonl", {}, {"id": "p2", "verdict": "tie"}, {"rater": "bob", "first": "a"}
    )
    made = human.read(path, system="new", reference="old")
    assert made["judge"].tolist() == ["ada", "ada", "bob"]
    assert made["first"].tolist() == ["b", "b", "a"]
    assert made["seconds"].tolist() == [2.5] * 3
    rated = judge.win_rate(made, rule=judge.rates.mean_preference)
    assert rated["win_rate"].tolist() == [0.75, 1.0]
    assert rated["system"].tolist() == ["new", "new"]


def test_the_last_record_counts_and_a_skip_is_no_verdict(tmp_path):
    path = write(tmp_path / "d.jsonl", {}, {"verdict": "b"}, {"id": "p2", "verdict": None})
    made = human.read(path)
    assert made["verdict"].tolist() == ["b", "invalid"]
    assert made["superseded"].tolist() == [1, 0]


def test_what_the_pair_judge_writes_is_read(tmp_path):
    from lab.widgets.pair_judge import PairJudge

    pool = records.frame([{"instruction": f"Question {n}?", "output": ""} for n in range(4)])
    a, b = (pd.Series(text, index=pool.index) for text in ("yes", "no"))
    pair_judge = PairJudge(pool, a, b, rater="ada", file=tmp_path / "pairs.jsonl")
    for side in ("left", "right", "tie"):
        pair_judge.choose(side, "because")
    pair_judge.skip()
    made = human.read(tmp_path / "pairs.jsonl")
    assert set(made["prompt"]) == set(pool.index)
    assert made["verdict"].tolist()[2:] == ["tie", "invalid"]
    assert made["verdict"].iloc[0] == made["first"].iloc[0]
    assert made["verdict"].iloc[1] != made["first"].iloc[1]
    assert made["reply"].iloc[0] == "because"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"verdict": "left"}, "row 1, field 'verdict': must be 'a', 'b', 'tie' or null"),
        ({"first": None}, "row 1, field 'first': must be 'a' or 'b'"),
    ],
)
def test_errors_name_the_line(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        human.read(write(tmp_path / "d.jsonl", line))


def test_lines_that_are_no_records_are_refused(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"id": "p"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="row 1, field 'rater': is missing"):
        human.read(path)
    path.write_text('{"id": \n{"id": "p"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="is no record"):
        human.read(path)


LABEL = {"id": "1", "rater": "ada", "verdict": "drop", "reason": "says nothing", "method": "answer"}
LABEL |= {"instruction": "Name a fruit.", "input": "", "output": "So it is."}


def write_labels(path, *lines):
    path.write_text("\n".join(json.dumps(LABEL | line) for line in lines) + "\n", encoding="utf-8")
    return path


def test_what_was_kept_and_dropped_on_a_bench_becomes_examples(tmp_path):
    other = {"id": "2", "output": "An apple.", "verdict": "keep", "reason": ""}
    again = {"rater": "bob", "verdict": "keep", "reason": ""}
    path = write_labels(tmp_path / "b.jsonl", {"verdict": "keep"}, {}, other, again)
    found = human.labels(path)
    records.validate(found)
    assert found["kept"].tolist() == [0.5, 1.0]  # ada's last record counts
    assert found["raters"].tolist() == [2, 1]
    assert found["reason"].tolist() == ["says nothing", ""]
    assert found["method"].tolist() == ["answer", "answer"]


def test_the_bench_writes_what_is_read(tmp_path):
    from functools import partial

    from lab import synth, testbed, widgets

    pool, client = testbed.pool(8), testbed.client(store=":memory:")
    bench = widgets.SynthesisBench({"rewrite": partial(synth.answer, pool, client)}, pool=pool)
    assert len(human.labels(bench.verdict_file)) == 0
    bench.try_some(2)
    bench.wait()
    bench.say("keep")
    bench.say("drop", "too short")
    found = human.labels(bench.verdict_file)
    assert found.index.tolist() == bench.tried.examples.index.tolist()
    assert found["kept"].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"verdict": "a"}, "must be 'keep' or 'drop'"),
        ({"verdict": None}, "must be 'keep' or 'drop'"),
    ],
)
def test_a_label_that_is_none_is_told(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        human.labels(write_labels(tmp_path / "b.jsonl", line))
    (tmp_path / "c.jsonl").write_text('{"id": "1"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"is missing"):
        human.labels(tmp_path / "c.jsonl")
