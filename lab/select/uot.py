"""Unbalanced transport: rows by the mass that all queries send them, the near ones nearly all.

Queries must send all of their mass, and rows may take nearly any amount, so that each query's mass
spreads over rows almost as a softmax of cosine / (2 * entropy).

Source: Nayak et al. 2026, arXiv:2602.14696 (UOT), as in the released code: the cost of a pair is
(1 - cosine) / 2, all masses are alike, the transport is that of Chizat et al. 2016,
arXiv:1607.05816, with entropy 0.01 and a penalty of 1e-4 on what rows take; rows by the sum of what
they get. What the paper says beyond its abstract could not be read.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.select.queries import STEPS, check_pair, cosines, products
from lab.select.selection import FloatArray, Selection, by_score, check_budget

CLOSE = 1e-9  # relative error of all factors below which they are taken for settled
COARSE = 1e-5  # the same, below which single precision says no more
ROUNDS = 1000
LIFT = 40.0  # added to all exponents, which changes no plan, so that single precision holds them
FINE = 1 / 126  # least entropy at which it does
SLACK = 1e-5  # of the logarithm of what a row gets, more than a last round changes
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
    Cost: some six products of all pairs, in blocks that are not kept, the first of them in single
    precision.

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
    factor, got = _settled(rows, asked, entropy, penalty / (penalty + entropy))
    with np.errstate(divide="ignore"):
        known = np.log(got)
    near = np.flatnonzero(known >= np.partition(known, -k)[-k] - SLACK)
    got = np.empty(len(near))
    for start, kernel in _kernels(rows[near], asked, entropy, np.float64):
        got[start : start + kernel.shape[1]] = factor @ kernel
    mass = got * _row_factors(got, len(rows), penalty / (penalty + entropy))
    with np.errstate(divide="ignore"):
        order = by_score(np.round(np.log(mass), DIGITS))[:k]
    params = {"k": k, "queries": len(asked), "entropy": entropy, "penalty": penalty}
    trace = np.cumsum(mass[order])
    return Selection(near[order], trace, n=len(rows), method="uot", params=params)


def _settled(
    X: FloatArray, queries: FloatArray, entropy: float, power: float
) -> tuple[FloatArray, FloatArray]:
    """Return the factor of each query, and what reaches each row before it is limited.

    Sinkhorn's scaling, one pass over all pairs a round. A round shrinks errors by `power` at least.
    """
    send = np.full(len(queries), 1 / len(queries))
    factor: FloatArray = send
    change = np.inf
    got = np.ones(len(X))  # rows start with a factor of one
    dtype = np.float32 if entropy >= FINE else np.float64
    for number in range(ROUNDS):
        sent = np.zeros(len(queries))
        for start, kernel in _kernels(X, queries, entropy, dtype):
            rows = slice(start, start + kernel.shape[1])
            if number == 0:
                sent += kernel.sum(axis=1)
                continue
            got[rows] = kernel.T @ factor.astype(dtype)
            sent += kernel @ _row_factors(got[rows], len(X), power).astype(dtype)
        before, new = change, send / sent
        change = np.abs(new / factor - 1).max()
        factor = new
        error = change * power / (1 - power)
        if dtype == np.float64 and error <= CLOSE:
            break
        if error <= COARSE or (number > 1 and change >= before):
            dtype = np.float64
    return factor, got


def _kernels(
    X: FloatArray, queries: FloatArray, entropy: float, dtype: Any
) -> Iterator[tuple[int, FloatArray]]:
    """Yield exp(-cost / entropy), lifted, in blocks (m, rows), and the first row of each."""
    scale = 1 / (2 * entropy)
    if dtype == np.float64:  # in steps, so that copies are alike to the last digit
        scale /= STEPS
    for start, block in (cosines if dtype == np.float32 else products)(X, queries):
        exponent = np.multiply(block, scale, out=block)
        exponent += LIFT - 1 / (2 * entropy)
        yield start, np.exp(exponent, out=exponent)


def _row_factors(got: FloatArray, n: int, power: float) -> FloatArray:
    """Return the factors of rows of the `n` that get some mass of the queries."""
    tiny = np.finfo(np.float64).tiny
    factors: FloatArray = (1 / n / np.maximum(got, tiny)) ** power
    return factors
