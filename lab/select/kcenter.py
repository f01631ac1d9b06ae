"""k-center greedy: keep picking the example farthest from all picked so far.

Source: Gonzalez 1985, doi:10.1016/0304-3975(85)90224-5 (the algorithm, its factor of 2);
Sener & Savarese 2018, arXiv:1708.00489, Algorithm 1 (its use for coresets).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import (
    FloatArray,
    IntArray,
    Selection,
    check_budget,
    check_matrix,
    check_rows,
)

PICKED = -1.0  # below any distance, so that argmax passes over rows already picked


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
    nested: the first j of them are the answer for budget j.

    Parameters
    ----------
    X : float (n, d)
        One row per example. Distance is Euclidean; pass unit rows to compare by cosine.
    k : int
        Rows to pick, besides `init`: 1 <= k <= n - len(init).
    init : sequence of int
        Rows covered from the start, such as a seed set; never picked, not returned.
    start : sequence of int
        Rows picked first, in this order, such as `medoid(X)` or the rows nearest to cluster
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
    X = check_matrix(X)
    n = len(X)
    init, start = check_rows(init, n, "init"), check_rows(start, n, "start")
    check_rows([*init, *start], n, "init and start together")
    check_budget(k, n - len(init))

    nearest = np.full(n, np.inf)  # (n,) distance from each row to its nearest center
    for row in init:
        _cover(X, row, nearest)
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    for step in range(k):
        if step < len(start):
            indices[step] = start[step]
        elif step == 0 and len(init) == 0:
            indices[step] = np.random.default_rng(seed).integers(n)
        else:
            indices[step] = np.argmax(nearest)
        _cover(X, indices[step], nearest)
        trace[step] = max(nearest.max(), 0.0)
    params = {"k": k, "init": init.tolist(), "start": start.tolist(), "seed": seed}
    return Selection(indices, trace, n=n, method="kcenter", params=params)


def _cover(X: FloatArray, row: int, nearest: FloatArray) -> None:
    """Make `row` a center: lower `nearest` in place to the distances from it."""
    difference = X - X[row]
    distance = np.sqrt(np.einsum("nd,nd->n", difference, difference))
    np.minimum(nearest, distance, out=nearest)
    nearest[row] = PICKED
