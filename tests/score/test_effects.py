import pandas as pd
import pytest

from lab import records, score


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write it in C++.", True),
        ("a C# class", True),
        ("python 3", True),
        ("Java!", True),
        ("JavaScript", False),
        ("C", False),
        ("pythonic", False),
        ("vitamin C+", False),
        ("用Python写", True),
    ],
)
def test_coding_words_are_whole_words(text, found):
    for field in ("instruction", "input", "output"):
        row = {"instruction": "x", "input": "", "output": "y"} | {field: text}
        assert score.coding(records.frame([row])).tolist() == [found]


@pytest.mark.realdata
def test_coding_rows_of_alpaca(shared):
    pool = pd.read_json(shared / "data/alpaca/alpaca_data.json.gz", dtype=False)
    assert score.coding(pool).sum() == 463, "the paper, which names no fields, counts 718"


def test_kept_by_adds_up():
    keep = pd.Series([True, False, False, True, True])
    groups = pd.Series(["code", "code", "code", "text", "text"])
    table = score.kept_by(keep, groups)
    assert table.index.tolist() == ["code", "text", "all"]
    assert table.loc["code", "dropped_share"] == pytest.approx(2 / 3)
    assert table.loc["all"].to_dict() == pytest.approx(
        {"rows": 5, "kept": 3, "dropped_share": 0.4, "share_before": 1, "share_after": 1}
    )
    parts = table.drop("all")[["rows", "kept", "share_before", "share_after"]].sum()
    assert parts.tolist() == pytest.approx([5, 3, 1, 1])


def test_kept_by_of_a_mask_that_keeps_nothing():
    table = score.kept_by(pd.Series([False, False]), pd.Series([True, False]))
    assert table["kept"].sum() == 0
    assert table.loc["all", "dropped_share"] == 1
    with pytest.raises(ValueError, match="the index of keep"):
        score.kept_by(pd.Series([True], index=["a"]), pd.Series([1], index=["b"]))
