"""NovelSelect: keep adding the row that is most novel, where novelty counts more in dense regions.

Source: Yang et al. 2025, arXiv:2502.17184 (NovelSum and the greedy selection on it), as in the
authors' code: the distance of a candidate x to a pick s is (1 - cosine) * (density of x + density
of s); sorted upwards, the r-th smallest weighs 1 / r ** distance_power; the mean over the picks is
the novelty of x.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.compiled import njit
from lab.select.selection import Selection, check_budget, check_matrix, check_scores


def novelsum(
    X: ArrayLike, density: ArrayLike, k: int, *, distance_power: float = 1.0, seed: int = 0
) -> Selection:
    """Pick `k` rows, the first by chance, then always the most novel one; nested.

    Time O(n k^2) for the ranks and O(n k d) for the products, memory O(n k).

    Parameters
    ----------
    X : float (n, d)
        Unit rows.
    density : float (n,)
        How dense the pool is around each row, above 0; from `coverage.density`.
    k : int
        Rows to pick.
    distance_power : float
        How much nearer picks weigh more, at least 0; the paper's is 1.
    seed : int
        Draws the first row.

    Returns
    -------
    Selection
        `trace` is the novelty of each pick when it was picked; NaN is not used: the first has
        novelty 0.

    Raises
    ------
    ValueError
        If a shape is wrong, a density is not above 0, or `k` or `distance_power` is out of range.

    Examples
    --------
    >>> X = [[1.0, 0.0], [0.99, 0.14], [0.0, 1.0]]
    >>> sorted(novelsum(X, [1.0, 1.0, 1.0], 2, seed=0).indices.tolist())
    [0, 2]
    """
    X = np.ascontiguousarray(check_matrix(X), dtype=np.float32)
    n = len(X)
    check_budget(k, n)
    dense = check_scores(density, n)
    if not (dense > 0).all():
        raise ValueError(f"density must be above 0 in every row, got {np.nanmin(dense)}")
    if not distance_power >= 0:
        raise ValueError(f"distance_power must be at least 0, got {distance_power}")
    weights = 1 / np.arange(1, k + 1) ** distance_power
    ordered = np.empty((n, k), dtype=np.float32)  # weighted distances to the picks, sorted
    novelty = np.zeros(n)
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    indices[0], trace[0] = np.random.default_rng(seed).integers(n), 0.0
    left = np.ones(n, dtype=bool)
    for step in range(1, k):
        last = indices[step - 1]
        left[last] = False
        distance = (1 - X @ X[last]) * (dense + dense[last])
        _insert(ordered, distance.astype(np.float32), step - 1, weights, novelty)
        indices[step] = np.argmax(np.where(left, novelty, -np.inf))
        trace[step] = novelty[indices[step]]
    params = {"k": k, "distance_power": distance_power, "seed": seed}
    return Selection(indices, trace, n=n, method="novelsum", params=params)


@njit(cache=True)
def _insert(ordered: Any, distance: Any, count: int, weights: Any, novelty: Any) -> None:
    """Sort each row's new distance in among its `count` old ones and take the weighted mean."""
    for row in range(len(ordered)):
        values = ordered[row]
        place = count
        while place > 0 and values[place - 1] > distance[row]:
            values[place] = values[place - 1]
            place -= 1
        values[place] = distance[row]
        total = 0.0
        for rank in range(count + 1):
            total += values[rank] * weights[rank]
        novelty[row] = total / (count + 1)
