import json

import pandas as pd
import pytest

from lab import judge
from lab.errors import DataError
from lab.judge import published, verdicts


def write(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_alpaca_eval_by_hand(tmp_path):
    row = {"output_1": "base", "output_2": "a model", "generator_1": "B", "generator_2": "M"}
    row |= {"annotator": "j", "instruction": "?"}
    given = [1.2, 2, 0, None, 1.5]
    rows = [row | {"instruction": f"{i}?", "preference": p} for i, p in enumerate(given)]
    made = published.alpaca_eval(write(tmp_path / "annotations.json", rows))
    assert made["verdict"].tolist() == ["b", "a", "tie", "invalid", "tie"]
    assert made["preference"].tolist()[:3] == pytest.approx([0.2, 1.0, 0.5])
    assert made[["system", "length_a", "length_b"]].iloc[0].tolist() == ["M", 7.0, 4.0]
    rated = judge.win_rate(made, rule=judge.rates.mean_preference).iloc[0]
    assert (rated["prompts"], rated["invalid"]) == (4, 1)


def test_scores_of_the_second_order_are_swapped_back(tmp_path):
    row = {"text": "?", "Answer1": "x", "Answer2": "yy"}
    row |= {"scores": "[9.0, 8.0]", "scores_reverse": "[7.0, 9.0]"}
    bad = row | {"scores_reverse": "[-1, -1]"}
    path = write(tmp_path / "r.json", {"Meta_Info": {}, "data": [row, bad]})
    made = published.two_order_reviews(path, system="s", reference="r", judge="j")
    assert made["verdict"].tolist() == ["a", "a", "a", "invalid"]
    assert made["score_a"].tolist()[:2] == [9.0, 9.0]
    with pytest.raises(DataError, match="list under 'data'"):
        path = write(tmp_path / "no.json", {"rows": []})
        published.two_order_reviews(path, system="s", reference="r", judge="j")


def test_mt_bench_pairs_by_hand(tmp_path):
    row = {"question_id": 81, "model_1": "x", "model_2": "y", "judge": ["gpt-4", "pair-v2"]}
    games = [("model_1", "model_1"), ("model_1", "model_2"), ("tie", "error"), ("x", "x")]
    path = tmp_path / "pair.jsonl"
    lines = [
        json.dumps(row | {"question_id": 81 + i, "g1_winner": one, "g2_winner": two, "turn": 1})
        for i, (one, two) in enumerate(games)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    made = published.mt_bench_pairs(path)
    rated = judge.win_rate(made, rule=judge.rates.both_agree).iloc[0]
    assert rated[["win", "tie", "lose", "invalid", "judge"]].tolist() == [2, 1, 0, 1, "gpt-4"]


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "annotations.json"
    path.write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(DataError, match=r"annotations.json, row 1: is no object"):
        published.alpaca_eval(path)


REVIEW = "First I solve it.\nAssistant 1: 9\nAssistant 2: 2/10\n\nThe first is right."


@pytest.mark.parametrize(
    ("row", "reply", "verdict"),
    [
        ({"question_id": 1, "text": "8 9\nwhy", "score": [8.0, 9.0]}, "8 9\nwhy", "b"),
        (
            {"question_id": 1, "text": "How?", "review": "9 8\nwhy", "scores": "[9, 8]"},
            "9 8\nwhy",
            "a",
        ),
        ({"id": 1, "text": "How?", "content": REVIEW, "score": [-1, -1]}, REVIEW, "a"),
        ({"question_id": 1, "review": REVIEW}, REVIEW, "a"),
        ({"question_id": 1, "text": "7 7", "score": "['7', '7']"}, "7 7", "tie"),
        ({"question_id": 1, "text": "I cannot say.", "score": "none"}, "I cannot say.", "invalid"),
    ],
)
def test_every_form_of_review_gives_review_and_verdict(tmp_path, row, reply, verdict):
    path = write(tmp_path / "r.json", [row])
    made = published.vicuna_reviews(path, system="s", reference="r")
    assert made[["prompt", "reply", "verdict"]].to_numpy().tolist() == [["1", reply, verdict]]


def test_a_file_of_another_kind_is_refused_by_its_fields(tmp_path):
    path = write(tmp_path / "r.json", [{"question_id": 1, "turns": []}])
    with pytest.raises(
        DataError, match=r"row 1: has none of the fields review, .*\(has question_id, turns\)"
    ):
        published.vicuna_reviews(path, system="s", reference="r")
    path = write(tmp_path / "a.json", {"data": [{"Answer1": "x", "Answer2": "y"}]})
    with pytest.raises(DataError, match="holds answers, but no scores"):
        published.two_order_reviews(path, system="s", reference="r", judge="j")


def test_llmbar_files_of_single_ratings(tmp_path):
    row = {"input": "?", "output_1": "x", "output_2": "yy", "label": 1}
    scores = [("7", "5"), ("5", "5"), ("4", "6\n"), ("Score: 4", "5")]
    rows = [
        row
        | {
            "results": [
                {
                    "score_1": [one, "stop"],
                    "score_2": [two, "stop"],
                    "swap = False": {"winner": "1"},
                    "swap = True": {"winner": "2"},
                }
            ]
        }
        for one, two in scores
    ]
    made = published.llmbar(write(tmp_path / "result.json", rows), judge="j", name="Natural")
    assert made["verdict"].tolist() == ["a", "tie", "b", "invalid"]
    assert made["first"].isna().all()
    assert made[["score_a", "score_b"]].iloc[2].tolist() == [4.0, 6.0]


def test_llmbar_sets_are_told_apart(tmp_path):
    both = {f"swap = {swap}": {"winner": "1", "completion": ["a"]} for swap in (False, True)}
    row = {"input": "?", "output_1": "x", "output_2": "y", "label": 2, "results": [both]}
    made = []
    for name in ("Natural", "Neighbor"):
        (tmp_path / name).mkdir()
        made.append(published.llmbar(write(tmp_path / name / "result.json", [row]), judge="j"))
    together = verdicts.table(pd.concat(made).to_dict("records"))
    assert together["prompt"].unique().tolist() == ["Natural-0000", "Neighbor-0000"]
    assert together["set"].unique().tolist() == ["Natural", "Neighbor"]


@pytest.mark.realdata
def test_every_published_file_of_verdicts_is_read_or_refused_with_a_reason(shared):
    place = shared / "data" / "judge"
    counts = {}
    for path in sorted(place.glob("llmbar_natural/*_result.json.gz")):
        made = published.llmbar(path, judge=path.name.split("_result")[0])
        counts[path.name] = (len(made), int(made["verdict"].eq("invalid").sum()))
    assert set(counts.values()) == {(200, 0)}
    with pytest.raises(DataError, match="row 1: has none of the fields results"):
        published.llmbar(place / "llmbar_natural" / "dataset.json.gz", judge="j")
    answers = place / "two_order_reviews" / "cherry_5pct_vs_alpaca_vicuna_wrap.json.gz"
    with pytest.raises(DataError, match="holds answers, but no scores"):
        published.two_order_reviews(answers, system="s", reference="r", judge="j")
