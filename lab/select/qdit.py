"""QDIT: facility location and quality in one sum, weighed by alpha.

Source: Bukharin et al. 2024, arXiv:2311.14736: greedily the row a of largest
(1 - alpha) * (d(A + a) - d(A)) + alpha * q(a), where d is the sum over the pool of the similarity
to the nearest pick, and q a rating or a reward. How the paper scales d and q could not be
established, nor was the authors' code found: here both are taken as they are.
"""

import numpy as np
from numpy.typing import ArrayLike

from lab.select.facility import Graph, neighbours, prepared
from lab.select.selection import Selection, by_score, check_budget, check_matrix, check_scores

ALMOST = 1 - 1e-9  # alpha above it is quality alone
LARGEST = 2.0**60  # of a quality, in steps of a similarity


def qdit(
    X: ArrayLike, scores: ArrayLike, k: int, *, alpha: float = 0.7, graph: Graph | None = None
) -> Selection:
    """Pick rows of quality that make the pool as a whole similar to the picks (QDIT); nested.

    The gain of facility location is a sum over the pool, and falls with every pick, while quality
    does not: early picks are there for diversity and late ones for quality, the later the larger
    the pool. Multiply the scores to weigh them otherwise. Ties go to the lower row.

    Parameters
    ----------
    X : float (n, d)
        One unit row per example; the paper takes vectors of the instructions. All pairs of up to
        20,000 rows are held in memory.
    scores : float (n,)
        Quality, higher is better; every row needs one.
    k : int
        Rows to pick.
    alpha : float
        0 is facility location alone, 1 quality alone; the paper finds 0.5, 0.7 and 0.9 best.
    graph : (indices (n, m), similarities (n, m)), optional
        As in `facility`.

    Returns
    -------
    Selection
        `trace` is the value of the picks so far: (1 - alpha) * d + alpha * their summed quality.

    Raises
    ------
    ValueError
        If a shape is wrong, a row has no score, `k` or `alpha` is out of range, or `X` is large
        and has no graph.

    Examples
    --------
    >>> X = [[1.0, 0.0], [0.99, 0.14], [0.0, 1.0]]
    >>> qdit(X, [1.0, 0.2, 0.6], 2, alpha=0.5).indices.tolist()
    [0, 2]
    """
    rows = check_matrix(X)
    n = len(rows)
    quality = check_scores(scores, n)
    check_budget(k, n)
    if np.isnan(quality).any():
        bad = np.flatnonzero(np.isnan(quality))
        raise ValueError(f"scores must be there for every row, but {len(bad)} lack one: {bad[:5]}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha}")
    params = {"k": k, "alpha": alpha, "neighbours": neighbours(graph)}
    if alpha > ALMOST:
        indices = by_score(quality)[:k]
        return Selection(indices, np.cumsum(quality[indices]), n, method="qdit", params=params)
    greedy, step = prepared(rows, graph)
    above = (quality - quality.min()) * alpha / (1 - alpha) / step  # one constant moves no choice
    if above.max() > LARGEST:
        raise ValueError(f"scores must differ by less at this alpha, got up to {quality.max()}")
    worth = np.rint(above).astype(np.int64)
    indices, gains = greedy(k, worth)
    similar = np.cumsum(gains - worth[indices]) * step
    trace = (1 - alpha) * similar + alpha * np.cumsum(quality[indices])
    return Selection(indices, trace, n=n, method="qdit", params=params)
