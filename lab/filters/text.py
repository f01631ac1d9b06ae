"""Find patterns in many texts at once, in any script.

Patterns are RE2 expressions (no look-around, no back-references), so that one engine both decides
and shows what it found, in time linear in the text.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lab.errors import DataError
from lab.texts import arrow, match

TAG = "(?:think|thinking|thought|thoughts|reasoning)"
MARK = r"[^\pL\pN\"\x{201c}\x{300c}\x{300e}]"  # but for quotation marks
OPENED = rf"(?i)^\s*<{TAG}>"
THOUGHTS = rf"(?is)^\s*<{TAG}>.*?</{TAG}>\s*"  # what is cut inside them stays


def characters(texts: "pd.Series[str]") -> "pd.Series[int]":
    """Count the characters (code points) of each text."""
    lengths = pc.utf8_length(arrow(texts)).to_numpy(zero_copy_only=False)
    return pd.Series(lengths, index=texts.index, dtype="int64")


def matches(texts: "pd.Series[str]", pattern: str) -> "pd.Series[int]":
    """Count the matches of a pattern in each text."""
    counts = pc.count_substring_regex(arrow(texts), pattern=pattern).to_numpy(zero_copy_only=False)
    return pd.Series(counts, index=texts.index, dtype="int64")


def contains(texts: "pd.Series[str]", patterns: Iterable[str]) -> "pd.Series[bool]":
    """Tell which texts hold a match of any of the patterns, ignoring case."""
    return flags(match(arrow(texts), either(patterns), ignore_case=True), texts.index)


def without_thoughts(texts: "pd.Series[str]") -> "pd.Series[str]":
    r"""Return texts without the thoughts that open them, between tags such as `<think>`.

    Examples
    --------
    >>> without_thoughts(pd.Series(["<think>Is it?</think>\nYes.", "No."])).tolist()
    ['Yes.', 'No.']
    """
    array = arrow(texts)
    thought = match(array, OPENED)
    if not thought.any():
        return texts
    answers = pc.replace_substring_regex(array, pattern=THOUGHTS, replacement="")
    return pd.Series(answers.to_pylist(), index=texts.index, dtype="str")


def without(texts: "pd.Series[str]", patterns: Iterable[str]) -> "pd.Series[str]":
    """Return texts with a space in the place of each match of the patterns, ignoring case."""
    array = arrow(texts)
    pattern = f"(?i)(?:{either(patterns)})"
    found = match(array, pattern)
    if found.any():
        changed = pc.replace_substring_regex(array.filter(found), pattern=pattern, replacement=" ")
        texts = texts.copy()
        texts[found] = changed.to_pylist()
    return texts


def without_start(texts: "pd.Series[str]", patterns: Iterable[str]) -> "pd.Series[str]":
    r"""Return texts without the marks and the first match of the patterns at their start.

    A quotation mark opens speech, and stays.

    Examples
    --------
    >>> without_start(pd.Series(["- Hi! Yes.", "Hit it.", "“Hi! No.”"]), [r"hi\b!? *"]).tolist()
    ['Yes.', 'Hit it.', '“Hi! No.”']
    """
    array, start = arrow(texts), either(patterns)
    found = match(array, f"^(?:{MARK}|{start})", ignore_case=True)
    opened = array.filter(pa.array(found))
    cut = pc.replace_substring_regex(opened, pattern=f"(?i)^{MARK}*(?:{start})?", replacement="")
    changed = pc.replace_with_mask(array, found, cut)
    return pd.Series(pd.arrays.ArrowExtensionArray(changed), index=texts.index).astype("str")


def any_of(texts: "pd.Series[str]", patterns: Iterable[str]) -> "pd.Series[bool]":
    """Tell what `contains` tells, one pattern after the other: faster where they are long."""
    array = arrow(texts)
    found = np.zeros(len(array), dtype=bool)
    for pattern in patterns:
        found |= match(array, pattern, ignore_case=True)
    return flags(found, texts.index)


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


def flags(values: NDArray[np.bool_], index: pd.Index) -> "pd.Series[bool]":
    """Return a mask over `index`, named `keep`."""
    return pd.Series(values, index=index, dtype=bool, name="keep")
