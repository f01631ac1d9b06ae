"""What targeted methods share: cosines of rows to queries, and the nearest rows of each query.

The matrix of all pairs is never held: cosines come in blocks, and of each query some nearest rows
are kept. They are computed in double precision and counted in steps of 2**-36, so that no rounding
decides a tie: of equal cosines the lower row is nearer.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import FloatArray, IntArray, check_matrix

CELLS = 2**22  # numbers of a block: 32 MB
STEPS = 2.0**36  # to a cosine of 1
ROW_BITS = 26  # of a key that holds a cosine in steps above the row


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


def products(X: FloatArray, queries: FloatArray) -> Iterator[tuple[int, FloatArray]]:
    """Yield the products (m, rows) of queries and unit rows in steps, and the first row of each.

    They are whole numbers; over `STEPS` they are cosines, if the queries have length one.
    """
    size = max(1, CELLS // max(queries.shape))
    for start in range(0, len(X), size):
        yield start, np.rint(queries @ unit(X[start : start + size]).T * STEPS)


def nearest_rows(
    X: FloatArray, queries: FloatArray, count: int, *, groups: IntArray | None = None
) -> tuple[IntArray, FloatArray]:
    """Return the `count` nearest rows of each query, nearest first, and their cosines.

    Both are (m, count); of groups, numbered from 0 on, they are (groups, count), and a row's cosine
    is the highest to a query of the group.
    """
    if groups is not None:
        order = np.argsort(groups, kind="stable")
        queries, starts = queries[order], np.searchsorted(groups[order], np.unique(groups))
    kept = np.empty((len(queries) if groups is None else len(starts), 0), dtype=np.int64)
    for start, steps in products(X, queries):
        best = steps if groups is None else np.maximum.reduceat(steps, starts, axis=0)
        keys = (best.astype(np.int64) << ROW_BITS) - np.arange(start, start + steps.shape[1])
        kept = np.concatenate([kept, keys], axis=1)
        over = kept.shape[1] - count
        if over > 0:
            kept = np.partition(kept, over, axis=1)[:, over:]
    kept = np.sort(kept, axis=1)[:, ::-1]
    rows = -kept & (2**ROW_BITS - 1)
    return rows, ((kept + rows) >> ROW_BITS) / STEPS
