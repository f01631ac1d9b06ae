"""The map: two coordinates for the eye, from the exact neighbour graph.

Source: McInnes, Healy & Melville 2018, arXiv:1802.03426 (UMAP); Venna & Kaski 2001,
doi:10.1007/3-540-44668-0_68 (trustworthiness). Every coverage number is taken in the embedding's
own space; a distance on the map means nothing beyond "near" and "far".
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lab.coverage import layout
from lab.coverage.neighbours import Neighbours, check_matrix, neighbours

EPOCHS, MANY = (500, 200), 10_000  # rounds of layout up to that many rows, and above


def project(
    X: ArrayLike,
    *,
    graph: Neighbours | None = None,
    k: int = 15,
    min_dist: float = 0.1,
    epochs: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Lay the rows of `X` out on a plane so that neighbours stay neighbours (UMAP).

    Same rows, order and seed, same map.

    Parameters
    ----------
    X : float (n, d)
        An embedding, n >= 4.
    graph : Neighbours, optional
        Of `X`, with at least `k` - 1 neighbours; made here if there is none.
    k : int
        Size of a neighbourhood, the row itself included; cut to n - 1 in a small pool.
    min_dist : float
        How close points may lie on the map, 0..1.
    epochs : int, optional
        Rounds of layout; by default 500 up to 10,000 rows, 200 above, as in umap-learn.
    seed : int
        Draws what is pushed away.

    Returns
    -------
    DataFrame float32 (n, 2)
        Columns "x" and "y", on the index of `X` if it has one.

    Raises
    ------
    ValueError
        If `X` is too small or not finite, a setting is out of range, or the graph is of another
        pool or too narrow.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(30, 4))
    >>> project(X, k=5, epochs=20).columns.tolist()
    ['x', 'y']
    """
    matrix = check_matrix(X)
    n = len(matrix)
    if n < 4:
        raise ValueError(f"X must have at least 4 rows to be mapped, got {n}")
    if k < 3 or not 0 <= min_dist <= 1 or (epochs is not None and epochs < 1):
        raise ValueError(
            f"k must be at least 3, min_dist in 0..1 and epochs at least 1, "
            f"got {k}, {min_dist} and {epochs}"
        )
    k = min(k, n - 1)
    graph = graph or neighbours(matrix, k=k - 1)
    if len(graph) != n or graph.k < k - 1:
        raise ValueError(
            f"graph must hold {k - 1} neighbours of {n} rows, got {graph.k} of {len(graph)}"
        )
    edges = layout.edges(graph.indices[:, : k - 1], graph.distances[:, : k - 1])
    rounds = epochs or EPOCHS[n > MANY]
    start = layout.start(matrix)
    places = layout.lay_out(edges, start, min_dist=min_dist, epochs=rounds, seed=seed)
    return pd.DataFrame(places, columns=["x", "y"], index=_index(X))


def place(new: ArrayLike, X: ArrayLike, places: pd.DataFrame, *, k: int = 15) -> pd.DataFrame:
    """Put new rows on a finished map: each at the mean place of its nearest mapped rows.

    The weights are UMAP's memberships, its own first guess for new points; no mapped row moves.

    Parameters
    ----------
    new : float (m, d)
        Rows in the embedding of `X`.
    X, places : float (n, d), DataFrame (n, 2)
        The mapped rows and their places, row by row.
    k : int
        Mapped rows that count, at least 2; cut to n.

    Returns
    -------
    DataFrame float32 (m, 2)
        Columns "x" and "y", on the index of `new` if it has one.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> X = np.random.default_rng(0).normal(size=(30, 4))
    >>> places = pd.DataFrame(X[:, :2], columns=["x", "y"])
    >>> place(X[:3], X, places, k=5).columns.tolist()
    ['x', 'y']
    """
    mapped = check_matrix(X)
    if len(mapped) != len(places) or k < 2:
        raise ValueError(
            f"X and places must be the same rows and k at least 2, "
            f"got {len(mapped)} and {len(places)} rows and k {k}"
        )
    near = neighbours(mapped, k=min(k, len(mapped)), queries=check_matrix(new, "new"))
    padded = np.hstack([np.zeros((len(near), 1), np.float32), near.distances])
    weights = layout.memberships(padded)[:, 1:]
    weights /= weights.sum(axis=1, keepdims=True)
    there = places[["x", "y"]].to_numpy()[near.indices]
    found = np.einsum("mk,mkt->mt", weights, there).astype(np.float32)
    return pd.DataFrame(found, columns=["x", "y"], index=_index(new))


def trustworthiness(
    X: ArrayLike, places: pd.DataFrame, *, k: int = 15, sample: int = 1_000, seed: int = 0
) -> float:
    """Return how far neighbours on the map are neighbours in `X`, 0..1; 1 is all of them.

    Parameters
    ----------
    X, places : float (n, d), DataFrame (n, 2)
        The embedding and its map, row by row.
    k : int
        Neighbours on the map that are looked at, below n / 2.
    sample : int
        Rows looked at, drawn by `seed`; all of them if there are fewer. All n are candidates.
    seed : int
        Of the sample.

    Raises
    ------
    ValueError
        If the shapes do not fit or `k` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> trustworthiness(X, pd.DataFrame(X, columns=["x", "y"]), k=5)
    1.0
    """
    matrix = check_matrix(X)
    flat = check_matrix(places[["x", "y"]], "places")
    n = len(matrix)
    if len(flat) != n or not 1 <= k < n / 2:
        raise ValueError(
            f"places must have the {n} rows of X and k be between 1 and {(n - 1) // 2}, "
            f"got {len(flat)} rows and k {k}"
        )
    rows = np.random.default_rng(seed).permutation(n)[: min(sample, n)]
    near = neighbours(flat, k=k + 1, queries=flat[rows]).indices
    lost = 0.0
    for row, others in zip(rows, near, strict=True):
        away = np.linalg.norm(matrix - matrix[row], axis=1)
        shown = others[others != row][:k]
        rank = np.array([np.count_nonzero(away < away[other]) for other in shown])
        lost += np.maximum(rank - k, 0).sum()  # the row itself is at rank 0
    return float(1 - 2 * lost / (len(rows) * k * (2 * n - 3 * k - 1)))


def _index(X: ArrayLike) -> pd.Index | None:
    return X.index if isinstance(X, pd.DataFrame) else None
