import pandas as pd
import pytest

from lab.errors import DataError
from lab.filters import text


def series(values):
    return pd.Series(values, dtype="str")


def test_characters_are_code_points():
    assert text.characters(series(["", "ab", "字", "👍🏽"])).tolist() == [0, 2, 1, 2]


def test_a_fragment_is_found_exactly_where_a_text_contains_it():
    values = series(["I said: NO way", "nothing", "", "没有办法"])
    patterns = ("no way", "办法$")
    assert text.contains(values, patterns).tolist() == [True, False, False, True]
    assert text.fragments(values, patterns).tolist() == ["NO way", "", "", "办法"]


def test_the_index_is_kept():
    values = pd.Series(["a", "b c"], index=["x", "y"], dtype="str")
    for counted in (
        text.matches(values, "b"),
        text.characters(values),
        text.contains(values, ["a"]),
    ):
        assert counted.index.tolist() == ["x", "y"]


def test_a_column_that_is_missing_or_holds_missing_texts_is_named():
    pool = pd.DataFrame({"output": pd.Series(["a", None], index=["x", "y"], dtype="str")})
    with pytest.raises(DataError, match="no column 'reply'"):
        text.column(pool, "reply")
    with pytest.raises(DataError, match="row y, field 'output': must be text, not missing"):
        text.column(pool, "output")
