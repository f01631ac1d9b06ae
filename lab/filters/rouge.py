"""Compare token sequences by ROUGE-L, many millions of pairs a second.

F = 2PR / (P + R) with P and R the longest common subsequence over the two lengths. Four tests, each
exact, spare nearly all pairs the full comparison. Two rows of n and m tokens with F > limit share
at least limit (n + m) / 2 tokens, so that

1. both have a shared token among their rarest ones, and an inverted index over these finds them
   (prefix filter: Bayardo, Ma & Srikant 2007, doi:10.1145/1242572.1242591);
2. neither is too long for the other, given how many rarer tokens were not shared (positional
   filter: Xiao et al. 2008, doi:10.1145/1367497.1367516);
3. few bits of one row's 64-bit signature are missing from the other's.

What is left is decided by a bit-parallel longest common subsequence, 64 tokens a word (Hyyrö 2004).
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from lab.compiled import njit

SLACK = 1e-9  # bounds are looser by this, so that rounding never excludes a pair; F itself decides
WORD = 64  # bits

Ints = NDArray[np.integer[Any]]
Words = NDArray[np.uint64]


class Rows(NamedTuple):
    """All rows to compare, their tokens numbered by rarity."""

    ids: Ints  # (t,) tokens, in the order of the text
    starts: Ints  # (n + 1,)
    ordered: Ints  # (t,) each row's tokens, rarest first
    signatures: Words  # (n,) a bit per token, modulo 64


class Index(NamedTuple):
    """Which kept rows have a token among their rarest."""

    room: Ints  # (vocabulary + 1,) where a token's list starts
    filled: Ints  # (vocabulary,) where it ends so far
    listed: Ints  # (entries, 3) row, its length, its tokens from this one on


class Desk(NamedTuple):
    """One row laid out for comparison: where in it each token stands."""

    bits: Words  # (vocabulary,) for rows of at most 64 tokens
    slots: Ints  # (vocabulary,) for longer rows: a row of `masks`, or -1
    masks: list[Words]  # one (slots, words), for longer rows
    seen: Ints  # (n,) the last row that each row was compared with


class Count(NamedTuple):
    """What a search cost."""

    read: int  # entries of the index
    compared: int  # pairs in full


@intrinsic
def _count_bits(context: Any, word: Any) -> Any:  # noqa: ARG001 - numba's calling convention
    """Count the bits set in a 64-bit word."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


_ones: Any = _count_bits  # its first argument is numba's own, which a type checker cannot know


@njit(cache=True, nogil=True)
def f_measure(common: int, n: int, m: int) -> float:
    """Return ROUGE-L F from the length of the common subsequence, rounded as `rouge_score` does."""
    if common == 0:
        return 0.0
    precision, recall = common / n, common / m
    return 2 * precision * recall / (precision + recall)


@njit(cache=True, nogil=True)
def arrange(ids: Ints, starts: Ints) -> Rows:
    """Sort each row's tokens and sign it."""
    ordered = ids.copy()
    signatures = np.zeros(len(starts) - 1, dtype=np.uint64)
    for row in range(len(starts) - 1):
        ordered[starts[row] : starts[row + 1]].sort()
        for at in range(starts[row], starts[row + 1]):
            signatures[row] |= np.uint64(1) << np.uint64(ids[at] % WORD)
    return Rows(ids, starts, ordered, signatures)


@njit(cache=True, nogil=True)
def _prefix(n: int, limit: float) -> int:
    """Return how many of a row's n rarest tokens must hold one that any similar row shares."""
    needed = max(1, int(np.ceil(limit * n / (2 - limit) - SLACK)))
    return max(0, n - needed + 1)


@njit(cache=True, nogil=True)
def _empty_index(rows: Rows, vocabulary: int, limit: float) -> Index:
    """Return an index with room for every row."""
    room = np.zeros(vocabulary + 1, dtype=np.int64)
    for row in range(len(rows.starts) - 1):
        first, previous = rows.starts[row], -1
        for at in range(first, first + _prefix(rows.starts[row + 1] - first, limit)):
            if rows.ordered[at] != previous:
                previous = rows.ordered[at]
                room[previous + 1] += 1
    room = np.cumsum(room)
    return Index(room, room[:-1].copy(), np.empty((room[-1], 3), dtype=np.int32))


