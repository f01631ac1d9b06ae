"""TSDS: optimal transport from queries to rows, with room for each row by how alone it lies.

A plan gives each query's mass 1 / m to rows, near ones first. Its cost is the mean distance that
mass travels, weighed against the largest mass times density of any pair: the more the second
counts, the more rows share the mass, and near-duplicates share that of one.

Source: Liu et al. 2024, arXiv:2410.11303 (KNN-KDE, and KNN-Uniform at `sigma` 0), as in the
authors' code. The programme was worked out from the code, as the paper's own statement of it could
not be read: over plans with row sums 1 / m it minimises
alpha / scale * sum(distance * plan) + (1 - alpha) * m * max(density * plan).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.select.queries import check_pair, marked, nearest_rows, unit
from lab.select.selection import FloatArray, IntArray, Selection, by_score

FIRST = 256  # neighbours of a query that are looked at first
BLOCK = 1024  # candidates whose densities are added up together
PLACES = 4  # of a density, which is summed in single precision
DIGITS = 9  # of the logarithm of a mass; what differs by less is a tie


def tsds(
    X: ArrayLike,
    queries: ArrayLike,
    k: int,
    *,
    alpha: float = 0.5,
    scale: float = 5.0,
    sigma: float = 0.75,
    max_neighbours: int = 5000,
    seed: int | None = 0,
) -> Selection:
    """Pick `k` rows by chance in proportion to the mass that queries send them (TSDS); nested.

    Parameters
    ----------
    X : float (n, d)
        One row per example; scaled to length one, as `sigma` and `scale` are in its unit.
    queries : float (m, d)
        Examples of what is wanted, in the same representation.
    k : int
        Rows to pick.
    alpha : float
        Weight of nearness, above 0, below 1: near 1 each query sends all to its nearest row.
    scale : float
        Size of a distance, above 0.
    sigma : float
        Distance within which rows count as near-duplicates, at least 0, where none do; 0.75 is a
        cosine of 0.72.
    max_neighbours : int
        Nearest rows that a query may send to, at least 1.
    seed : int, optional
        Of the draw. None takes the rows of most mass, as the code of arXiv:2602.14696 does, which
        has `alpha` at 0.01; ties to the lower row.

    Returns
    -------
    Selection
        `trace` is the share of all mass that the picks so far hold, 0..1.

    Raises
    ------
    ValueError
        If a matrix is not finite, has a row of length 0 or other columns, a parameter is out of
        range, or fewer than `k` rows have mass.

    Notes
    -----
    Two things differ from the authors' code. It draws with replacement, so that rows may come
    twice; here they come once, by Gumbel's noise. It limits neighbours, and the rows that density
    is summed over, to 1,000 and to a tenth of the pool; here density is summed over all rows that
    are a neighbour of some query, the row itself included.

    Cost: a product of all rows with all rows that are a neighbour of some query. Memory: these rows
    once more, and some 60 bytes for each neighbour that may get mass: 256 of a query at first, as
    many more as the level asks for.

    Examples
    --------
    >>> X = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
    >>> sorted(tsds(X, [[1.0, 0.1], [0.1, 1.0]], 3, alpha=0.6).indices.tolist())
    [0, 1, 2]
    """
    rows, asked = check_pair(X, queries)
    if not 0 < alpha < 1 or not scale > 0 or not sigma >= 0 or max_neighbours < 1:
        raise ValueError(
            "alpha must be between 0 and 1, scale above 0, sigma at least 0 and max_neighbours at "
            f"least 1, got {alpha}, {scale}, {sigma} and {max_neighbours}"
        )
    neighbours = min(max_neighbours, len(rows))
    room = 1 / density(rows, np.flatnonzero(marked(rows, asked, neighbours)), sigma)
    budget = len(asked) * scale * (1 - alpha) / alpha
    count, plan = min(FIRST, neighbours), None
    while plan is None:
        near, cosines = nearest_rows(rows, asked, count)
        distance = np.sqrt(np.maximum(2 - 2 * cosines, 0))
        plan = plan_of(distance, room[near], budget, whole=count == neighbours)
        count = min(2 * count, neighbours)
    mass = np.bincount(near.ravel(), weights=plan.ravel(), minlength=len(rows))
    with np.errstate(divide="ignore"):
        rank = np.round(np.log(mass), DIGITS)
    rank[mass == 0] = np.nan
    noise = 0 if seed is None else np.random.default_rng(seed).gumbel(size=len(rows))
    order = by_score(rank + noise)
    if not 1 <= k <= len(order):
        raise ValueError(
            f"k must be between 1 and the {len(order)} rows with mass, got {k}; a lower alpha or "
            "more neighbours give mass to more rows"
        )
    indices = order[:k]
    params: dict[str, Any] = {"k": k, "queries": len(asked), "alpha": alpha, "scale": scale}
    params |= {"sigma": sigma, "max_neighbours": max_neighbours, "seed": seed}
    return Selection(indices, np.cumsum(mass[indices]), n=len(rows), method="tsds", params=params)


def density(X: FloatArray, candidates: IntArray, sigma: float) -> FloatArray:
    """Return for each candidate the sum over all of them of 1 - (distance / sigma)**2, if above 0.

    Every two rows are compared once, in single precision. Of rows that are none it is 1.
    """
    density = np.ones(len(X))
    if sigma == 0:
        return density
    rows = unit(X[candidates]).astype(np.float32)
    sums, block = np.zeros(len(rows)), np.empty((BLOCK, BLOCK), dtype=np.float32)
    slope = np.float32(2 / sigma**2)
    for top in range(0, len(rows), BLOCK):
        for left in range(top, len(rows), BLOCK):
            first, second = rows[top : top + BLOCK], rows[left : left + BLOCK]
            kernel = np.matmul(first, second.T, out=block[: len(first), : len(second)])
            kernel *= slope
            kernel += np.float32(1) - slope
            np.maximum(kernel, 0, out=kernel)
            sums[top : top + BLOCK] += kernel.sum(axis=1)
            if left > top:
                sums[left : left + BLOCK] += kernel.sum(axis=0)
    density[candidates] = np.round(np.maximum(sums, 1), PLACES)
    return density


def plan_of(
    distance: FloatArray, room: FloatArray, budget: float, *, whole: bool = True
) -> FloatArray | None:
    """Return the optimal plan (m, neighbours) for neighbours sorted by distance.

    All queries send mass in proportion to a row's room, nearest first, up to a common level. The
    level rises from one sum of rooms to the next until the distance saved by a lower one, summed
    over the queries, reaches `budget`. None where that needs more neighbours and these are not all.
    """
    m, neighbours = distance.shape
    level = np.cumsum(room, axis=1)
    reached = level[:, :-1]
    saved = distance[:, 1:] * reached - np.cumsum(distance * room, axis=1)[:, :-1]
    more = np.diff(saved, axis=1, prepend=0.0).ravel() if neighbours > 1 else np.zeros(0)
    order = np.argsort(reached, axis=None, kind="stable")
    over = np.flatnonzero(np.cumsum(more[order]) >= budget)
    if len(order) == 0:
        return np.full((m, 1), 1 / m) if whole else None
    common = reached.ravel()[order[over[0] if len(over) else -1]]
    if not whole and not (len(over) and common < level[:, -1].min()):
        return None
    filled = np.minimum(level / common, 1)
    filled[:, -1] = 1  # what is left goes to the last
    plan: FloatArray = np.diff(filled, axis=1, prepend=0.0) / m
    return plan
