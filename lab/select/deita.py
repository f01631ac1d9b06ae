"""DEITA's diversity filter: best score first, unless something too similar was picked already.

Source: Liu et al. 2024, arXiv:2312.15685, section 2.4, as in the authors' code: a row is refused
if its cosine to any kept row is above 0.9. The paper's text says the same as a distance below 0.9,
which taken literally would keep near-duplicates; it is not offered.

Of two unit rows the first quarter of the columns is multiplied at first. What the rest can add is
at most the product of the two rests' lengths, and for most pairs that is too little to reach the
ceiling; the others are summed in double precision. Where rows are so alike that many pairs are
left, whole rows are multiplied instead. The picks are the same either way.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.compiled import njit
from lab.select.selection import (
    FloatArray,
    IntArray,
    Selection,
    by_score,
    check_budget,
    check_matrix,
    check_scores,
)

BLOCK = 256  # rows compared at a time; small, as half of a block's own product is not needed
STRIP = 1024  # kept rows that candidates meet before those found too similar are dropped
PART = 32  # pairs passed over together if none of them can reach the ceiling
QUARTER = 4  # 1 in so many columns is multiplied at first
MANY = 0.05  # share of pairs looked at above which whole rows are multiplied
Rows = tuple[FloatArray, FloatArray]  # unit rows, and the length of each past its first columns


def deita(X: ArrayLike, scores: ArrayLike, k: int, *, max_similarity: float = 0.9) -> Selection:
    """Pick up to `k` rows, best score first, no two with a cosine above `max_similarity`; nested.

    Fewer than `k` come back when the pool has no more rows that differ enough.

    Parameters
    ----------
    X : float (n, d)
        One row per example, of any length but 0.
    scores : float (n,)
        The paper's is complexity times quality, summed over turns. Ties go to the lower row, NaN
        is never picked.
    k : int
        Rows to pick, at most.
    max_similarity : float
        Cosine that a row may have to a picked one, -1..1.

    Returns
    -------
    Selection
        `trace` is the score of each pick, never rising.

    Raises
    ------
    ValueError
        If a shape is wrong, a row has length 0, or `k` or `max_similarity` is out of range.

    Examples
    --------
    >>> deita([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]], [3.0, 2.0, 1.0], k=2).indices
    array([0, 2])
    """
    X = check_matrix(X)
    scores = check_scores(scores, len(X))
    order = by_score(scores)
    check_budget(k, len(order))
    if not -1 <= max_similarity <= 1:
        raise ValueError(f"max_similarity must be between -1 and 1, got {max_similarity}")
    unit = _unit(X)
    kept = _Kept(k, X.shape[1], max_similarity)
    for start in range(0, len(order), BLOCK):
        rows = order[start : start + BLOCK]
        kept.add(rows, unit[rows])
        if kept.count == k:
            break
    indices = kept.indices[: kept.count]
    params = {"k": k, "max_similarity": max_similarity}
    return Selection(indices, scores[indices], n=len(X), method="deita", params=params)


def _unit(X: FloatArray) -> FloatArray:
    length = np.sqrt(np.einsum("nd,nd->n", X, X, dtype=np.float64))
    if (length == 0).any():
        raise ValueError(f"X must have no row of length 0, but row {int(length.argmin())} is")
    unit = np.empty(X.shape, dtype=np.float32)
    np.divide(X, length[:, None], out=unit, casting="same_kind")
    return unit


class _Kept:
    """The rows kept so far; `add` offers it more, in order."""

    def __init__(self, k: int, d: int, most: float) -> None:
        self.most = most
        self.slack = float(2.0 * (d + 4) * np.finfo(np.float32).eps)  # of a product of unit rows
        self.head = d // QUARTER if d >= QUARTER * PART else d
        self.indices = np.empty(k, dtype=np.intp)
        self.rows = np.empty((k, d), dtype=np.float32)
        self.rests = np.empty(k, dtype=np.float32)
        self.count = 0

    def add(self, indices: IntArray, block: FloatArray) -> None:
        """Keep those of a block that are not too similar to a row kept before them."""
        rests = np.sqrt(np.einsum("nd,nd->n", block[:, self.head :], block[:, self.head :]))
        free = np.arange(len(block))
        for at in range(0, self.count, STRIP):
            end = min(at + STRIP, self.count)
            strip = (self.rows[at:end], self.rests[at:end])
            free = free[self._apart((block[free], rests[free]), strip, own=False)]
        block, rests = block[free], rests[free]
        chosen = np.flatnonzero(self._apart((block, rests), (block, rests), own=True))
        chosen = chosen[: len(self.indices) - self.count]
        added = slice(self.count, self.count + len(chosen))
        self.indices[added] = indices[free[chosen]]
        self.rows[added], self.rests[added] = block[chosen], rests[chosen]
        self.count = added.stop

    def _apart(self, one: Rows, other: Rows, *, own: bool) -> NDArray[np.bool_]:
        """Say which of `one` are not too similar to any of `other`, or to their own before them."""
        product = one[0][:, : self.head] @ other[0][:, : self.head].T
        found, looked = _look(product, one, other, self.head, (self.most, self.slack), own)
        if looked > MANY * product.size:  # the next will be alike
            self.head = self.rows.shape[1]
        return found


@njit(cache=True)
def _look(
    product: FloatArray,
    one: Rows,
    other: Rows,
    head: int,
    bound: tuple[float, float],
    own: bool,  # noqa: FBT001 - compiled functions take no keywords
) -> tuple[NDArray[np.bool_], int]:
    """Look closer at the pairs whose product, with what the rests can add, may pass the ceiling."""
    (A, a), (B, b) = one, other
    if head == A.shape[1]:  # nothing is left to add
        a = np.zeros_like(a)
    free, everyone = np.ones(len(A), dtype=np.bool_), np.ones(len(B), dtype=np.bool_)
    looked = 0
    for i in range(len(A)):
        end = i if own else len(B)
        met = free if own else everyone
        row = (product[i, :end], A[i], a[i])
        free[i], closer = _meets(row, (B[:end], b[:end]), met, head, bound)
        looked += closer
    return free, looked


@njit(cache=True)
def _meets(
    row: tuple[FloatArray, FloatArray, float],
    other: Rows,
    met: NDArray[np.bool_],
    head: int,
    bound: tuple[float, float],
) -> tuple[bool, int]:
    """Say whether a row is not too similar to those it meets, and how many it looked at closer."""
    (product, x, rest), (B, b), (most, slack) = row, other, bound
    looked = 0
    for start in range(0, len(B), PART):
        stop = min(start + PART, len(B))
        if _highest(product[start:stop], rest, b[start:stop]) <= most - slack:
            continue
        for j in range(start, stop):
            if not met[j] or product[j] + rest * b[j] <= most - slack:
                continue
            looked += 1
            cosine = product[j] + _dot(x[head:], B[j, head:])
            if abs(cosine - most) <= slack:
                cosine = _exact(x, B[j])
            if cosine > most:
                return False, looked
    return True, looked


@njit(cache=True, fastmath={"reassoc", "contract", "nnan", "nsz"})
def _highest(product: FloatArray, rest: float, rests: FloatArray) -> Any:
    """Return the most that any of these pairs can reach."""
    most = product[0] + rest * rests[0]
    for j in range(1, len(product)):
        most = max(most, product[j] + rest * rests[j])
    return most


@njit(cache=True, fastmath={"reassoc", "contract"})
def _dot(x: FloatArray, y: FloatArray) -> Any:
    total = np.float32(0)
    for t in range(len(x)):
        total += x[t] * y[t]
    return total


@njit(cache=True, fastmath={"reassoc", "contract"})
def _exact(x: FloatArray, y: FloatArray) -> float:
    total = 0.0
    for t in range(len(x)):
        total += np.float64(x[t]) * np.float64(y[t])
    return total
