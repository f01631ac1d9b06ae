"""What targeted methods share: cosines of rows to queries, and the nearest rows of each query.

The matrix of all pairs is never held: cosines come in blocks, and of each query some nearest rows
are kept. Cosines are those of double precision counted in steps of 2**-36, so that no rounding
decides a tie: of equal cosines the lower row is nearer. Nearest rows are looked for in single
precision first, with a bound on its error, and only what may be among them is computed exactly.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.compiled import njit
from lab.select.selection import FloatArray, IntArray, check_matrix

CELLS = 2**18  # numbers of a block: as many as stay in a processor's cache
STEPS = 2.0**36  # to a cosine of 1
ROW_BITS = 26  # of a key that holds a cosine in steps above the row
SPARE = 128  # places of a list beyond twice what is asked for


def check_pair(X: ArrayLike, queries: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return rows (n, d) as they are and queries (m, d) of length one, or raise ValueError."""
    rows = check_matrix(X)
    asked = check_matrix(queries, "queries")
    if rows.shape[1] != asked.shape[1]:
        raise ValueError(
            f"queries must have the {rows.shape[1]} columns of X, got {asked.shape[1]}"
        )
    if len(rows) > 2**ROW_BITS:
        raise ValueError(f"X must have at most {2**ROW_BITS:,} rows, got {len(rows):,}")
    for name, matrix in (("X", rows), ("queries", asked)):
        empty = np.flatnonzero(~matrix.any(axis=1))
        if len(empty):
            raise ValueError(f"{name} must have no row of length 0, but row {empty[0]} is")
    return rows, unit(asked)


def unit(rows: FloatArray) -> FloatArray:
    """Return rows in double precision, scaled to length one."""
    double = rows.astype(np.float64)
    scaled: FloatArray = double / np.linalg.norm(double, axis=1, keepdims=True)
    return scaled