@njit(cache=True, nogil=True)
def _enlist(index: Index, rows: Rows, row: int, limit: float) -> None:
    """Add a kept row to the index, in place."""
    start, previous = rows.starts[row], -1
    n = rows.starts[row + 1] - start
    for at in range(_prefix(n, limit)):
        token = rows.ordered[start + at]
        if token != previous:
            previous = token
            entry = index.filled[token]
            index.listed[entry, 0] = row
            index.listed[entry, 1] = n
            index.listed[entry, 2] = n - at
            index.filled[token] = entry + 1


@njit(cache=True, nogil=True)
def _empty_desk(vocabulary: int, rows: int) -> Desk:
    masks = [np.zeros((1, 1), dtype=np.uint64)]
    bits = np.zeros(vocabulary, dtype=np.uint64)
    slots = np.full(vocabulary, -1, dtype=np.int32)
    return Desk(bits, slots, masks, np.full(rows, -1, dtype=np.int32))


@njit(cache=True, nogil=True)
def _lay_out(desk: Desk, rows: Rows, row: int) -> None:
    """Put a row on the desk, in place."""
    start, end = rows.starts[row], rows.starts[row + 1]
    n = end - start
    if n <= WORD:
        for at in range(start, end):
            desk.bits[rows.ids[at]] |= np.uint64(1) << np.uint64(at - start)
        return
    masks = np.zeros((n, (n + WORD - 1) // WORD), dtype=np.uint64)
    used = 0
    for at in range(start, end):
        token, position = rows.ids[at], at - start
        if desk.slots[token] < 0:
            desk.slots[token] = used
            used += 1
        masks[desk.slots[token], position // WORD] |= np.uint64(1) << np.uint64(position % WORD)
    desk.masks[0] = masks


@njit(cache=True, nogil=True)
def _clear(desk: Desk, rows: Rows, row: int) -> None:
    """Take a row off the desk, in place."""
    for at in range(rows.starts[row], rows.starts[row + 1]):
        desk.bits[rows.ids[at]] = 0
        desk.slots[rows.ids[at]] = -1


@njit(cache=True, nogil=True)
def _common(desk: Desk, n: int, rows: Rows, other: int) -> int:
    """Return the longest common subsequence of the row on the desk, of n tokens, and another."""
    if n > WORD:
        return _common_long(desk, rows, other)
    open_bits = ~np.uint64(0)
    for at in range(rows.starts[other], rows.starts[other + 1]):
        hit = open_bits & desk.bits[rows.ids[at]]
        open_bits = (open_bits + hit) | (open_bits - hit)
    return int(_ones(~open_bits))


@njit(cache=True, nogil=True)
def _common_long(desk: Desk, rows: Rows, other: int) -> int:
    """Return the same for a row of more than one word, carrying from word to word."""
    masks = desk.masks[0]
    words = masks.shape[1]
    open_bits = np.full(words, ~np.uint64(0))
    for at in range(rows.starts[other], rows.starts[other + 1]):
        slot = desk.slots[rows.ids[at]]
        if slot < 0:
            continue
        carry = np.uint64(0)
        for word in range(words):
            before = open_bits[word]
            hit = before & masks[slot, word]
            total = before + hit
            carried = total + carry
            carry = np.uint64((total < before) | (carried < total))
            open_bits[word] = carried | (before - hit)
    common = np.uint64(0)
    for word in range(words):
        common += _ones(~open_bits[word])
    return int(common)


@njit(cache=True, nogil=True)
def _share_at_most(mine: np.uint64, other: np.uint64, n: int, m: int) -> int:
    """Return a bound on the tokens that two rows of n and m share, from their signatures."""
    return min(n - int(_ones(mine & ~other)), m - int(_ones(other & ~mine)))


@njit(cache=True, nogil=True)
def _blocker(desk: Desk, index: Index, rows: Rows, row: int, limit: float) -> tuple[int, int, int]:
    """Return a row of the index with F above `limit` to the row on the desk, or -1; and the cost.

    A pair is met first at the rarest token that both list, where the positional bound is exact;
    at a later one it can only be passed by again, or has been compared.
    """
    start, read, compared, previous = rows.starts[row], 0, 0, -1
    n = rows.starts[row + 1] - start
    for at in range(_prefix(n, limit)):
        token = rows.ordered[start + at]
        if token == previous:
            continue
        previous = token
        read += index.filled[token] - index.room[token]
        for entry in range(index.room[token], index.filled[token]):
            m = index.listed[entry, 1]
            needed = limit / 2 * (n + m) - SLACK
            if min(index.listed[entry, 2], n - at) < needed:
                continue
            other = index.listed[entry, 0]
            shared = _share_at_most(rows.signatures[row], rows.signatures[other], n, m)
            if shared < needed or desk.seen[other] == row:
                continue
            desk.seen[other] = row
            compared += 1
            if f_measure(_common(desk, n, rows, other), n, m) > limit:
                return other, read, compared
    return -1, read, compared


@njit(cache=True, nogil=True)
def greedy(
    rows: Rows,
    vocabulary: int,
    limit: float,
    forced: int,
    grows: bool,  # noqa: FBT001 - numba has no keyword-only arguments
) -> tuple[Ints, Count]:
    """Keep each row unless its F with a row kept before is above `limit`.

    Parameters
    ----------
    rows : Rows
        In the order in which they are decided.
    vocabulary : int
        Token numbers are below this.
    limit : float
        Largest F allowed, 0 to 1.
    forced : int
        This many rows at the start are kept whatever they are.
    grows : bool
        Otherwise rows are compared with these alone.

    Returns
    -------
    blocker : int (n,)
        A kept row that rejects this one, -1 for a kept row.
    count : Count
        What the search cost.
    """
    n = len(rows.starts) - 1
    index, desk = _empty_index(rows, vocabulary, limit), _empty_desk(vocabulary, n)
    blocker = np.full(n, -1, dtype=np.int64)
    total_read, total_compared = 0, 0
    for row in range(n):
        if row >= forced:
            _lay_out(desk, rows, row)
            blocker[row], read, compared = _blocker(desk, index, rows, row, limit)
            _clear(desk, rows, row)
            total_read += read
            total_compared += compared
        if blocker[row] < 0 and (grows or row < forced):
            _enlist(index, rows, row, limit)
    return blocker, Count(total_read, total_compared)


@njit(cache=True, nogil=True)
def nearest(
    rows: Rows, vocabulary: int, kept: NDArray[np.bool_], of: Ints
) -> tuple[Ints, NDArray[np.float64]]:
    """Return for each row in `of` the kept row before it with the largest F (the first of equals).

    Returns -1 and 0.0 for a row that shares no token with a kept row before it.
    """
    desk = _empty_desk(vocabulary, 1)
    found, best = np.full(len(of), -1, dtype=np.int64), np.zeros(len(of))
    for at, row in enumerate(of):
        _lay_out(desk, rows, row)
        n = rows.starts[row + 1] - rows.starts[row]
        for other in range(row):
            m = rows.starts[other + 1] - rows.starts[other]
            if not kept[other] or n == 0 or m == 0:
                continue
            shared = _share_at_most(rows.signatures[row], rows.signatures[other], n, m)
            if f_measure(shared, n, m) <= best[at]:
                continue
            measure = f_measure(_common(desk, n, rows, other), n, m)
            if measure > best[at]:
                found[at], best[at] = other, measure
        _clear(desk, rows, row)
    return found, best


@njit(cache=True, nogil=True)
def pairs(rows: Rows, vocabulary: int, left: Ints, right: Ints) -> NDArray[np.float64]:
    """Return F for each pair of rows (left, right)."""
    desk, measures = _empty_desk(vocabulary, 1), np.zeros(len(left))
    for at in range(len(left)):
        row, other = left[at], right[at]
        _lay_out(desk, rows, row)
        n, m = rows.starts[row + 1] - rows.starts[row], rows.starts[other + 1] - rows.starts[other]
        measures[at] = f_measure(_common(desk, n, rows, other), n, m)
        _clear(desk, rows, row)
    return measures
