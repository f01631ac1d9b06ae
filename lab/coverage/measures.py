"""Numbers for how well some rows cover all of them, in the embedding's own space.

Source: Sener & Savarese 2018, arXiv:1708.00489 (covering radius).
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lab.coverage.neighbours import check_matrix, neighbours

IntArray = NDArray[np.integer[Any]]


def radius(X: ArrayLike, indices: Sequence[int] | IntArray) -> float:
    """Return the largest distance from a row of `X` to its nearest picked row; lower covers more.

    Examples
    --------
    >>> radius([[0.0], [1.0], [5.0]], [1])
    4.0
    """
    return float(_nearest(X, indices).max())


def recall(X: ArrayLike, indices: Sequence[int] | IntArray, *, max_distance: float) -> float:
    """Return the share of the rows of `X` within `max_distance` of a picked row, in 0..1.

    Examples
    --------
    >>> recall([[0.0], [1.0], [5.0], [9.0]], [1], max_distance=1.0)
    0.5
    """
    if not max_distance >= 0:
        raise ValueError(f"max_distance must be at least 0, got {max_distance}")
    return float((_nearest(X, indices) <= max_distance).mean())


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


def _nearest(X: ArrayLike, indices: Sequence[int] | IntArray) -> NDArray[np.float32]:
    """Return the distance (n,) from each row of `X` to its nearest picked row."""
    X = check_matrix(X)
    return neighbours(X[_rows(indices, len(X))], k=1, queries=X).distances[:, 0]


def _rows(indices: Sequence[int] | IntArray, n: int) -> IntArray:
    rows = np.asarray(indices, dtype=np.intp).reshape(-1)
    if len(rows) == 0 or not ((rows >= 0) & (rows < n)).all():
        raise ValueError(
            f"indices must name rows below {n}, at least one; got {rows[:10].tolist()}"
        )
    return rows
