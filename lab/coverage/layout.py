"""UMAP's three steps on a neighbour graph: memberships, a start, and the layout.

Source: McInnes, Healy & Melville 2018, arXiv:1802.03426 (memberships, section 4.3 algorithm 3;
layout, algorithm 5); Kobak & Linderman 2021, doi:10.1038/s41587-020-00809-z (principal components
as a start). The forces of the layout are read from a table by the leading bits of the squared
distance, at most half a percent off, so one thread is fast enough, and the same seed gives the
same map.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.compiled import njit

Floats = NDArray[np.float32]
NEGATIVES = 5  # points pushed away for every one pulled near
FURTHEST = 4.0  # longest step along one axis
SIZE = 10.0  # half the width of the start


@njit(cache=True, nogil=True)
def memberships(distances: Any) -> Any:
    """Return how much each neighbour belongs to its row's neighbourhood, 0..1, shaped as given.

    The nearest other place has membership 1; the rest fall off so that they add up to log2(k).
    `distances` (n, k) holds the row itself first, at 0.
    """
    n, k = distances.shape
    wanted = np.log2(k)
    overall = distances.mean()
    result = np.zeros((n, k), dtype=np.float32)
    for row in range(n):
        nearest = 0.0
        for at in range(k):
            if distances[row, at] > 0:
                nearest = distances[row, at]
                break
        low, high, scale = 0.0, np.inf, 1.0
        for _ in range(64):
            total = 0.0
            for at in range(1, k):
                beyond = distances[row, at] - nearest
                total += np.exp(-beyond / scale) if beyond > 0 else 1.0
            if abs(total - wanted) < 1e-5:
                break
            if total > wanted:
                high = scale
                scale = (low + high) / 2
            else:
                low = scale
                scale = scale * 2 if high == np.inf else (low + high) / 2
        mean = distances[row].mean() if nearest > 0 else overall
        scale = max(scale, 1e-3 * mean)
        for at in range(1, k):
            beyond = distances[row, at] - nearest
            result[row, at] = np.exp(-beyond / scale) if beyond > 0 and scale > 0 else 1.0
    return result


def edges(indices: NDArray[np.int32], distances: Floats) -> Any:
    """Return the symmetric weights of a graph as a sparse (n, n) matrix: a + b - a b."""
    from scipy.sparse import csr_matrix

    n, k = indices.shape
    own = np.arange(n, dtype=np.int32)[:, None]
    weights = memberships(np.hstack([np.zeros((n, 1), np.float32), distances]))[:, 1:]
    rows = np.repeat(own, k, axis=1).ravel()
    one_way = csr_matrix((weights.ravel(), (rows, indices.ravel())), shape=(n, n))
    other_way = one_way.T.tocsr()
    both = (one_way + other_way - one_way.multiply(other_way)).tocsr()
    both.sort_indices()
    both.eliminate_zeros()
    return both


def start(X: Floats) -> Floats:
    """Return the first two principal components (n, 2), scaled to the size of a map."""
    centred = X - X.mean(axis=0, dtype=np.float64).astype(np.float32)
    values, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = vectors[:, np.argsort(-values)[:2]]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    places = np.zeros((len(X), 2), dtype=np.float32)
    places[:, : axes.shape[1]] = centred @ axes.astype(np.float32)
    widest = float(np.abs(places).max())
    return places * np.float32(SIZE / widest) if widest > 0 else places


def curve(min_dist: float) -> tuple[float, float]:
    """Return a and b of the closeness 1 / (1 + a d ** 2b) that is 1 up to `min_dist`."""
    from scipy.optimize import curve_fit

    d = np.linspace(0, 3, 300)
    wanted = np.where(d < min_dist, 1.0, np.exp(-(d - min_dist)))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), d, wanted)
    return float(a), float(b)


def lay_out(graph: Any, places: Floats, *, min_dist: float, epochs: int, seed: int) -> Floats:
    """Return the places (n, 2) after `epochs` rounds of pulling neighbours and pushing others."""
    forces = _forces(*curve(min_dist))
    rate = (graph.data / graph.data.max()).astype(np.float32)  # times an edge is used in a round
    rng = np.random.default_rng(seed)
    places = (places + rng.normal(scale=1e-4, size=places.shape)).astype(np.float32)
    state = rng.integers(1, 2**63, dtype=np.uint64)
    edges = (graph.indptr, graph.indices, rate, rate.copy())
    _move(edges, forces, places, np.uint64(state), epochs)
    return places


def _forces(a: float, b: float) -> tuple[Floats, Floats]:
    """Tabulate the pull and the push by the leading bits of a squared distance."""
    bits = (np.arange(1 << 15, dtype=np.int32) << 16) + (1 << 15)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        square = bits.view(np.float32).astype(np.float64)
        power = square**b
        pull = np.where(square > 0, 2 * a * b * power / square / (a * power + 1), 0)
        push = 2 * b / ((0.001 + square) * (a * power + 1))
    return (
        np.nan_to_num(pull, posinf=0).astype(np.float32),
        np.nan_to_num(push, posinf=0).astype(np.float32),
    )


@njit(cache=True, nogil=True)
def _move(edges: Any, forces: Any, places: Any, state: Any, epochs: int) -> None:
    """Move the points in place, round by round, each edge when it is due."""
    starts, others, rate, due = edges
    pull, push = forces
    n = np.uint64(len(places))
    limit = np.float32(FURTHEST)
    for epoch in range(epochs):
        step = np.float32(1 - epoch / epochs)
        for i in range(len(places)):
            for at in range(starts[i], starts[i + 1]):
                due[at] += rate[at]
                if due[at] < 1:
                    continue
                due[at] -= np.float32(1)
                j = others[at]
                x, y = places[i, 0], places[i, 1]
                dx, dy = x - places[j, 0], y - places[j, 1]
                force = pull[np.float32(dx * dx + dy * dy).view(np.int32) >> 16]
                dx = step * min(max(force * dx, -limit), limit)
                dy = step * min(max(force * dy, -limit), limit)
                x, y = x - dx, y - dy
                places[j, 0] += dx
                places[j, 1] += dy
                for _ in range(NEGATIVES):
                    state ^= state << np.uint64(13)  # Marsaglia's xorshift
                    state ^= state >> np.uint64(7)
                    state ^= state << np.uint64(17)
                    j = np.int64(((state >> np.uint64(32)) * n) >> np.uint64(32))
                    if j == i:
                        continue
                    dx, dy = x - places[j, 0], y - places[j, 1]
                    force = push[np.float32(dx * dx + dy * dy).view(np.int32) >> 16]
                    x += step * min(max(force * dx, -limit), limit)
                    y += step * min(max(force * dy, -limit), limit)
                places[i, 0], places[i, 1] = x, y