def cosines(
    X: FloatArray, queries: FloatArray, dtype: Any = np.float32
) -> Iterator[tuple[int, FloatArray]]:
    """Yield the cosines (m, rows) of queries of length one and rows, and the first row of each.

    All blocks lie in the same memory: what is wanted of one is taken before the next.
    """
    size = min(len(X), max(1, CELLS // max(queries.shape)))
    asked, held = queries.astype(dtype), np.empty(len(queries) * size, dtype=dtype)
    for start in range(0, len(X), size):
        part = unit(X[start : start + size]).astype(dtype, copy=False)
        block = held[: len(queries) * len(part)].reshape(len(queries), -1)
        yield start, np.matmul(asked, part.T, out=block)


def products(X: FloatArray, queries: FloatArray) -> Iterator[tuple[int, FloatArray]]:
    """Yield cosines in steps, which are whole numbers, and the first row of each block."""
    for start, block in cosines(X, queries, np.float64):
        steps = np.multiply(block, STEPS, out=block)
        yield start, np.rint(steps, out=steps)


def nearest_rows(
    X: FloatArray,
    queries: FloatArray,
    count: int,
    *,
    groups: IntArray | None = None,
    left: NDArray[np.bool_] | None = None,
) -> tuple[IntArray, FloatArray]:
    """Return the `count` nearest rows of each query, nearest first, and their cosines.

    Both are (m, count); of groups, numbered from 0 on, they are (groups, count), and a row's cosine
    is the highest to a query of the group. Of rows, only those that are `left` count: at least
    `count` of them.
    """
    of_group = np.arange(len(queries)) if groups is None else groups
    order = np.argsort(of_group, kind="stable")
    starts = np.searchsorted(of_group[order], np.arange(of_group.max() + 1))
    asked = np.split(queries[order], starts[1:])
    rows = np.empty((len(starts), count), dtype=np.int64)
    steps = np.empty((len(starts), count))
    _, places, held = _screened(X, queries[order], starts, count, left)
    for at, near in enumerate(asked):
        rows[at], steps[at] = _exactly(X, near, places[at, : held[at]], count)
    return rows, steps / STEPS


def marked(X: FloatArray, queries: FloatArray, count: int) -> NDArray[np.bool_]:
    """Return which rows are among the `count` nearest of any query, a few queries at a time."""
    found = np.zeros(len(X), dtype=np.bool_)
    size = max(1, 2 * CELLS // count)
    for start in range(0, len(queries), size):
        asked = queries[start : start + size]
        values, places, held = _screened(X, asked, np.arange(len(asked)), count, None)
        for at, query in enumerate(asked):
            value, place = values[at, : held[at]], places[at, : held[at]]
            last = np.partition(value, len(value) - count)[len(value) - count]
            sure = value > last + _band(X)
            found[place[sure]] = True
            found[_exactly(X, query[None], place[~sure], count - int(sure.sum()))[0]] = True
    return found


def _band(X: FloatArray) -> np.float32:
    """Return how far apart two cosines in single precision can be whose order is not certain."""
    return np.float32((4 * X.shape[1] + 32) * 2.0**-24)


def _screened(
    X: FloatArray,
    queries: FloatArray,
    starts: IntArray,
    count: int,
    left: NDArray[np.bool_] | None,
) -> tuple[Any, Any, Any]:
    """Return cosines and rows (groups, places) among which the nearest are, and how many are held.

    The queries of a group lie together, from `starts` on.
    """
    many = len(starts)
    lists = (
        np.empty((many, 2 * count + SPARE), dtype=np.float32),
        np.empty((many, 2 * count + SPARE), dtype=np.int64),
        np.zeros(many, dtype=np.int64),
        np.full(many, -np.inf, dtype=np.float32),
    )
    values, places, held, _ = lists
    free = np.ones(len(X), dtype=np.bool_) if left is None else left
    ends = [*starts[1:], len(queries)]
    for start, block in cosines(X, queries):
        best = _highest(block, starts)
        at, column = _listed(best, start, free, count, _band(X), lists, 0, 0)
        while at < many:  # a list is full of rows whose order is not certain
            near = queries[starts[at] : ends[at]]
            rows, steps = _exactly(X, near, places[at], count)
            places[at, :count], values[at, :count], held[at] = rows, steps / STEPS, count
            at, column = _listed(best, start, free, count, _band(X), lists, at, column)
    for at in range(many):
        _trim(lists, at, count, _band(X))
    return values, places, held


def _highest(block: FloatArray, starts: IntArray) -> FloatArray:
    """Return the highest of each group of lines of a block."""
    if len(starts) == len(block):
        return block
    if len(starts) == 1:
        best: FloatArray = block.max(axis=0, keepdims=True)
        return best
    return np.maximum.reduceat(block, starts, axis=0)


def _exactly(
    X: FloatArray, queries: FloatArray, rows: IntArray, count: int
) -> tuple[IntArray, FloatArray]:
    """Return the `count` of some rows that lie nearest to any of the queries, and their steps."""
    best = np.empty(len(rows))
    for start, steps in products(X[rows], queries):
        best[start : start + steps.shape[1]] = steps.max(axis=0)
    order = np.lexsort((rows, -best))[:count]
    return rows[order], best[order]


@njit(cache=True)
def _trim(lists: Any, at: int, count: int, band: Any) -> Any:
    """Drop from a list what is certainly not among the nearest, and return the least that stays."""
    values, places, held, floor = lists
    many = held[at]
    if many <= count:
        return floor[at]
    low = np.partition(values[at, :many], many - count)[many - count] - band
    held[at] = 0
    for place in range(many):
        if values[at, place] >= low:
            values[at, held[at]] = values[at, place]
            places[at, held[at]] = places[at, place]
            held[at] += 1
    return low


@njit(cache=True)
def _listed(
    block: Any, first: int, free: Any, count: int, band: Any, lists: Any, at: int, column: int
) -> Any:
    """Put rows that may be among the nearest on the lists, from a list and a column on.

    Stop at a list that is full of rows that cannot be told apart, and return where.
    """
    values, places, held, floor = lists
    room = values.shape[1]
    for i in range(at, block.shape[0]):
        low = floor[i]
        for j in range(column, block.shape[1]):
            value = block[i, j]
            if value < low or not free[first + j]:
                continue
            if held[i] == room:
                low = floor[i] = _trim(lists, i, count, band)
                if held[i] == room:
                    return i, j
                if value < low:
                    continue
            values[i, held[i]], places[i, held[i]] = value, first + j
            held[i] += 1
        column = 0
    return block.shape[0], 0
