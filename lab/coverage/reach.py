"""How near the picks of a subset come to each row of a pool: covered, thin or missed.

The scale is that of a random subset of the same size: a row is covered if a pick lies as near as a
random subset lies to half of the rows, and missed if none lies as near as it does to nineteen in
twenty. Distances are of the embedding, never of the map.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lab.coverage.measures import nearest
from lab.coverage.neighbours import check_matrix, check_rows

STATES = ("covered", "thin", "missed")
NEAR, FAR = 0.5, 0.95  # quantiles of the distances to a random subset


@dataclass(frozen=True, eq=False)
class Reach:
    """How near a subset comes to each row of a pool, and where the lines are drawn.

    Examples
    --------
    >>> from lab import coverage
    >>> found = coverage.reach([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], [0])
    >>> found.rows.columns.tolist()
    ['distance', 'state', 'picked']
    """

    rows: pd.DataFrame  # on the pool's index: distance, state ("covered" …), picked (bool)
    near: float  # covered up to this distance
    far: float  # missed beyond this distance

    def shares(self) -> "pd.Series[float]":
        """Return the share of the rows in each state, which add up to 1."""
        counts = self.rows["state"].value_counts(normalize=True)
        return counts.reindex(list(STATES), fill_value=0.0)

    def __repr__(self) -> str:
        said = ", ".join(f"{share:.1%} {state}" for state, share in self.shares().items())
        return f"Reach({int(self.rows['picked'].sum())} picks of {len(self.rows)} rows: {said})"


def reach(
    X: ArrayLike,
    indices: Sequence[int] | NDArray[np.integer[Any]],
    *,
    limits: tuple[float, float] | None = None,
    seed: int = 0,
) -> Reach:
    """Tell which rows of a pool a subset covers, covers thinly, or misses.

    Parameters
    ----------
    X : float (n, d)
        The embedding of the pool.
    indices : sequence of int
        The picked rows.
    limits : two float, optional
        Distances up to which a row is covered, and beyond which it is missed; by default the median
        and the 95 % quantile of the distances to a random subset of the same size.
    seed : int
        Of that subset: the same for all subsets of one size, so that they share a scale.

    Raises
    ------
    ValueError
        If `X` is not finite, a pick is no row of it, or the limits do not rise.

    Examples
    --------
    >>> reach([[0.0], [1.0], [2.0], [9.0]], [0], limits=(1.0, 5.0))
    Reach(1 picks of 4 rows: 50.0% covered, 25.0% thin, 25.0% missed)
    """
    matrix = check_matrix(X)
    picks = check_rows(indices, len(matrix))
    if limits is None:
        drawn = np.random.default_rng(seed).permutation(len(matrix))[: len(np.unique(picks))]
        low, high = np.quantile(nearest(matrix, drawn), [NEAR, FAR])
        limits = (float(low), float(max(high, low)))
    near, far = limits
    if not 0 <= near <= far:
        raise ValueError(f"limits must rise from at least 0, got {near} and {far}")
    away = nearest(matrix, picks).astype(np.float64)
    code = (away > near).astype(int) + (away > far)
    index = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(matrix))
    picked = np.zeros(len(matrix), dtype=bool)
    picked[picks] = True
    rows = pd.DataFrame(
        {"distance": away, "state": np.array(STATES)[code], "picked": picked}, index=index
    )
    return Reach(rows, near, far)


def by_cluster(labels: "pd.Series[int]", reached: Mapping[str, Reach]) -> pd.DataFrame:
    """Count for each cluster how many rows each subset picks from it, and what share it misses.

    Parameters
    ----------
    labels : Series of int
        Cluster of each row of the pool, -1 for none.
    reached : mapping
        Name of a subset to its reach, on the index of `labels`.

    Returns
    -------
    DataFrame
        One row for each cluster, on the sorted labels: `size`, and for each subset
        "<name>: picks" and "<name>: missed" (share of the cluster's rows, 0..1; lower is better).

    Raises
    ------
    ValueError
        If an index differs.

    Examples
    --------
    >>> X, labels = [[0.0], [1.0], [9.0]], pd.Series([0, 0, 1])
    >>> by_cluster(labels, {"one": reach(X, [0], limits=(1.0, 5.0))})["one: missed"].tolist()
    [0.0, 1.0]
    """
    inside = labels[labels >= 0]
    table = pd.DataFrame({"size": inside.groupby(inside).size()})
    for name, found in reached.items():
        if not found.rows.index.equals(labels.index):
            raise ValueError(f"{name!r} must be on the index of labels, got another")
        rows = found.rows[labels >= 0]
        table[f"{name}: picks"] = rows["picked"].groupby(inside).sum().astype(int)
        table[f"{name}: missed"] = (rows["state"] == "missed").groupby(inside).mean()
    table.index.name = "cluster"
    return table
