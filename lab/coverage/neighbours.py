"""The nearest neighbours of every row: exact, deterministic, made once and used by all.

A product of two blocks of rows serves both: each is scanned for the other's neighbours, so half of
the products are computed. They only find candidates; the distances are then summed in double
precision from the differences of rows, so equal rows are at distance 0 and rounding cannot
reorder neighbours. A row whose candidates could miss one is compared with all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.compiled import njit

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
BLOCK = 2048  # rows of a block
SLACK = 8  # candidates kept beyond k
CHUNK = 64  # products looked at together
FAST = {"reassoc", "contract"}  # lets a sum use wide registers


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The k nearest other rows of every row, nearest first, ties to the lower row.

    Examples
    --------
    >>> from lab import coverage
    >>> near = coverage.neighbours([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], k=1)
    >>> near.indices.tolist()
    [[1], [0], [1]]
    """

    indices: NDArray[np.int32]  # (n, k)
    distances: NDArray[np.float32]  # (n, k) Euclidean

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def k(self) -> int:
        """Neighbours of each row."""
        return int(self.indices.shape[1])

    def similarities(self) -> NDArray[np.float32]:
        """Return the cosines (n, k) to the neighbours; for a graph of unit rows."""
        return np.float32(1) - self.distances**2 / np.float32(2)

    def near_duplicates(self, *, max_distance: float) -> list[tuple[int, int]]:
        """Return the pairs (lower row, higher row) of neighbours within `max_distance`, sorted."""
        rows, places = np.nonzero(self.distances <= max_distance)
        others = self.indices[rows, places]
        low, high = np.minimum(rows, others), np.maximum(rows, others)
        pairs = np.unique(np.column_stack([low, high]), axis=0)
        return [(int(a), int(b)) for a, b in pairs]


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


def check_rows(indices: Sequence[int] | IntArray, n: int) -> IntArray:
    """Return `indices` as an array of positions below `n`, at least one, or raise ValueError."""
    rows = np.asarray(indices, dtype=np.intp).reshape(-1)
    if len(rows) == 0 or not ((rows >= 0) & (rows < n)).all():
        raise ValueError(f"indices must name rows below {n}, at least one; got {rows[:9].tolist()}")
    return rows


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
    own = queries is None
    most = len(X) - own
    if not 1 <= k <= most:
        raise ValueError(f"k must be between 1 and the {most} rows to be had, got {k}")
    half = np.einsum("nd,nd->n", X, X) / np.float32(2)
    wide = min(k + SLACK, most)
    found = np.full((len(Q), wide), -1, dtype=np.int32)
    key = np.full((len(Q), wide), -np.inf, dtype=np.float32)  # product less half a square
    lowest = np.full(len(Q), -np.inf, dtype=np.float32)
    for top in range(0, len(Q), BLOCK):
        for left in range(top if own else 0, len(X), BLOCK):
            product = Q[top : top + BLOCK] @ X[left : left + BLOCK].T
            candidates = (found, key, lowest)
            if own and top == left:
                np.fill_diagonal(product, -np.inf)  # no row is its own neighbour
            _scan_rows(product, half, top, left, *candidates)
            if own and top != left:
                _scan_columns(product, half, top, left, *candidates)
    longest = 2 * max(float(half.max()), float(np.einsum("nd,nd->n", Q, Q).max()) / 2)
    slack = 4.0 * (X.shape[1] + 4) * float(np.finfo(np.float32).eps) * longest
    indices = np.empty((len(Q), k), dtype=np.int32)
    distances = np.empty((len(Q), k), dtype=np.float32)
    if wide == most:  # no row was left out
        lowest[:] = -np.inf
    myself = np.arange(len(Q)) if own else np.full(len(Q), -1)
    _settle(Q, X, myself, found, lowest, np.float64(slack), (indices, distances))
    return Neighbours(indices, distances)


@njit(cache=True, fastmath=FAST, nogil=True)
def _apart(a: Any, b: Any) -> float:
    """Squared distance of two rows from their differences, in double precision."""
    total = 0.0
    for t in range(len(a)):
        difference = np.float64(a[t]) - np.float64(b[t])
        total += difference * difference
    return total


@njit(cache=True, nogil=True)
def _offer(place: int, other: int, value: Any, found: Any, key: Any, lowest: Any) -> None:
    """Put a candidate in the place of a row's worst one."""
    row = key[place]
    worst = 0
    for at in range(1, len(row)):
        if row[at] < row[worst]:
            worst = at
    row[worst] = value
    found[place, worst] = other
    low = row[0]
    for at in range(1, len(row)):
        low = min(low, row[at])
    lowest[place] = low


@njit(cache=True, nogil=True)
def _scan_rows(
    product: Any, half: Any, top: int, left: int, found: Any, key: Any, lowest: Any
) -> None:
    """Look for neighbours of the rows of a block among its columns."""
    for i in range(product.shape[0]):
        place = top + i
        for start in range(0, product.shape[1], CHUNK):
            values = product[i, start : start + CHUNK]
            offset = half[left + start : left + start + len(values)]
            limit = lowest[place]
            hits = 0
            for at in range(len(values)):
                hits += values[at] - offset[at] > limit
            if hits:
                for at in range(len(values)):
                    other = left + start + at
                    if values[at] - offset[at] > lowest[place]:
                        _offer(place, other, values[at] - offset[at], found, key, lowest)


@njit(cache=True, nogil=True)
def _scan_columns(
    product: Any, half: Any, top: int, left: int, found: Any, key: Any, lowest: Any
) -> None:
    """Look for neighbours of the columns of a block among its rows."""
    for i in range(product.shape[0]):
        other = top + i
        offset = half[other]
        for start in range(0, product.shape[1], CHUNK):
            values = product[i, start : start + CHUNK]
            limits = lowest[left + start : left + start + len(values)]
            hits = 0
            for at in range(len(values)):
                hits += values[at] - offset > limits[at]
            if hits:
                for at in range(len(values)):
                    place = left + start + at
                    if values[at] - offset > lowest[place]:
                        _offer(place, other, values[at] - offset, found, key, lowest)


@njit(cache=True, nogil=True)
def _settle(Q: Any, X: Any, myself: Any, found: Any, lowest: Any, slack: Any, settled: Any) -> None:
    """Order the candidates by exact distance; compare with all rows where one may be missing."""
    indices, distances = settled
    k = indices.shape[1]
    for row in range(len(Q)):
        others = np.sort(found[row])
        away = np.empty(len(others))
        square = 0.0
        for t in range(Q.shape[1]):
            square += np.float64(Q[row, t]) ** 2
        for at in range(len(others)):
            away[at] = _apart(Q[row], X[others[at]])
        order = np.argsort(away, kind="mergesort")
        nearest_left_out = square - 2.0 * np.float64(lowest[row])
        if away[order[k - 1]] + slack >= nearest_left_out:
            others = np.arange(len(X)).astype(np.int32)
            away = np.empty(len(X))
            for other in range(len(X)):
                away[other] = _apart(Q[row], X[other])
            if myself[row] >= 0:
                away[myself[row]] = np.inf
            order = np.argsort(away, kind="mergesort")
        for place in range(k):
            indices[row, place] = others[order[place]]
            distances[row, place] = np.sqrt(away[order[place]])
