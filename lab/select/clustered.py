"""Methods that cluster first: representatives, quotas by cluster, and a union with the best.

Source: Chen et al. 2023, arXiv:2305.09246 (LTD: cluster centres before a coreset); Ge et al. 2024,
arXiv:2402.18191 (CaR: the best-scored rows and the best of each cluster).
"""

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import (
    FloatArray,
    IntArray,
    Selection,
    by_score,
    check_budget,
    check_matrix,
    check_scores,
)
from lab.select.stratified import stratified

VARIANCE = 0.95  # CaR keeps the principal components that hold this share


def centres(X: ArrayLike, clusters: int, *, seed: int = 0) -> IntArray:
    """Return the rows nearest to the centres of k-means clusters, largest cluster first.

    A start for `kcenter`, as LTD has it; at most `clusters` distinct rows.

    Raises
    ------
    ValueError
        Unless 1 <= clusters <= n.

    Examples
    --------
    >>> centres([[0.0], [0.1], [0.2], [5.0], [5.1]], 2).tolist()
    [1, 3]
    """
    X = check_matrix(X)
    labels, distance = _kmeans(X, clusters, seed)
    return _representatives(labels, distance)


def agglomerative_centres(X: ArrayLike, clusters: int) -> IntArray:
    """Return the rows nearest to the means of agglomerative clusters (Ward), largest first.

    The other start for `kcenter`; memory O(n^2), so for pools of some ten thousand rows at most.

    Raises
    ------
    ValueError
        Unless 1 <= clusters <= n.

    Examples
    --------
    >>> agglomerative_centres([[0.0], [0.1], [0.2], [5.0], [5.1]], 2).tolist()
    [1, 3]
    """
    from sklearn.cluster import AgglomerativeClustering

    X = check_matrix(X)
    _check_clusters(clusters, len(X))
    if len(X) == 1:
        return np.zeros(1, dtype=np.intp)
    labels = AgglomerativeClustering(clusters).fit_predict(X)
    means = np.stack([X[labels == label].mean(axis=0) for label in range(clusters)])
    return _representatives(labels, np.linalg.norm(X - means[labels], axis=1))


def kmeans(X: ArrayLike, k: int, *, clusters: int | None = None, seed: int = 0) -> Selection:
    """Pick `k` rows nearest to k-means centres, each cluster by its share of the pool; nested.

    Parameters
    ----------
    X : float (n, d)
        One row per example.
    k : int
        Rows to pick.
    clusters : int, optional
        By default int(sqrt(n / 2)), at least 1.
    seed : int
        Of the clustering.

    Returns
    -------
    Selection
        `trace` counts the clusters reached after each pick.

    Raises
    ------
    ValueError
        If `X` is not a finite matrix, or `k` or `clusters` is out of range.

    Examples
    --------
    >>> kmeans([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]], 2).indices.tolist()
    [2, 3]
    """
    X = check_matrix(X)
    check_budget(k, len(X))
    clusters = _default(len(X)) if clusters is None else clusters
    labels, distance = _kmeans(X, clusters, seed)
    picked = stratified(labels.tolist(), k, scores=-distance)
    params = {"k": k, "clusters": clusters, "seed": seed}
    return Selection(picked.indices, picked.trace, n=len(X), method="kmeans", params=params)


def car(
    X: ArrayLike,
    scores: ArrayLike,
    k: int,
    *,
    per_cluster: int = 1,
    clusters: int | None = None,
    seed: int = 0,
) -> Selection:
    """Pick the best of each cluster, then the best of all until there are `k` (CaR); nested.

    CaR's own union of n1 top rows with the best of each cluster is this at k = its size.

    Parameters
    ----------
    X : float (n, d)
        Sentence vectors; reduced to the components that hold 95 % of the variance.
    scores : float (n,)
        Quality; the paper learns it from expert revisions. NaN is never picked.
    k : int
        Rows to pick.
    per_cluster : int
        Rows of each cluster that come first.
    clusters : int, optional
        By default int(sqrt(n / 2)), as in the paper.
    seed : int
        Of the clustering.

    Returns
    -------
    Selection
        `trace` is the mean score so far.

    Raises
    ------
    ValueError
        If a shape is wrong, or `k`, `per_cluster` or `clusters` is out of range.

    Examples
    --------
    >>> X = [[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]]
    >>> car(X, [0.9, 0.8, 0.7, 0.1, 0.3, 0.2], 3, clusters=2).indices.tolist()
    [0, 4, 1]
    """
    from sklearn.decomposition import PCA

    X = check_matrix(X)
    scores = check_scores(scores, len(X))
    order = by_score(scores)
    check_budget(k, len(order))
    if per_cluster < 1:
        raise ValueError(f"per_cluster must be at least 1, got {per_cluster}")
    clusters = _default(len(X)) if clusters is None else clusters
    _check_clusters(clusters, len(X))
    reduced = X
    if len(X) > 2:
        parts = PCA(random_state=seed).fit(X)
        kept = 1 + int(np.searchsorted(np.cumsum(parts.explained_variance_ratio_), VARIANCE))
        reduced = parts.transform(X)[:, :kept]
    labels, _ = _kmeans(reduced, clusters, seed)
    taken: dict[int, int] = {}
    first: list[int] = []
    rest: list[int] = []
    for row in order:
        label = int(labels[row])
        taken[label] = taken.get(label, 0) + 1
        (first if taken[label] <= per_cluster else rest).append(row)
    indices = np.array([*first, *rest][:k], dtype=np.intp)
    trace = np.cumsum(scores[indices]) / np.arange(1, k + 1)
    params = {"k": k, "per_cluster": per_cluster, "clusters": clusters, "seed": seed}
    return Selection(indices, trace, n=len(X), method="car", params=params)


def _default(n: int) -> int:
    return max(1, int(np.sqrt(n / 2)))


def _check_clusters(clusters: int, n: int) -> None:
    if not 1 <= clusters <= n:
        raise ValueError(f"clusters must be between 1 and the {n} rows, got {clusters}")


def _kmeans(X: FloatArray, clusters: int, seed: int) -> tuple[IntArray, FloatArray]:
    """Return the label of each row and its distance to the centre of its cluster."""
    from sklearn.cluster import KMeans

    _check_clusters(clusters, len(X))
    distinct = len(np.unique(X, axis=0)) if clusters > 1 and len(X) <= 50_000 else clusters
    model = KMeans(min(clusters, distinct), n_init=1, random_state=seed).fit(X)
    labels: IntArray = model.labels_.astype(np.intp)
    away = X - model.cluster_centers_[labels]
    return labels, np.sqrt(np.einsum("nd,nd->n", away, away))


def _representatives(labels: IntArray, distance: FloatArray) -> IntArray:
    found, sizes = np.unique(labels, return_counts=True)
    rows = [np.flatnonzero(labels == label) for label in found[np.argsort(-sizes, kind="stable")]]
    return np.array([of[np.argmin(distance[of])] for of in rows], dtype=np.intp)
