"""Cut texts into overlapping runs of words and hash these, hundreds of megabytes a second.

A word is a run of letters and digits, in lower case; a Chinese character or Japanese kana is a
word of its own; all else separates. A shingle is a run of so many words; a shorter text is one
shingle of all its words. A text is then the set of its shingles' 64-bit hashes: two shingles out of
a billion billion are taken for equal by mistake.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lab.compiled import njit
from lab.errors import DataError
from lab.filters import text
from lab.texts import CJK, CJK_MARKS, SPACE, arrow

Hashes = NDArray[np.uint64]
Ints = NDArray[np.integer[Any]]
FNV_START, FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a, 64 bits
MIX_A, MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)  # splitmix64's mixer
SEPARATOR, LETTER, SINGLE = 0, 1, 2
CHUNK = 1 << 16  # rows hashed at a time, which bounds the memory


@dataclass(frozen=True, eq=False)
class Shingles:
    """The distinct shingles of n texts, end to end, each text's in rising order."""

    hashes: Hashes  # (t,)
    starts: NDArray[np.int64]  # (n + 1,)
    totals: NDArray[np.int64]  # (n,) shingles of each text, repeated ones counted


def shingles(texts: "pd.Series[str]", *, words: int) -> Shingles:
    """Return the hashes of all runs of `words` words, at least 1, of each text."""
    if words < 1:
        raise ValueError(f"words must be at least 1, got {words}")
    parts: list[Hashes] = [np.empty(0, dtype=np.uint64)]
    counts: list[Ints] = [np.empty((2, 0), dtype=np.int64)]
    lowered = pc.utf8_lower(arrow(texts))
    for first in range(0, len(lowered), CHUNK):
        chunk = lowered.slice(first, CHUNK)
        data, ends = buffers(chunk)
        hashes, count = _shingle(data, ends, _classes(), words)
        parts.append(hashes)
        counts.append(count)
    distinct, totals = np.concatenate(counts, axis=1)
    starts = np.concatenate([[0], np.cumsum(distinct)]).astype(np.int64)
    return Shingles(np.concatenate(parts), starts, totals)


def joined(
    pool: pd.DataFrame, fields: tuple[str, ...], *, read: int | None = None
) -> "pd.Series[str]":
    """Return the texts of several columns of a pool as one, a line each.

    `history` stands for the contents of the messages before the last exchange. `read` is the
    number of characters taken of each text, all if None.
    """
    arrays = [
        _history(pool) if name == "history" else arrow(text.column(pool, name)) for name in fields
    ]
    if read is not None:
        arrays = [pc.utf8_slice_codeunits(array, 0, read) for array in arrays]
    whole = pc.binary_join_element_wise(*arrays, pa.scalar("\n", pa.large_string()))
    return pd.Series(pd.arrays.ArrowExtensionArray(whole), index=pool.index).astype("str")


def _history(pool: pd.DataFrame) -> Any:
    """Return the messages before the last exchange as one text each."""
    if "history" not in pool.columns:
        raise DataError(f"the pool has no column 'history'; it has {list(pool.columns)}")
    texts = ["\n".join(turn["content"] for turn in turns) for turns in pool["history"]]
    return pa.array(texts, type=pa.large_string())


def buffers(array: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes under an Arrow array of large strings, and where each text starts."""
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    empty = np.empty(0, dtype=np.uint8)
    return (np.frombuffer(data, dtype=np.uint8) if data is not None else empty), ends


def _classes() -> NDArray[np.uint8]:
    """Return whether each code point of the basic plane is a letter, a separator or a word."""
    classes = np.full(1 << 16, LETTER, dtype=np.uint8)
    classes[:128] = SEPARATOR
    for low, high in ("09", "AZ", "az"):
        classes[ord(low) : ord(high) + 1] = LETTER
    for first, last in ((0x80, 0xBF), (0xD7, 0xD7), (0xF7, 0xF7), (0x2000, 0x206F)):
        classes[first : last + 1] = SEPARATOR
    _paint(classes, CJK, SINGLE)
    _paint(classes, CJK_MARKS, SEPARATOR)
    _paint(classes, SPACE, SEPARATOR)
    return classes


def _paint(classes: NDArray[np.uint8], ranges: str, value: int) -> None:
    """Set the class of the characters of a regular expression's ranges, in place."""
    at = 0
    while at < len(ranges):
        first = last = ord(ranges[at])
        if ranges[at + 1 : at + 2] == "-" and at + 2 < len(ranges):
            last = ord(ranges[at + 2])
            at += 2
        classes[first : min(last, 0xFFFF) + 1] = value
        at += 1


@njit(cache=True, nogil=True)
def _character(data: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Return the code point at a byte of UTF-8, and its length in bytes."""
    lead = int(data[at])
    if lead < 0x80:
        return lead, 1
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    point = lead & (0x7F >> size)
    for more in range(1, size):
        point = (point << 6) | (int(data[at + more]) & 0x3F)
    return point, size


@njit(cache=True, nogil=True)
def _words(
    data: NDArray[np.uint8], start: int, end: int, classes: NDArray[np.uint8], found: Hashes
) -> int:
    """Write the hashes of a text's words to `found`, in place, and return how many there are."""
    at, count, inside, word = start, 0, False, FNV_START
    while at < end:
        point, size = _character(data, at)
        kind = classes[point] if point < len(classes) else SINGLE if point < 0x323B0 else LETTER
        if point >= 0x1F000 and point < 0x20000:
            kind = SEPARATOR  # pictographs
        if inside and kind != LETTER:
            found[count] = word
            count, inside, word = count + 1, False, FNV_START
        if kind != SEPARATOR:
            for more in range(size):
                word = (word ^ np.uint64(data[at + more])) * FNV_PRIME
            inside = True
        if kind == SINGLE:
            found[count] = word
            count, inside, word = count + 1, False, FNV_START
        at += size
    if inside:
        found[count] = word
        count += 1
    return count


@njit(cache=True, nogil=True)
def _mixed(value: np.uint64) -> np.uint64:
    """Spread a hash over its 64 bits, as splitmix64 does."""
    value = (value ^ (value >> np.uint64(30))) * MIX_A
    value = (value ^ (value >> np.uint64(27))) * MIX_B
    return value ^ (value >> np.uint64(31))


@njit(cache=True, nogil=True)
def _shingle(
    data: NDArray[np.uint8], ends: Ints, classes: NDArray[np.uint8], width: int
) -> tuple[Hashes, Ints]:
    """Return the distinct shingles of each text, end to end; how many, and with repeats (2, n)."""
    longest = 0
    for row in range(len(ends) - 1):
        longest = max(longest, ends[row + 1] - ends[row])
    words = np.empty(longest + 1, dtype=np.uint64)
    hashes = np.empty((ends[-1] - ends[0]) // 2 + len(ends), dtype=np.uint64)
    counts = np.zeros((2, len(ends) - 1), dtype=np.int64)
    used = 0
    for row in range(len(ends) - 1):
        n = _words(data, ends[row], ends[row + 1], classes, words)
        first = used
        for at in range(max(n - width + 1, min(n, 1))):
            value = np.uint64(0)
            for word in words[at : min(at + width, n)]:
                value = _mixed(value + word)
            hashes[used] = value
            used += 1
        hashes[first:used].sort()
        distinct = first
        for at in range(first, used):
            if at == first or hashes[at] != hashes[distinct - 1]:
                hashes[distinct] = hashes[at]
                distinct += 1
        counts[0, row], counts[1, row] = distinct - first, used - first
        used = distinct
    return hashes[:used].copy(), counts
