"""Doubly greedy: the rows that lie nearest to any query, whichever it is.

Source: Nayak et al. 2026, arXiv:2602.14696, as in the released code. The released code of Ivison et
al. 2025, arXiv:2503.01807, has the same rule under the name of an optimised round robin.
"""

import numpy as np
from numpy.typing import ArrayLike

from lab.select.queries import check_pair, nearest_rows
from lab.select.selection import Selection, check_budget


def doubly_greedy(X: ArrayLike, queries: ArrayLike, k: int) -> Selection:
    """Pick the `k` rows of highest cosine to any of the queries; ties to the lower row; nested.

    Queries may get very unequal shares; `round_robin` gives each its own.

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
        `trace` is the highest cosine of each pick to a query, never rising.

    Raises
    ------
    ValueError
        If a matrix is not finite, has a row of length 0 or other columns, or `k` is out of range.

    Notes
    -----
    Cost: a product of all pairs, in blocks that are not kept.

    Examples
    --------
    >>> X = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.6, 0.8]]
    >>> doubly_greedy(X, [[1.0, 0.0], [0.6, 0.8]], 3).indices.tolist()
    [0, 3, 1]
    """
    rows, asked = check_pair(X, queries)
    check_budget(k, len(rows))
    together = np.zeros(len(asked), dtype=np.intp)
    indices, cosines = (each[0] for each in nearest_rows(rows, asked, k, groups=together))
    params = {"k": k, "queries": len(asked)}
    return Selection(indices, cosines, n=len(rows), method="doubly_greedy", params=params)
