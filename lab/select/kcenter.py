"""k-center greedy: keep picking the example farthest from all picked so far.

Source: Gonzalez 1985, doi:10.1016/0304-3975(85)90224-5 (the algorithm, its factor of 2);
Sener & Savarese 2018, arXiv:1708.00489, Algorithm 1 (its use for coresets); Chen et al. 2023,
arXiv:2305.09246 (LTD: such a coreset of instruction data).

A plain pass over all rows for every pick is bound by memory. Here most rows are left alone: a
row's distance to its nearest center only falls, so an old one bounds it from above, and only rows
whose bound reaches the farthest ones have to be brought up to date. They are, many rows and many
centers at a time, by a matrix product that finds the few pairs worth a closer look. A distance
that decides is summed in double precision from the differences of two rows, so that duplicates
are at distance 0 and ties are ties: the picks are those of the plain algorithm.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.compiled import njit
from lab.select.device import PICKED, DeviceCover
from lab.select.selection import (
    FloatArray,
    IntArray,
    Selection,
    check_budget,
    check_matrix,
    check_rows,
    check_shape,
)

ACTIVE = 0.03  # share of the rows kept up to date at every pick; the rest wait
FEWEST = 256  # active rows, at least
BLOCK = 1024  # rows of one matrix product
STRIP = 32  # of its columns, passed over together if none is near enough
FAST = {"reassoc", "contract"}  # lets a sum use wide registers; infinities stay what they are


def kcenter(
    X: ArrayLike,
    k: int,
    *,
    init: Sequence[int] | IntArray = (),
    start: Sequence[int] | IntArray = (),
    seed: int = 0,
) -> Selection:
    """Pick `k` rows of `X` such that every row lies close to a picked one.

    The covering radius is at most twice the best that any `k` rows can reach. Picks are
    nested: the first j of them are the answer for budget j. Time at most O(n k d), usually
    several times less; memory O(n) beside `X`.

    Parameters
    ----------
    X : float (n, d)
        One row per example. Distance is Euclidean; pass unit rows to compare by cosine. A torch
        tensor is searched where it lies, such as on a GPU; the picks are the same.
    k : int
        Rows to pick, besides `init`: 1 <= k <= n - len(init).
    init : sequence of int
        Rows covered from the start, such as a seed set; never picked, not returned.
    start : sequence of int
        Rows picked first, in this order, such as `[medoid(X)]` or the rows nearest to cluster
        centres; counted in `k`.
    seed : int
        Draws the first row if `init` and `start` are empty. All else is fixed; ties go to the
        lower row.

    Returns
    -------
    Selection
        `indices` (k,) in order of picking; `trace` (k,) the covering radius after each
        pick, in the units of `X`, never rising.

    Raises
    ------
    ValueError
        If `X` is not a finite matrix, `k` is out of range, or `init` or `start` repeat or miss
        rows.

    Examples
    --------
    >>> kcenter([[0.0], [1.0], [9.0], [10.0]], k=2, init=[0]).indices
    array([3, 1])
    """
    cover = DeviceCover(X) if _is_tensor(X) else Cover(X)
    n = len(cover.X)
    init, start = check_rows(init, n, "init"), check_rows(start, n, "start")
    check_rows(np.concatenate([init, start]), n, "init and start together")
    check_budget(k, n - len(init))
    forced = start
    if len(start) == 0 and len(init) == 0:
        forced = np.array([np.random.default_rng(seed).integers(n)])

    for row in init:
        cover.add(row)
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    for step in range(k):
        indices[step] = forced[step] if step < len(forced) else cover.farthest()
        cover.add(indices[step])
        trace[step] = cover.radius()
        if trace[step] == 0.0 and step + 1 >= len(forced):  # all that is left lies on a center
            rest = cover.left()[: k - step - 1]
            indices[step + 1 :], trace[step + 1 :] = rest, 0.0
            break
    params = {"k": k, "init": init.tolist(), "start": start.tolist(), "seed": seed}
    return Selection(indices, trace, n=n, method="kcenter", params=params)


def medoid(X: ArrayLike) -> int:
    """Return the row of `X` nearest to the mean of all rows; ties to the lower row.

    Examples
    --------
    >>> medoid([[0.0], [4.0], [9.0]])
    1
    """
    X = check_matrix(X)
    away = X - X.mean(axis=0, dtype=np.float64)
    return int(np.argmin(np.einsum("nd,nd->n", away, away)))


def _is_tensor(X: object) -> bool:
    torch = sys.modules.get("torch")  # whoever has a tensor has imported it
    return torch is not None and isinstance(X, torch.Tensor)


class Cover:
    """The centers so far and, for every row, its squared distance to the nearest of some.

    `nearest[i]` is exact for the first `seen[i]` centers, and so a bound from above for all.
    The rows in `active` have seen all centers, and every other row's bound is below `level`.
    Centers are rows of `C`, which is `X` itself unless they come from elsewhere.
    """

    def __init__(self, X: ArrayLike, C: FloatArray | None = None) -> None:
        rows = np.ascontiguousarray(check_shape(X))
        X = rows if rows.dtype in (np.float32, np.float64) else rows.astype(np.float32)
        self.X: FloatArray = X
        self.square = np.einsum("nd,nd->n", X, X)
        if not np.isfinite(self.square.sum()):  # a row that is not finite, or a square too large
            check_matrix(rows)
        self.C: FloatArray = X if C is None else C
        self.lengths = self.square if C is None else np.einsum("nd,nd->n", C, C)
        unit = float(np.finfo(X.dtype).eps)
        longest = float(max(self.square.max(), self.lengths.max()))
        self.slack = 4.0 * (X.shape[1] + 4) * unit * longest  # of a product's squared distance
        self.nearest: NDArray[np.float64] = np.full(len(X), np.inf)
        self.seen = np.zeros(len(X), dtype=np.int32)
        self.centers = np.empty(len(self.C), dtype=np.intp)
        self.count = 0
        self.block = np.empty((min(BLOCK, len(X)), X.shape[1]), dtype=X.dtype)
        self.active = np.arange(0)
        self.level = np.inf

    def add(self, row: int) -> None:
        """Make `row` a center; the active rows see it at once."""
        self.centers[self.count] = row
        self.count += 1
        self.nearest[row] = PICKED
        center = self.C[row]
        kept = _see(self.X, center, self.active, self.nearest, self.seen, self.count, self.level)
        self.active = self.active[:kept]

    def farthest(self) -> int:
        """Return the row farthest from all centers, ties to the lower row."""
        self.activate()
        return int(self.active[np.argmax(self.nearest[self.active])])

    def radius(self) -> float:
        """Return the distance of the farthest row, 0 if every row is a center."""
        self.activate()
        return float(np.sqrt(max(self.nearest[self.active].max(), 0.0)))

    def left(self) -> IntArray:
        """Return the rows that are no centers."""
        return np.flatnonzero(self.nearest != PICKED)

    def activate(self, wanted: int | None = None) -> None:
        """Make sure that some row is active: lower the level until one is, first to `wanted`."""
        wanted = wanted or max(FEWEST, int(ACTIVE * len(self.X)))
        while len(self.active) == 0:
            wanted = min(wanted, len(self.X))
            self.level = np.partition(self.nearest, len(self.X) - wanted)[len(self.X) - wanted]
            waiting = np.flatnonzero(self.nearest >= self.level)
            self._bring_up_to_date(waiting)
            self.active = waiting[self.nearest[waiting] >= self.level]
            wanted *= 2

    def _bring_up_to_date(self, rows: IntArray) -> None:
        """Let `rows` see every center that they have not seen yet."""
        rows = rows[np.argsort(self.seen[rows], kind="stable")]
        for at in range(0, len(rows), BLOCK):
            block = rows[at : at + BLOCK]
            first = int(self.seen[block[0]])
            if first == self.count - 1:  # one center: each row is read once, no product is needed
                center = self.C[self.centers[first]]
                _see(self.X, center, block, self.nearest, self.seen, self.count, -np.inf)
            elif first < self.count:
                centers = self.centers[first : self.count]
                near = np.take(self.X, block, axis=0, out=self.block[: len(block)], mode="clip")
                C, lengths = self.C[centers], self.lengths[centers]
                product = near @ C.T
                _compare(self.X, self.square, product, block, C, lengths, self.nearest, self.slack)
                self.seen[block] = self.count


@njit(cache=True, fastmath=FAST)
def _apart(row: Any, other: Any) -> float:
    """Squared distance of two rows from their differences, in double precision."""
    total = 0.0
    for t in range(len(row)):
        difference = np.float64(row[t]) - np.float64(other[t])
        total += difference * difference
    return total


@njit(cache=True)
def _see(
    X: Any, center: Any, active: Any, nearest: Any, seen: Any, count: int, level: float
) -> int:
    """Let the active rows see a center; move those still at `level` to the front, count them."""
    kept = 0
    for place in range(len(active)):
        row = active[place]
        nearest[row] = min(nearest[row], _apart(X[row], center))
        seen[row] = count
        if nearest[row] >= level:
            active[kept] = row
            kept += 1
    return kept


@njit(cache=True)
def _compare(
    X: Any,
    square: Any,
    product: Any,
    rows: Any,
    centers: Any,
    lengths: Any,
    nearest: Any,
    slack: float,
) -> None:
    """Take the distance of every pair that the product cannot rule out."""
    lows = np.full((len(centers) + STRIP - 1) // STRIP, -np.inf, dtype=product.dtype)
    for a in range(len(rows)):
        row = rows[a]
        limit = nearest[row] + slack - square[row]
        if slack < np.inf:
            least = _least(product[a], lengths, lows)
            if least >= limit:
                continue
            limit = min(limit, least + 2.0 * slack)  # what lies further is not the nearest of these
        for strip in range(len(lows)):
            if lows[strip] > limit:
                continue
            for b in range(strip * STRIP, min((strip + 1) * STRIP, len(centers))):
                if lengths[b] - 2.0 * product[a, b] <= limit:
                    distance = _apart(X[row], centers[b])
                    if distance < nearest[row]:
                        nearest[row] = distance
                        limit = min(limit, distance + slack - square[row])


@njit(cache=True, fastmath={*FAST, "nnan", "nsz"})
def _least(product: Any, lengths: Any, lows: Any) -> Any:
    """Return the least of `lengths - 2 product`, all finite, and that of each strip in `lows`."""
    two = lengths.dtype.type(2)
    for strip in range(len(lows)):
        first = strip * STRIP
        low = lengths[first] - two * product[first]
        for b in range(first + 1, min(first + STRIP, len(lengths))):
            low = min(low, lengths[b] - two * product[b])
        lows[strip] = low
    return lows.min()
