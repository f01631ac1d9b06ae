"""The nearest neighbours of every row: exact, deterministic, made once and used by all.

Products of blocks find the candidates; their distances are then taken from the differences of
rows, so equal rows are at distance 0 and rounding cannot reorder neighbours.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.floating[Any]]
ROWS = 1024  # rows of a block
SLACK = 8  # candidates kept beyond k


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The k nearest other rows of every row, nearest first, ties to the lower row."""

    indices: NDArray[np.int32]  # (n, k)
    distances: NDArray[np.float32]  # (n, k) Euclidean

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def k(self) -> int:
        """Neighbours of each row."""
        return int(self.indices.shape[1])


def check_matrix(X: ArrayLike, name: str = "X") -> FloatArray:
    """Return `X` as a finite C-ordered float32 array (n, d), or raise ValueError."""
    array = np.ascontiguousarray(X, dtype=np.float32)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must have shape (examples, features), got {array.shape}")
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
        raise ValueError(
            f"{name} must be finite, but {len(bad)} rows are not, the first is row {bad[0]}"
        )
    return array


def neighbours(X: ArrayLike, *, k: int = 15, queries: ArrayLike | None = None) -> Neighbours:
    """Find the `k` nearest rows of `X` to each row of `X`, itself left out, or to each query.

    Exact. Time O(n^2 d) in products of blocks, memory O(n (d + k)).

    Parameters
    ----------
    X : float (n, d)
        Distance is Euclidean; on unit rows the order is that of the cosine.
    k : int
        Neighbours wanted: 1 <= k <= n - 1, or n with queries.
    queries : float (m, d), optional
        Other rows whose neighbours in `X` are wanted instead.

    Returns
    -------
    Neighbours
        Of the rows of `X`, or of the queries.

    Raises
    ------
    ValueError
        If a matrix is not finite or `k` is out of range.

    Examples
    --------
    >>> neighbours([[0.0], [1.0], [3.0]], k=1).indices.ravel()
    array([1, 0, 1], dtype=int32)
    """
    X = check_matrix(X)
    Q = X if queries is None else check_matrix(queries, "queries")
    if Q.shape[1] != X.shape[1]:
        raise ValueError(f"queries must have {X.shape[1]} columns as X has, got {Q.shape[1]}")
    most = len(X) - (queries is None)
    if not 1 <= k <= most:
        raise ValueError(f"k must be between 1 and the {most} rows to be had, got {k}")
    square = np.einsum("nd,nd->n", X, X)
    indices = np.empty((len(Q), k), dtype=np.int32)
    distances = np.empty((len(Q), k), dtype=np.float32)
    wide = min(k + SLACK, most)
    for start in range(0, len(Q), ROWS):
        block = Q[start : start + ROWS]
        rank = square - 2 * (block @ X.T)  # (b, n) squared distance less a constant
        if queries is None:
            rank[np.arange(len(block)), start + np.arange(len(block))] = np.inf
        near = np.argpartition(rank, wide - 1, axis=1)[:, :wide]
        exact = np.stack(
            [np.linalg.norm(X[rows] - row, axis=1) for rows, row in zip(near, block, strict=True)]
        )
        order = np.lexsort((near, exact), axis=1)[:, :k]
        indices[start : start + ROWS] = np.take_along_axis(near, order, axis=1)
        distances[start : start + ROWS] = np.take_along_axis(exact, order, axis=1)
    return Neighbours(indices, distances)
