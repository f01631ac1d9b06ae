"""The rows nearest to all queries together: the plain way to use a target set.

Source: Xia et al. 2024, arXiv:2402.04333 (LESS: rows by their likeness to the mean of a task's
queries); Ivison et al. 2025, arXiv:2503.01807, table 7, where it loses to round robin.
"""

import numpy as np
from numpy.typing import ArrayLike

from lab.select.queries import STEPS, check_pair, products
from lab.select.selection import Selection, by_score, check_budget


def nearest(X: ArrayLike, queries: ArrayLike, k: int) -> Selection:
    """Pick the `k` rows of highest mean cosine to the queries; ties to the lower row; nested.

    It asks for rows in the middle of what is wanted; where that has several parts, see
    `round_robin`, and for the rows nearest to any one query `doubly_greedy`.

    Parameters
    ----------
    X : float (n, d)
        One row per example.
    queries : float (m, d)
        Examples of what is wanted, in the same representation.
    k : int
        Rows to pick.

    Returns
    -------
    Selection
        `trace` is the mean cosine of each pick to the queries, never rising.

    Raises
    ------
    ValueError
        If a matrix is not finite, has a row of length 0 or other columns, or `k` is out of range.

    Examples
    --------
    >>> X = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]
    >>> nearest(X, [[1.0, 0.0], [0.6, 0.8]], 2).indices.tolist()
    [1, 0]
    """
    rows, asked = check_pair(X, queries)
    check_budget(k, len(rows))
    middle = asked.mean(axis=0, keepdims=True)
    means = np.concatenate([steps[0].copy() for _, steps in products(rows, middle)]) / STEPS
    indices = by_score(means)[:k]
    params = {"k": k, "queries": len(asked)}
    return Selection(indices, means[indices], n=len(rows), method="nearest", params=params)
