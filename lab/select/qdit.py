"""QDIT: facility location and quality in one sum, weighed by alpha.

Source: Bukharin et al. 2024, arXiv:2311.14736: greedily the row a of largest
(1 - alpha) * (d(A + a) - d(A)) + alpha * q(a), where d is the sum over the pool of the similarity
to the nearest pick. The paper's scale of d and q could not be established, nor was the authors'
code found. Here both are at most 1 for the first pick: the gain is divided by the largest of the
first step, and quality is moved and scaled so that the pool's worst row has 0 and its best 1.
"""

import numpy as np
from numpy.typing import ArrayLike

from lab.select.facility import Graph, neighbours, prepared
from lab.select.selection import Selection, by_score, check_budget, check_matrix, check_scores

ALMOST = 1 - 1e-9  # alpha above it is quality alone


def qdit(
    X: ArrayLike, scores: ArrayLike, k: int, *, alpha: float = 0.7, graph: Graph | None = None
) -> Selection:
    """Pick rows of quality that make the pool as a whole similar to the picks (QDIT); nested.

    The gain of facility location falls with every pick and quality does not, so that early picks
    are there for diversity and late ones for quality; ties go to the lower row.

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
        `trace` is the value of the picks so far, on the scale above, never falling.

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
    span = quality.max() - quality.min()
    quality = (quality - quality.min()) / span if span > 0 else np.zeros(n)
    params = {"k": k, "alpha": alpha, "neighbours": neighbours(graph)}
    if alpha > ALMOST:
        indices = by_score(quality)[:k]
        return Selection(indices, np.cumsum(quality[indices]), n, method="qdit", params=params)
    greedy = prepared(rows, graph)
    _, first, _ = greedy(1, np.zeros(n, dtype=np.int64))
    most = max(float(first[0]), 1.0)
    worth = np.rint(quality * most * alpha / (1 - alpha)).astype(np.int64)
    indices, gains, _ = greedy(k, worth)
    trace = np.cumsum(gains) * (1 - alpha) / most
    return Selection(indices, trace, n=n, method="qdit", params=params)
