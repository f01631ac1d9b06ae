"""Facility location: keep adding the row that makes the pool as a whole most similar to the picks.

Source: Cornuejols, Fisher & Nemhauser 1977, doi:10.1287/mnsc.23.8.789 (the problem, its greedy
bound of 1 - 1/e); Minoux 1978, doi:10.1007/BFb0006528 (lazy evaluation: the same picks).

Two rows that cover only each other gain exactly the same, so ties are common. Similarities are
therefore counted in whole steps, and gains are integers: no rounding decides a tie.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.compiled import njit
from lab.select.selection import FloatArray, IntArray, Selection, check_budget, check_matrix

DENSE = 20_000  # rows; all their similarities are 1.6 GB
BITS = 20  # similarities are counted in steps of 2**-20 of the largest
GROUP = 64  # rows whose highest bound is kept, so that the highest of all is found fast
CHUNK = 512  # of them fit an int32 when added up
Graph = tuple[ArrayLike, ArrayLike]
Greedy = Callable[[int, IntArray], tuple[IntArray, FloatArray]]


def facility(X: ArrayLike, k: int, *, graph: Graph | None = None) -> Selection:
    """Pick `k` rows that maximise the sum over all rows of the similarity to the nearest pick.

    Similarity is the product of two rows, or 0 if that is negative: the cosine, on unit rows. The
    greedy value is at least 1 - 1/e of the best. Picks are nested; ties go to the lower row.

    Parameters
    ----------
    X : float (n, d)
        One unit row per example. All pairs of up to 20,000 rows are held in memory.
    k : int
        Rows to pick.
    graph : (indices (n, m), similarities (n, m)), optional
        For each row its m most similar others; every other similarity counts as 0, and that of a
        row to itself as 1. Needs no N x N matrix; from `coverage.neighbours`.

    Returns
    -------
    Selection
        `trace` is the mean similarity of a row to its nearest pick, 0..1 on unit rows, never
        falling.

    Raises
    ------
    ValueError
        If `X` is not a finite matrix, `k` is out of range, or `X` is large and has no graph.

    Examples
    --------
    >>> facility([[1.0, 0.0], [0.99, 0.14], [0.0, 1.0]], 2).indices.tolist()
    [1, 2]
    """
    rows = check_matrix(X)
    n = len(rows)
    check_budget(k, n)
    greedy, step = prepared(rows, graph)
    indices, gains = greedy(k, np.zeros(n, dtype=np.int64))
    params = {"k": k, "neighbours": neighbours(graph)}
    return Selection(indices, np.cumsum(gains) * step / n, n=n, method="facility", params=params)


def prepared(X: FloatArray, graph: Graph | None) -> tuple[Greedy, float]:
    """Return the lazy greedy choice, (budget, worth of each row) -> (rows, gains), and its step.

    The worth (n,) is at least 0, in whole steps; the gain of a row, in steps too, is what it adds
    to all similarities, plus its worth.
    """
    X = np.ascontiguousarray(X, dtype=np.float32)
    if graph is not None:
        near, value = _check_graph(graph, len(X))
        step = _step(max(1.0, float(value.max())))
        starts, rows, values = _seen_from(near, value)
        whole = np.rint(values / step).astype(np.int32)
        return lambda k, worth: _greedy_sparse(starts, rows, whole, worth, k), step
    if len(X) > DENSE:
        raise ValueError(
            f"X has {len(X)} rows, and all pairs of more than {DENSE} do not fit: give a graph of "
            "neighbours, such as (g.indices, g.similarities()) with g = coverage.neighbours(X)"
        )
    similarities, step = _similarities(X)
    return lambda k, worth: _greedy_dense(similarities, worth, k), step


def neighbours(graph: Graph | None) -> int | None:
    """Return the number of neighbours of each row in a graph."""
    return None if graph is None else int(np.shape(graph[0])[1])


def _similarities(X: FloatArray) -> tuple[IntArray, float]:
    """Return the product of every two rows in whole steps, negatives as 0, and the step."""
    from scipy.linalg.blas import ssyrk

    products: FloatArray = ssyrk(1.0, X.T, trans=1).T  # half of them: the lower triangle
    step = _step(float(products.diagonal().max()))
    whole = products.view(np.int32)
    _mirror(products, whole, np.float32(1 / step))
    return whole, step


def _step(largest: float) -> float:
    """Return the power of 2 by which similarities are counted, at most 2**-20 of the largest."""
    return float(2.0 ** (np.ceil(np.log2(max(largest, 1e-30))) - BITS))


@njit(cache=True)
def _mirror(S: Any, whole: Any, scale: Any) -> None:
    """Copy the lower triangle to the upper one, counted in steps, in place; `whole` views `S`."""
    n, tile = len(S), 64
    for top in range(0, n, tile):
        for left in range(0, top + 1, tile):
            for i in range(top, min(top + tile, n)):
                for j in range(left, min(left + tile, i + 1)):
                    steps = np.int32(np.rint(max(S[i, j], np.float32(0.0)) * scale))
                    whole[i, j] = steps
                    whole[j, i] = steps


def _check_graph(graph: Graph, n: int) -> tuple[IntArray, FloatArray]:
    near, value = np.asarray(graph[0]), np.asarray(graph[1], dtype=np.float32)
    if near.ndim != 2 or near.shape != value.shape or len(near) != n:
        raise ValueError(
            f"graph must be two arrays ({n}, m), got shapes {near.shape} and {value.shape}"
        )
    if not ((near >= 0) & (near < n)).all() or not np.isfinite(value).all():
        raise ValueError(f"graph must name rows below {n} with finite similarities")
    return near, value


def _seen_from(near: IntArray, value: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Turn the graph round: for each row, the rows that have it as a neighbour, and itself."""
    n, m = near.shape
    own = np.arange(n)
    target = np.concatenate([own, near.ravel()])
    source = np.concatenate([own, np.repeat(own, m)])
    values = np.concatenate([np.ones(n, np.float32), np.maximum(value.ravel(), 0)])
    order = np.argsort(target, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(target, minlength=n))])
    return starts, source[order], values[order]


