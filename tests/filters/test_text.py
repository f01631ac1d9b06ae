import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from lab.filters import text

ANY = st.lists(st.text(max_size=40), min_size=1, max_size=20)


def series(values):
    return pd.Series(values, dtype="str")


@given(ANY)
@settings(max_examples=200, deadline=None)
def test_words_of_texts_without_cjk_are_those_of_split(values):
    values = [re.sub(f"[{text.CJK}]", "x", value) for value in values]
    assert text.words(series(values)).tolist() == [len(value.split()) for value in values]


@given(ANY)
@settings(max_examples=200, deadline=None)
def test_words_by_definition_in_any_script(values):
    def slow(value):
        if not re.search(f"[{text.CJK}]", value):
            return len(value.split())
        spaced = re.sub(f"[{text.CJK}]", r" \g<0> ", value)
        return len(re.sub(f"[{text.CJK_MARKS}]", " ", spaced).split())

    assert text.words(series(values)).tolist() == [slow(value) for value in values]


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("", 0),
        (" \t\n\u3000", 0),
        ("don't stop", 2),
        ("我喜欢机器学习。", 7),
        ("“你好”，world！", 3),
        ("ひらがなとカタカナ", 9),
        ("한국어 문장 하나", 3),
        ("中文,English,混合", 5),
        ("naïve café — ok", 4),
    ],
)
def test_words_by_hand(value, count):
    assert text.words(series([value])).tolist() == [count]


def test_characters_are_code_points():
    assert text.characters(series(["", "ab", "字", "👍🏽"])).tolist() == [0, 2, 1, 2]


def test_a_fragment_is_found_exactly_where_a_text_contains_it():
    values = series(["I said: NO way", "nothing", "", "没有办法"])
    patterns = ("no way", "办法$")
    assert text.contains(values, patterns).tolist() == [True, False, False, True]
    assert text.fragments(values, patterns).tolist() == ["NO way", "", "", "办法"]


def test_the_index_is_kept():
    values = pd.Series(["a", "b c"], index=["x", "y"], dtype="str")
    for counted in (text.words(values), text.characters(values), text.contains(values, ["a"])):
        assert counted.index.tolist() == ["x", "y"]


def test_a_column_that_is_missing_or_holds_missing_texts_is_named():
    pool = pd.DataFrame({"output": pd.Series(["a", None], index=["x", "y"], dtype="str")})
    with pytest.raises(DataError, match="no column 'reply'"):
        text.column(pool, "reply")
    with pytest.raises(DataError, match="row y, field 'output': must be text, not missing"):
        text.column(pool, "output")


def test_texts_that_were_concatenated_are_one_array():
    values = pd.concat([pd.Series([f"a {row}"], dtype="str") for row in range(5)])
    assert text.arrow(values).buffers()[2] is not None
    assert text.words(values).tolist() == [2] * 5
