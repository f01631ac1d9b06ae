"""The matrix and the prior that reproduce how often one, two and three ratings occur together.

Rows are held to chances by a softmax of free numbers; the descent starts near the identity.

Source: Zhu, Song & Liu 2021, arXiv:2102.05291, equations of the first to third consensus.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
STEPS, RATE = 1501, 0.1  # the authors'
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's defaults
REACH = 2.0  # how far a free number may go from where Adam left it
TINY = 1e-12  # keeps the slope of a norm finite at 0


def chances(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return matrix and prior from free numbers, by a softmax of each row."""
    k = int(len(x) ** 0.5)  # k rows of the matrix and one of the prior, of k numbers each
    rows = np.exp(x.reshape(k + 1, k) - x.reshape(k + 1, k).max(axis=1, keepdims=True))
    rows /= rows.sum(axis=1, keepdims=True)
    return rows[:k], rows[k]


def fit(counts: FloatArray) -> tuple[FloatArray, float]:
    """Return the free numbers that reproduce the counts best, and the misfit that is left."""
    k = len(counts)
    start = np.concatenate([(5 * np.eye(k) - 1).ravel(), np.zeros(k)])
    return settle(_descend(start, counts), counts)


def _descend(x: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the free numbers after Adam's steps, as the authors take them."""
    first, second = np.zeros_like(x), np.zeros_like(x)
    for step in range(1, STEPS + 1):
        slope = misfit(x, counts)[1]
        first = BETA_1 * first + (1 - BETA_1) * slope
        second = BETA_2 * second + (1 - BETA_2) * slope**2
        away = first / (1 - BETA_1**step)
        x = x - RATE * away / (np.sqrt(second / (1 - BETA_2**step)) + EPSILON)
    return x


def settle(x: FloatArray, counts: FloatArray) -> tuple[FloatArray, float]:
    """Return the free numbers at the minimum near `x`, and the misfit that is left."""
    from scipy.optimize import minimize

    near = list(zip(x - REACH, x + REACH, strict=True))  # further off the scores change places
    found: Any = minimize(misfit, x, args=(counts,), jac=True, method="L-BFGS-B", bounds=near)
    return found.x, float(found.fun)


def misfit(x: FloatArray, counts: FloatArray) -> tuple[float, FloatArray]:
    """Return the sum of the norms of what is left of the counts of one, two, three; its slope."""
    T, p = chances(x)
    pairs = T[:, :, None] * T[:, None, :]
    left = (
        p @ T - counts.sum(axis=(1, 2)),
        np.tensordot(p, pairs, 1) - counts.sum(axis=2),
        np.einsum("i,iab,ic->abc", p, pairs, T) - counts,
    )
    norms = [np.sqrt((each**2).sum() + TINY) for each in left]
    one, two, three = (each / norm for each, norm in zip(left, norms, strict=True))
    ab = np.einsum("abc,ic->iab", three, T)
    inner = T @ one + np.einsum("ab,iab->i", two, pairs) + np.einsum("iab,iab->i", ab, pairs)
    by_T = one + T @ (two + two.T) + np.einsum("iab,ib->ia", ab, T)
    by_T += np.einsum("iab,ia->ib", ab, T) + np.einsum("abc,iab->ic", three, pairs)
    rows, slope = np.vstack([T, p]), np.vstack([p[:, None] * by_T, inner])
    slope = rows * (slope - (rows * slope).sum(axis=1, keepdims=True))
    return float(sum(norms)), slope.ravel()