@njit(cache=True)
def _gain_dense(row: Any, best: Any) -> int:
    total = 0
    for start in range(0, len(row), CHUNK):
        have, want = best[start : start + CHUNK], row[start : start + CHUNK]
        part: Any = np.int32(0)
        for i in range(len(want)):  # over slices, and in 32 bits, so that it uses wide registers
            more = np.int32(want[i] - have[i])
            part = np.int32(part + max(more, np.int32(0)))
        total += part
    return total


@njit(cache=True)
def _greedy_dense(S: Any, worth: Any, k: int) -> Any:
    n = len(S)
    best = np.zeros(n, dtype=np.int32)
    bound = np.empty(n, dtype=np.int64)
    for j in range(n):
        bound[j] = _gain_dense(S[j], best) + worth[j]
    fresh = np.zeros(n, dtype=np.int32)  # the number of picks when the bound was taken
    peaks = _peaks(bound)
    indices, gains = np.empty(k, dtype=np.intp), np.empty(k)
    for step in range(k):
        row = _highest(bound, peaks)
        while fresh[row] != step:
            _lower(bound, peaks, row, _gain_dense(S[row], best) + worth[row])
            fresh[row] = step
            row = _highest(bound, peaks)
        indices[step], gains[step] = row, bound[row]
        _lower(bound, peaks, row, -1)
        for i in range(n):
            best[i] = max(best[i], S[row, i])
    return indices, gains


@njit(cache=True)
def _greedy_sparse(starts: Any, rows: Any, values: Any, worth: Any, k: int) -> Any:
    n = len(starts) - 1
    best = np.zeros(n, dtype=np.int32)
    bound = worth.copy()
    for j in range(n):
        for at in range(starts[j], starts[j + 1]):
            bound[j] += values[at]
    fresh = np.zeros(n, dtype=np.int32)
    peaks = _peaks(bound)
    indices, gains = np.empty(k, dtype=np.intp), np.empty(k)
    for step in range(k):
        row = _highest(bound, peaks)
        while fresh[row] != step:
            gain = worth[row]
            for at in range(starts[row], starts[row + 1]):
                gain += max(values[at] - best[rows[at]], 0)
            _lower(bound, peaks, row, gain)
            fresh[row] = step
            row = _highest(bound, peaks)
        indices[step], gains[step] = row, bound[row]
        _lower(bound, peaks, row, -1)
        for at in range(starts[row], starts[row + 1]):
            best[rows[at]] = max(best[rows[at]], values[at])
    return indices, gains


@njit(cache=True)
def _peaks(bound: Any) -> Any:
    """Return the highest bound of every group of rows."""
    peaks = np.full((len(bound) + GROUP - 1) // GROUP, -1, dtype=np.int64)
    for row in range(len(bound)):
        peaks[row // GROUP] = max(peaks[row // GROUP], bound[row])
    return peaks


@njit(cache=True)
def _highest(bound: Any, peaks: Any) -> int:
    """Return the row of the highest bound, ties to the lower row."""
    group = 0
    for other in range(1, len(peaks)):
        if peaks[other] > peaks[group]:
            group = other
    row = group * GROUP
    while bound[row] != peaks[group]:
        row += 1
    return row


@njit(cache=True)
def _lower(bound: Any, peaks: Any, row: int, value: int) -> None:
    """Lower the bound of a row in place, and the peak of its group with it."""
    bound[row] = value
    group = row // GROUP
    peak = bound[group * GROUP]
    for other in range(group * GROUP, min((group + 1) * GROUP, len(bound))):
        peak = max(peak, bound[other])
    peaks[group] = peak
