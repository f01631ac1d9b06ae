"""Methods that weigh a row's own worth against its likeness to the picks, pick by pick.

Source: Carbonell & Goldstein 1998, doi:10.1145/290941.291025 (MMR); Chen, Zhang & Zhou 2018,
arXiv:1709.05135 (fast greedy inference for determinantal point processes).
"""

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import Selection, check_budget, check_matrix, check_scores


def mmr(X: ArrayLike, scores: ArrayLike, k: int, *, relevance: float = 0.5) -> Selection:
    """Pick by maximal marginal relevance: relevance * score - (1 - relevance) * nearest product.

    Nested; ties go to the lower row. Time O(n k d).

    Parameters
    ----------
    X : float (n, d)
        Unit rows, so that a product is a cosine.
    scores : float (n,)
        Best on the scale of a cosine; NaN is never picked.
    k : int
        Rows to pick.
    relevance : float
        Weight of the score, 0..1.

    Returns
    -------
    Selection
        `trace` is the marginal relevance of each pick, when it was picked.

    Raises
    ------
    ValueError
        If a shape is wrong, or `k` or `relevance` is out of range.

    Examples
    --------
    >>> mmr([[1.0, 0.0], [0.99, 0.14], [0.0, 1.0]], [1.0, 0.9, 0.3], 2).indices.tolist()
    [0, 2]
    """
    X = check_matrix(X)
    scores = check_scores(scores, len(X))
    check_budget(k, int((~np.isnan(scores)).sum()))
    if not 0 <= relevance <= 1:
        raise ValueError(f"relevance must be between 0 and 1, got {relevance}")
    worth = np.where(np.isnan(scores), -np.inf, relevance * scores)
    nearest = np.zeros(len(X))
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    for step in range(k):
        value = worth - (1 - relevance) * nearest
        indices[step] = row = int(np.argmax(value))
        trace[step] = value[row]
        worth[row] = -np.inf
        likeness = X @ X[row]
        nearest = likeness if step == 0 else np.maximum(nearest, likeness)
    params = {"k": k, "relevance": relevance}
    return Selection(indices, trace, n=len(X), method="mmr", params=params)


def dpp(X: ArrayLike, k: int, *, scores: ArrayLike | None = None, ridge: float = 1e-3) -> Selection:
    """Pick `k` rows that greedily maximise the determinant of their kernel matrix; nested.

    The kernel of two rows is their product, times both scores, plus `ridge` for a row with
    itself; the ridge keeps it defined beyond d picks. Time O(n k (k + d)), memory O(n k).

    Parameters
    ----------
    X : float (n, d)
        Unit rows.
    k : int
        Rows to pick.
    scores : float (n,), optional
        Quality, above 0; by default 1 for every row.
    ridge : float
        Above 0.

    Returns
    -------
    Selection
        `trace` is the logarithm of the determinant after each pick.

    Raises
    ------
    ValueError
        If a shape is wrong, a score is not above 0, or `k` or `ridge` is out of range.

    Examples
    --------
    >>> dpp([[1.0, 0.0], [0.99, 0.14], [0.0, 1.0]], 2).indices.tolist()
    [0, 2]
    """
    rows = check_matrix(X)
    n = len(rows)
    check_budget(k, n)
    quality = np.ones(n) if scores is None else check_scores(scores, n)
    if not (quality > 0).all():
        bad = np.flatnonzero(~(quality > 0))
        raise ValueError(f"scores must be above 0, but {len(bad)} are not, the first is {bad[0]}")
    if not ridge > 0:
        raise ValueError(f"ridge must be above 0, got {ridge}")
    rows = rows * quality[:, None]
    gain = np.einsum("nd,nd->n", rows, rows) + ridge
    parts = np.empty((k, n))  # rows of the Cholesky factor
    left = np.ones(n, dtype=bool)
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    for step in range(k):
        row = int(np.argmax(np.where(left, gain, -np.inf)))
        indices[step], left[row] = row, False
        trace[step] = np.log(gain[row])
        with_row = rows @ rows[row] - parts[:step, row] @ parts[:step]
        parts[step] = with_row / np.sqrt(gain[row])
        gain = np.maximum(gain - parts[step] ** 2, ridge)  # no row adds less than its ridge
    params = {"k": k, "scored": scores is not None, "ridge": ridge}
    return Selection(indices, np.cumsum(trace), n=n, method="dpp", params=params)
