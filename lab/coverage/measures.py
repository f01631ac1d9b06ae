"""Numbers for how well some rows cover all of them, in the embedding's own space.

Source: Sener & Savarese 2018, arXiv:1708.00489 (covering radius); Friedman & Dieng 2023,
arXiv:2210.02410 (Vendi score); Yang et al. 2025, arXiv:2502.17184 (NovelSum, as in the authors'
code). Each says in its first line which way is better.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lab.coverage.neighbours import Neighbours, check_matrix, check_rows, neighbours

IntArray = NDArray[np.integer[Any]]
Rows = Sequence[int] | IntArray
REGULAR = 1e-9  # added to a mean squared distance, as in the authors' code


def radius(X: ArrayLike, indices: Rows) -> float:
    """Return the largest distance from a row of `X` to its nearest picked row; lower covers more.

    Examples
    --------
    >>> radius([[0.0], [1.0], [5.0]], [1])
    4.0
    """
    return float(nearest(X, indices).max())


def mean_distance(X: ArrayLike, indices: Rows) -> float:
    """Return the mean distance from a row of `X` to its nearest picked row; lower covers more.

    Examples
    --------
    >>> mean_distance([[0.0], [1.0], [6.0]], [1])
    2.0
    """
    return float(nearest(X, indices).mean(dtype=np.float64))


def recall(X: ArrayLike, indices: Rows, *, max_distance: float) -> float:
    """Return the share of the rows of `X` within `max_distance` of a picked row; higher is more.

    Examples
    --------
    >>> recall([[0.0], [1.0], [5.0], [9.0]], [1], max_distance=1.0)
    0.5
    """
    if not max_distance >= 0:
        raise ValueError(f"max_distance must be at least 0, got {max_distance}")
    return float((nearest(X, indices) <= max_distance).mean())


def facility_value(X: ArrayLike, indices: Rows) -> float:
    """Return the mean similarity of a row to its nearest picked row, 0..1; higher covers more.

    Similarity is the product of two unit rows, or 0 if that is negative.

    Examples
    --------
    >>> round(facility_value([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], [1]), 3)
    0.8
    """
    away = nearest(X, indices)
    return float(np.maximum(1 - away.astype(np.float64) ** 2 / 2, 0).mean())


def cluster_entropy(labels: ArrayLike, indices: Rows) -> float:
    """Return how evenly the picks spread over clusters, 0..1; 1 is the same number from each.

    Shannon entropy of the picks' labels over the logarithm of the number of clusters in the pool.
    Rows labelled -1 are in no cluster and count neither way.

    Examples
    --------
    >>> cluster_entropy([0, 0, 1, 1, -1], [0, 2, 4])
    1.0
    """
    every = np.asarray(labels)
    count = len(np.unique(every[every >= 0]))
    picked = every[check_rows(indices, len(every))]
    _, sizes = np.unique(picked[picked >= 0], return_counts=True)
    if count < 2 or len(sizes) == 0:
        return 0.0
    share = sizes / sizes.sum()
    return float(-(share * np.log(share)).sum() / np.log(count)) + 0.0


def vendi(X: ArrayLike) -> float:
    """Return the Vendi score, 1..n: how many different rows `X` amounts to; higher is more diverse.

    The exponential of the entropy of the eigenvalues of X X' / n, for unit rows.

    Examples
    --------
    >>> round(vendi([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]), 6)
    2.0
    """
    rows = check_matrix(X).astype(np.float64)
    lengths = np.einsum("nd,nd->n", rows, rows)
    if not np.allclose(lengths, 1, atol=1e-3):
        bad = int(np.abs(lengths - 1).argmax())
        raise ValueError(f"X must have unit rows, but row {bad} has length {lengths[bad] ** 0.5}")
    kernel = rows.T @ rows if rows.shape[1] < len(rows) else rows @ rows.T
    values = np.linalg.eigvalsh(kernel / len(rows))
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def density(graph: Neighbours, *, k: int = 10, power: float = 0.5) -> NDArray[np.float64]:
    """Return how dense the pool is around each row (n,), above 0; higher is denser.

    One over the mean squared distance to the `k` nearest other rows, to the power given.
    NovelSum's k is 10 and its power 0.5. Distances are at least the square root of 1e-9.

    Raises
    ------
    ValueError
        If the graph holds fewer than `k` neighbours.

    Examples
    --------
    >>> from lab import coverage
    >>> near = coverage.neighbours([[1.0, 0.0], [0.99, 0.14], [0.98, 0.2], [0.0, 1.0]], k=2)
    >>> density(near, k=2).argmin().item()  # the row that stands alone
    3
    """
    if not 1 <= k <= graph.k:
        raise ValueError(f"k must be between 1 and the {graph.k} neighbours of the graph, got {k}")
    square = graph.distances[:, :k].astype(np.float64) ** 2
    return np.asarray((square.mean(axis=1) + REGULAR) ** -power)


def novelsum(
    X: ArrayLike, densities: ArrayLike, indices: Rows, *, distance_power: float = 1.0
) -> float:
    """Return NovelSum, the mean novelty of the picked rows; higher is more diverse.

    The novelty of a row is the mean of its cosine distances to all picks, itself included, times
    its density; sorted upwards, the r-th smallest weighs 1 / r ** distance_power.

    Parameters
    ----------
    X : float (n, d)
        Unit rows of the pool.
    densities : float (n,)
        From `density`, on the pool.
    indices : sequence of int
        The picked rows.
    distance_power : float
        The paper's is 1.

    Examples
    --------
    >>> X = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]
    >>> novelsum(X, [1.0, 1.0, 1.0], [0, 2]) > novelsum(X, [1.0, 1.0, 1.0], [0, 1])
    True
    """
    rows = check_matrix(X)
    picked = check_rows(indices, len(rows))
    dense = np.asarray(densities, dtype=np.float64)
    if dense.shape != (len(rows),):
        raise ValueError(f"densities must have shape ({len(rows)},), got {dense.shape}")
    chosen = rows[picked]
    weights = 1 / np.arange(1, len(picked) + 1) ** distance_power
    weights /= weights.sum()
    total = 0.0
    for at in range(0, len(picked), 1024):
        away = np.sort(1 - chosen[at : at + 1024] @ chosen.T, axis=1)
        total += float((away @ weights * dense[picked[at : at + 1024]]).sum())
    return total / len(picked)


def overlap(subsets: Mapping[str, Iterable[Hashable]]) -> pd.DataFrame:
    """Return the Jaccard overlap of every two subsets: shared ids over all their ids, in 0..1.

    Examples
    --------
    >>> overlap({"a": ["x", "y"], "b": ["y", "z"]}).loc["a", "b"].round(2)
    np.float64(0.33)
    """
    sets = {name: set(ids) for name, ids in subsets.items()}
    empty = [name for name, ids in sets.items() if not ids]
    if empty:
        raise ValueError(f"subsets must hold at least one id each, but {empty[0]!r} is empty")
    table = [[len(a & b) / len(a | b) for b in sets.values()] for a in sets.values()]
    return pd.DataFrame(table, index=list(sets), columns=list(sets))


def stability(subsets: Sequence[Iterable[Hashable]]) -> float:
    """Return the mean overlap of every two subsets, such as one method's over seeds, in 0..1.

    Examples
    --------
    >>> stability([["x", "y"], ["x", "y"], ["y", "x"]])
    1.0
    """
    if len(subsets) < 2:
        raise ValueError(f"stability needs at least 2 subsets, got {len(subsets)}")
    table = overlap({str(number): ids for number, ids in enumerate(subsets)}).to_numpy()
    return float(table[np.triu_indices(len(table), k=1)].mean())


def curve(
    measure: Callable[[IntArray], float], indices: Rows, budgets: Iterable[int]
) -> "pd.Series[float]":
    """Return a measure against budget from one nested selection.

    Examples
    --------
    >>> curve(lambda rows: float(len(rows)), [4, 2, 9], budgets=[1, 3]).tolist()
    [1.0, 3.0]
    """
    rows = np.asarray(indices, dtype=np.intp)
    wanted = list(budgets)
    if not wanted or min(wanted) < 1 or max(wanted) > len(rows):
        raise ValueError(f"budgets must be between 1 and the {len(rows)} picks, got {wanted}")
    values = [measure(rows[:budget]) for budget in wanted]
    return pd.Series(values, index=pd.Index(wanted, name="k"))


def nearest(X: ArrayLike, indices: Rows) -> NDArray[np.float32]:
    """Return the distance (n,) from each row of `X` to its nearest picked row."""
    rows = check_matrix(X)
    return neighbours(rows[check_rows(indices, len(rows))], k=1, queries=rows).distances[:, 0]
