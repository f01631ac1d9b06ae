"""Unbalanced transport: rows by the mass that all queries send them, the near ones nearly all.

Queries must send all of their mass, and rows may take nearly any amount, so that each query's mass
spreads over rows almost as a softmax of cosine / (2 * entropy).

Source: Nayak et al. 2026, arXiv:2602.14696 (UOT), as in the released code: the cost of a pair is
(1 - cosine) / 2, all masses are alike, the transport is that of Chizat et al. 2016,
arXiv:1607.05816, with entropy 0.01 and a penalty of 1e-4 on what rows take; rows by the sum of what
they get. What the paper says beyond its abstract could not be read.
"""

import numpy as np
from numpy.typing import ArrayLike

from lab.select.queries import STEPS, check_pair, products
from lab.select.selection import FloatArray, Selection, by_score, check_budget

CLOSE = 1e-10  # relative change of all masses after which they are taken for settled
ROUNDS = 1000
DIGITS = 8  # of the logarithm of a mass; what differs by less is a tie


def uot(
    X: ArrayLike, queries: ArrayLike, k: int, *, entropy: float = 0.01, penalty: float = 1e-4
) -> Selection:
    """Pick the `k` rows that get the most mass by unbalanced transport; ties to the lower; nested.

    Parameters
    ----------
    X : float (n, d)
        One row per example.
    queries : float (m, d)
        Examples of what is wanted, in the same representation.
    k : int
        Rows to pick.
    entropy : float
        How far a query's mass spreads, above 0; below 0.002 the far rows' masses are not told
        from zero.
    penalty : float
        On taking more or less than an equal share, at least 0.

    Returns
    -------
    Selection
        `trace` is the share of all mass that the picks so far hold, 0..1.

    Raises
    ------
    ValueError
        If a matrix is not finite, has a row of length 0 or other columns, or `k`, `entropy` or
        `penalty` is out of range.

    Notes
    -----
    Cost: some six products of all pairs, in blocks that are not kept.

    Examples
    --------
    >>> X = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]
    >>> uot(X, [[1.0, 0.0], [0.6, 0.8]], 2).indices.tolist()
    [0, 1]
    """
    rows, asked = check_pair(X, queries)
    check_budget(k, len(rows))
    if not entropy > 0 or not penalty >= 0:
        raise ValueError(
            f"entropy must be above 0 and penalty at least 0, got {entropy} and {penalty}"
        )
    mass = _masses(rows, asked, entropy, penalty / (penalty + entropy))
    with np.errstate(divide="ignore"):
        indices = by_score(np.round(np.log(mass), DIGITS))[:k]
    params = {"k": k, "queries": len(asked), "entropy": entropy, "penalty": penalty}
    trace = np.cumsum(mass[indices]) / mass.sum()
    return Selection(indices, trace, n=len(rows), method="uot", params=params)


def _masses(X: FloatArray, queries: FloatArray, entropy: float, power: float) -> FloatArray:
    """Return the mass that each row gets: Sinkhorn's scaling, one pass over all pairs a round."""
    send = np.full(len(queries), 1 / len(queries))
    factor: FloatArray | None = None  # of each query
    mass = np.empty(len(X))
    for _ in range(ROUNDS):
        sent = np.zeros(len(queries))
        for start, steps in products(X, queries):
            kernel = np.exp((steps / STEPS - 1) / (2 * entropy))
            rows = slice(start, start + steps.shape[1])
            if factor is None:  # rows start with a factor of one
                sent += kernel.sum(axis=1)
                continue
            got = factor @ kernel
            row_factor = (1 / len(X) / np.maximum(got, np.finfo(np.float64).tiny)) ** power
            mass[rows] = row_factor * got
            sent += kernel @ row_factor
        new = send / sent
        if factor is not None and np.abs(new / factor - 1).max() < CLOSE:
            break
        factor = new
    return mass
