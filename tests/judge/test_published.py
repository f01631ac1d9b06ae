import json

import pytest

from lab import judge
from lab.errors import DataError
from lab.judge import published


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
