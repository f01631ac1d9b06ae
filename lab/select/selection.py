"""What every selection method returns, and the checks that they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Selection:
    """Rows of a pool, in the order in which a method picked them.

    Examples
    --------
    >>> from lab import select
    >>> found = select.top([0.1, 0.9, 0.5, 0.7], 3)
    >>> found
    Selection(top: 3 of 4 rows)
    >>> found.first(2).indices.tolist()
    [1, 3]
    """

    indices: IntArray  # (k,) positions in the pool, no repeats
    trace: FloatArray  # (k,) the method's own objective after each pick
    n: int  # rows in the pool
    method: str
    params: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        return f"Selection({self.method}: {len(self)} of {self.n} rows)"

    def first(self, k: int) -> "Selection":
        """Return the selection for the smaller budget `k` (nested methods only)."""
        check_budget(k, len(self))
        params = {**self.params, "k": k}
        return replace(self, indices=self.indices[:k], trace=self.trace[:k], params=params)

    def take(self, pool: pd.DataFrame) -> pd.DataFrame:
        """Return the picked rows of the pool that was selected from, in the order of the picks.

        Raises
        ------
        ValueError
            If the pool has another number of rows, as a pool filtered in between has.

        Examples
        --------
        >>> picks = Selection(np.array([2, 0]), np.zeros(2), 3, "by_hand", {})
        >>> picks.take(pd.DataFrame({"output": ["a", "b", "c"]}))["output"].tolist()
        ['c', 'a']
        """
        self._check_rows(len(pool))
        return pool.iloc[self.indices]

    def ids(self, index: "pd.Index[Any]") -> "pd.Index[Any]":
        """Return the ids of the picked rows, in order, of the index of the pool selected from.

        Raises
        ------
        ValueError
            If the index has another number of rows.

        Examples
        --------
        >>> picks = Selection(np.array([2, 0]), np.zeros(2), 3, "by_hand", {})
        >>> picks.ids(pd.Index(["x", "y", "z"])).tolist()
        ['z', 'x']
        """
        self._check_rows(len(index))
        return index[self.indices]

    def _check_rows(self, rows: int) -> None:
        if rows != self.n:
            raise ValueError(f"a selection from {self.n} rows cannot be applied to {rows} rows")


def check_shape(X: ArrayLike, name: str = "X") -> FloatArray:
    """Return `X` as a float array (n, d), n and d at least 1, or raise ValueError naming `name`."""
    array = np.asarray(X)
    if array.ndim != 2:
        raise ValueError(
            f"{name} must have 2 dimensions (examples, features), got shape {array.shape}"
        )
    if 0 in array.shape:
        raise ValueError(f"{name} must have rows and columns, got shape {array.shape}")
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    return array


def check_matrix(X: ArrayLike, name: str = "X") -> FloatArray:
    """Return `X` as a finite float array (n, d), or raise ValueError naming `name`."""
    array = check_shape(X, name)
    if not np.isfinite(array.sum()):  # one pass; overflow of a finite sum is settled below
        finite = np.isfinite(array).all(axis=1)
        if not finite.all():
            bad = np.flatnonzero(~finite)
            raise ValueError(
                f"{name} must be finite, but {len(bad)} rows are not, the first is row {bad[0]}"
            )
    return array


def check_scores(scores: ArrayLike, n: int | None = None) -> FloatArray:
    """Return `scores` as a float array (n,) without infinities, or raise ValueError."""
    array = np.asarray(scores, dtype=np.float64)
    if array.ndim != 1 or (n is not None and len(array) != n):
        wanted = "(rows,)" if n is None else f"({n},)"
        raise ValueError(f"scores must have shape {wanted}, got shape {array.shape}")
    if np.isinf(array).any():
        bad = np.flatnonzero(np.isinf(array))
        raise ValueError(
            f"scores must be finite or NaN, but {len(bad)} are not, the first is row {bad[0]}"
        )
    return array


def check_rows(rows: Sequence[int] | IntArray, n: int, name: str) -> IntArray:
    """Return `rows` as distinct positions below `n`, or raise ValueError naming `name`."""
    array = np.asarray(rows, dtype=np.intp).reshape(-1)
    if len(np.unique(array)) != len(array) or not ((array >= 0) & (array < n)).all():
        raise ValueError(f"{name} must name distinct rows below {n}, got {array.tolist()[:10]}")
    return array


def check_budget(k: int, available: int) -> None:
    """Raise ValueError unless 1 <= k <= available."""
    if not 1 <= k <= available:
        raise ValueError(f"k must be between 1 and the {available} rows available, got {k}")


def by_score(scores: FloatArray) -> IntArray:
    """Return the rows with a score, highest first, ties to the lower row; NaN is left out."""
    order = np.argsort(-scores, kind="stable")
    return order[: int((~np.isnan(scores)).sum())]
