import json

import pytest

from lab import load

USER, GOOD, BAD = (
    {"role": r, "content": c} for r, c in (("user", "q"), ("assistant", "g"), ("assistant", "b"))
)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "chosen": "g", "rejected": "b"},
        {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
        {"chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"prompt": "q", "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"conversations": [{"from": "human", "value": "q"}], "chosen": GOOD, "rejected": BAD},
        {"chosen_messages": [USER, GOOD], "rejected_messages": [USER, BAD]},
    ],
)
def test_a_pair_in_every_form(tmp_path, row):
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(row))
    found = load.preference(path).pool.iloc[0]
    assert (found["instruction"], found["output"], found["rejected"]) == ("q", "g", "b")
    back = load.preference(load.save.preference(load.preference(path).pool, tmp_path / "out.jsonl"))
    assert back.pool[["instruction", "output", "rejected"]].values.tolist() == [["q", "g", "b"]]


def test_a_pair_for_two_prompts_is_refused(tmp_path):
    path = tmp_path / "pairs.jsonl"
    other = {"chosen": [USER, GOOD], "rejected": [{**USER, "content": "other"}, BAD]}
    path.write_text(
        "\n".join(map(json.dumps, [{"prompt": "q", "chosen": "g", "rejected": "b"}, other]))
    )
    assert load.preference(path).refused["reason"].tolist() == [
        "chosen and rejected answer different prompts"
    ]


def test_transcripts_are_read_turn_by_turn(tmp_path):
    path = tmp_path / "rows.jsonl"
    start = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: 1 + 1?\n\nAssistant: "
    path.write_text(json.dumps({"chosen": f"{start}2\n\nor two", "rejected": f"{start}3"}) + "\n")
    row = load.auto(path).pool.iloc[0]
    assert [turn["content"] for turn in row["history"]] == ["Hi", "Hello"]
    assert (row["instruction"], row["output"], row["rejected"]) == ("1 + 1?", "2\n\nor two", "3")
