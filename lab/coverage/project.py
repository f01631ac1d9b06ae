"""The map: two coordinates for the eye, from the exact neighbour graph.

Source: McInnes, Healy & Melville 2018, arXiv:1802.03426 (UMAP). Every coverage number is taken in
the embedding's own space; a distance on the map means nothing beyond "near" and "far".
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lab.coverage.neighbours import Neighbours, check_matrix, neighbours
from lab.errors import MissingPackageError


def project(
    X: ArrayLike,
    *,
    graph: Neighbours | None = None,
    k: int = 15,
    min_dist: float = 0.1,
    epochs: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Lay the rows of `X` out on a plane so that neighbours stay neighbours.

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
        Rounds of layout; by default 500 up to 10,000 rows, 200 above.
    seed : int
        Same seed, same map.

    Returns
    -------
    DataFrame float32 (n, 2)
        Columns "x" and "y", on the index of `X` if it has one.

    Raises
    ------
    ValueError
        If `X` is too small or not finite, or the graph is of another pool or too narrow.
    """
    try:
        from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding
    except ImportError:
        raise MissingPackageError("umap-learn", needed_by="a map") from None

    matrix = check_matrix(X)
    n = len(matrix)
    if n < 4:
        raise ValueError(f"X must have at least 4 rows to be mapped, got {n}")
    k = min(k, n - 1)
    graph = graph or neighbours(matrix, k=k - 1)
    if len(graph) != n or graph.k < k - 1:
        raise ValueError(
            f"graph must hold {k - 1} neighbours of {n} rows, got {graph.k} of {len(graph)}"
        )
    own = np.arange(n, dtype=np.int32)[:, None]
    indices = np.hstack([own, graph.indices[:, : k - 1]])
    distances = np.hstack([np.zeros((n, 1), np.float32), graph.distances[:, : k - 1]])
    state = np.random.RandomState(seed)  # what umap-learn takes
    a, b = find_ab_params(1.0, min_dist)
    fuzzy, _, _ = fuzzy_simplicial_set(
        matrix, k, state, "euclidean", knn_indices=indices, knn_dists=distances
    )
    layout, _ = simplicial_set_embedding(
        matrix,
        fuzzy,
        n_components=2,
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=5,
        n_epochs=epochs,
        init="spectral",
        random_state=state,
        metric="euclidean",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        parallel=False,
    )
    index = X.index if isinstance(X, pd.DataFrame) else None
    return pd.DataFrame(layout.astype(np.float32), columns=["x", "y"], index=index)
