"""Count words and find patterns in many texts at once, in any script.

Word: a run of characters between white space, as `str.split` gives it; a Chinese character or a
Japanese kana counts as one word, since these scripts write no spaces, and their punctuation as
none. Thai, Lao and Khmer write no spaces either and are not cut: count characters there.

Patterns are RE2 expressions (no look-around, no back-references), so that one engine both decides
and shows what it found, in time linear in the text.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lab.errors import DataError

SPACE = "\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # of str.split
CJK = (  # ideographs, kana, bopomofo and their compatibility forms; Hangul is written with spaces
    "\u3005-\u3007\u3041-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af"
)
CJK_MARKS = (  # their punctuation, and the quotes, dashes and dots that they share with others
    "\u3001-\u3004\u3008-\u3020\u3030\ufe30-\ufe4f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40"
    "\uff5b-\uff65\u2014\u2018\u2019\u201c\u201d\u2026\u00b7"
)
WORD = f"[^{SPACE}]+"
CJK_WORD = f"[{CJK}]|[^{SPACE}{CJK}{CJK_MARKS}]+"


def words(texts: "pd.Series[str]") -> "pd.Series[int]":
    """Count the words of each text: runs between white space, and each CJK character.

    Equal to `len(text.split())` for texts without CJK characters. In a text that has some, CJK
    punctuation is white space too.

    Examples
    --------
    >>> words(pd.Series(["two words", "三个字", "用 Python 写。"])).tolist()
    [2, 3, 3]
    """
    array = arrow(texts)
    counts = _numbers(pc.count_substring_regex(array, pattern=WORD))
    mixed = _numbers(pc.match_substring_regex(array, pattern=f"[{CJK}]")).astype(bool)
    if mixed.any():
        counts[mixed] = _numbers(pc.count_substring_regex(array.filter(mixed), pattern=CJK_WORD))
    return pd.Series(counts, index=texts.index)


def characters(texts: "pd.Series[str]") -> "pd.Series[int]":
    """Count the characters (code points) of each text."""
    return pd.Series(_numbers(pc.utf8_length(arrow(texts))), index=texts.index)


def matches(texts: "pd.Series[str]", pattern: str) -> "pd.Series[int]":
    """Count the matches of a pattern in each text."""
    counts = pc.count_substring_regex(arrow(texts), pattern=pattern)
    return pd.Series(_numbers(counts), index=texts.index)


def contains(texts: "pd.Series[str]", patterns: Iterable[str]) -> "pd.Series[bool]":
    """Tell which texts hold a match of any of the patterns, ignoring case."""
    hits = pc.match_substring_regex(arrow(texts), pattern=either(patterns), ignore_case=True)
    return flags(hits.to_numpy(zero_copy_only=False), texts.index)


def fragments(texts: "pd.Series[str]", patterns: Iterable[str]) -> "pd.Series[str]":
    """Return the first match of any of the patterns in each text, "" where there is none."""
    pattern = f"(?i)(?P<found>{either(patterns)})"
    found = pc.struct_field(pc.extract_regex(arrow(texts), pattern=pattern), "found")
    values = pc.fill_null(found, "").to_pylist()
    return pd.Series(values, index=texts.index, name="found", dtype="str")


def either(patterns: Iterable[str]) -> str:
    """Join patterns into one that matches where any of them does."""
    return "|".join(f"(?:{pattern})" for pattern in patterns)


def column(pool: pd.DataFrame, name: str) -> "pd.Series[str]":
    """Return a text column of a pool, or raise DataError naming what is wrong with it."""
    if name not in pool.columns:
        raise DataError(f"the pool has no column {name!r}; it has {list(pool.columns)}")
    texts = pool[name]
    if texts.isna().any():
        row = str(texts.index[texts.isna()][0])
        raise DataError("must be text, not missing", row=row, field=name)
    return texts


def arrow(texts: "pd.Series[str]") -> Any:
    """Return texts as one Arrow array of strings."""
    array = pa.array(texts, type=pa.large_string())
    # what was concatenated comes in chunks
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def flags(values: NDArray[np.bool_], index: pd.Index) -> "pd.Series[bool]":
    """Return a mask over `index`, named `keep`."""
    return pd.Series(values, index=index, dtype=bool, name="keep")


def _numbers(array: Any) -> NDArray[np.int64]:
    return array.to_numpy(zero_copy_only=False).astype(np.int64)  # type: ignore[no-any-return]
