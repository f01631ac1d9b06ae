import pandas as pd
import pytest

from lab import filters


def pool(*outputs):
    return pd.DataFrame({"output": pd.Series(outputs, dtype="str")})


def test_both_bounds_are_included():
    rows = pool("", "one", "one two", "one two three", "one two three four")
    assert filters.length(rows, min_words=1, max_words=3).tolist() == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_self_instructs_rule_is_more_than_three_and_at_most_150_words():
    rows = pool(*("w " * n for n in (3, 4, 150, 151)))
    assert filters.length(rows, min_words=4, max_words=150).tolist() == [False, True, True, False]


def test_limas_rule_counts_characters():
    rows = pool("x" * 1199, "x" * 1200, "x" * 4096, "x" * 4097, "字" * 1200)
    keep = filters.length(rows, min_characters=1200, max_characters=4096)
    assert keep.tolist() == [False, True, True, False, True]


def test_a_chinese_character_is_a_word_and_its_punctuation_is_none():
    rows = pool("请写一首诗。", "诗。", "用 Python 写代码")
    assert filters.length(rows, min_words=5, max_words=5).tolist() == [True, False, True]
    assert filters.length(rows, min_words=1, max_words=1).tolist() == [False, True, False]


def test_any_text_column_can_be_measured():
    rows = pd.DataFrame({"instruction": ["a b"], "output": [""]})
    assert filters.length(rows, min_words=2, field="instruction").tolist() == [True]
    assert filters.length(rows, min_words=2).tolist() == [False]


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"min_words": -1}, "min_words must be at least 0, got -1"),
        ({"min_words": 5, "max_words": 4}, "max_words must be at least min_words=5, got 4"),
        ({"min_characters": 9, "max_characters": 1}, "at least min_characters=9, got 1"),
    ],
)
def test_errors_say_what_came(bounds, message):
    with pytest.raises(ValueError, match=message):
        filters.length(pool("a"), **bounds)
