"""The nearest other rows of every row, exactly, in blocks: for scores that look at neighbours."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BLOCK_BYTES = 64 * 2**20


def nearest(X: FloatArray, k: int) -> tuple[NDArray[np.intp], FloatArray]:
    """Return places and Euclidean distances (n, k) of the `k` nearest other rows, nearest first.

    Of rows at the same distance the upper one comes first.

    Parameters
    ----------
    X : float (n, d)
        On unit rows the order is that of the cosine.
    k : int
        1 <= k < n.

    Raises
    ------
    ValueError
        If `k` is out of range.

    Examples
    --------
    >>> nearest(np.array([[0.0], [1.0], [3.0]]), 1)[0].ravel().tolist()
    [1, 0, 1]
    """
    if not 1 <= k < max(len(X), 1):
        raise ValueError(f"k must be between 1 and the {len(X) - 1} others, got {k}")
    squares = np.einsum("nd,nd->n", X, X)
    places = np.empty((len(X), k), dtype=np.intp)
    found = np.empty((len(X), k))
    block = max(1, BLOCK_BYTES // (8 * len(X)))
    for start in range(0, len(X), block):
        part = slice(start, start + block)
        distances = squares[part, None] + squares - 2 * X[part] @ X.T
        own = np.arange(*part.indices(len(X)))
        distances[own - start, own] = np.inf
        limits = np.partition(distances, k - 1, axis=1)[:, k - 1]
        for row, limit in enumerate(limits):
            near = np.flatnonzero(distances[row] <= limit)
            near = near[np.argsort(distances[row, near], kind="stable")][:k]
            places[start + row], found[start + row] = near, distances[row, near]
    return places, np.sqrt(np.maximum(found, 0.0))
