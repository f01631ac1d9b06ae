"""DEITA's diversity filter: best score first, unless something too similar was picked already.

Source: Liu et al. 2024, arXiv:2312.15685, section 2.4, as in the authors' code: a row is refused
if its cosine to any kept row is above 0.9. The paper's text says the same as a distance below 0.9,
which taken literally would keep near-duplicates; it is not offered.
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from lab.select.selection import (
    FloatArray,
    Selection,
    by_score,
    check_budget,
    check_matrix,
    check_scores,
)

BLOCK = 256  # rows compared at a time; small, as half of a block's own product is not needed
STRIP = 1024  # kept rows that candidates meet before those found too similar are dropped


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
    length = np.sqrt(np.einsum("nd,nd->n", X, X, dtype=np.float64))
    if (length == 0).any():
        raise ValueError(f"X must have no row of length 0, but row {int(length.argmin())} is")
    unit = np.empty(X.shape, dtype=np.float32)
    np.divide(X, length[:, None], out=unit, casting="same_kind")
    kept = np.empty((k, X.shape[1]), dtype=np.float32)
    indices = np.empty(k, dtype=np.intp)
    count = 0
    for start in range(0, len(order), BLOCK):
        rows = order[start : start + BLOCK]
        block = unit[rows]
        free = _free(block, kept[:count], max_similarity)
        rows, block = rows[free], block[free]
        chosen = _among(block, block @ block.T, max_similarity)[: k - count]
        indices[count : count + len(chosen)] = rows[chosen]
        kept[count : count + len(chosen)] = block[chosen]
        count += len(chosen)
        if count == k:
            break
    indices = indices[:count]
    params = {"k": k, "max_similarity": max_similarity}
    return Selection(indices, scores[indices], n=len(X), method="deita", params=params)


def _free(block: FloatArray, kept: FloatArray, max_similarity: float) -> NDArray[np.intp]:
    """Return the rows of a block that are not too similar to any kept row, strip by strip."""
    rows = np.arange(len(block))
    slack = _slack(block)
    for at in range(0, len(kept), STRIP):
        strip = kept[at : at + STRIP]
        product = block[rows] @ strip.T
        highest = product.max(axis=1)
        free = highest <= max_similarity
        for row in np.flatnonzero(abs(highest - max_similarity) <= slack):  # close for rounding
            near = np.flatnonzero(product[row] >= max_similarity - slack)
            exact = strip[near].astype(np.float64) @ block[rows[row]].astype(np.float64)
            free[row] = exact.max() <= max_similarity
        rows = rows[free]
    return rows


def _among(block: FloatArray, product: FloatArray, max_similarity: float) -> NDArray[np.intp]:
    """Return the places in a block that stay, in order, when each looks at those before it."""
    kept = _pass(product, max_similarity, _slack(block), block)
    return np.flatnonzero(kept)


def _slack(block: FloatArray) -> float:
    return float(2.0 * (block.shape[1] + 4) * np.finfo(np.float32).eps)


@njit(cache=True)
def _pass(product: FloatArray, most: float, slack: float, block: FloatArray) -> NDArray[np.bool_]:
    kept = np.ones(len(product), dtype=np.bool_)
    for i in range(len(product)):
        for j in range(i):
            if not kept[j]:
                continue
            similarity = float(product[i, j])
            if abs(similarity - most) <= slack:
                similarity = 0.0
                for t in range(block.shape[1]):
                    similarity += np.float64(block[i, t]) * np.float64(block[j, t])
            if similarity > most:
                kept[i] = False
                break
    return kept
