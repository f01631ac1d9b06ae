"""What a subset does not reach, and how two pools lie to each other."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lab.coverage.clusters import by_size
from lab.coverage.neighbours import check_matrix, neighbours
from lab.coverage.project import project

QUANTILE = 0.95  # of the distances inside the subset: what lies further off is not reached


@dataclass(frozen=True, eq=False)
class Gaps:
    """The rows of a reference that a subset does not reach, and the regions they form.

    Examples
    --------
    >>> found = gaps([[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], max_distance=0.5)
    >>> len(found.rows), len(found.regions), found.max_distance
    (2, 1, 0.5)
    """

    rows: pd.DataFrame  # index of the reference; distance, reached (bool), region (-1: reached)
    regions: pd.DataFrame  # index region; size, distance (mean), centre (id of the middle row)
    max_distance: float  # further than this is not reached

    def __repr__(self) -> str:
        missed = int((~self.rows["reached"]).sum())
        return f"Gaps({missed} of {len(self.rows)} rows in {len(self.regions)} regions)"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two pools on one map, and how far each reaches the other.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> rows = np.random.default_rng(0).normal(size=(60, 4))
    >>> X = pd.DataFrame(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    >>> compare(X.iloc[:30], X.iloc[30:], names=("old", "new")).places["pool"].unique().tolist()
    ['old', 'new']
    """

    places: pd.DataFrame  # x, y, pool (name), distance (to the nearest row of the other pool)
    reached: "pd.Series[float]"  # name -> share of its rows that the other pool reaches, 0..1
    max_distance: float


def gaps(
    subset: ArrayLike,
    reference: ArrayLike,
    *,
    max_distance: float | None = None,
    min_size: int = 1,
) -> Gaps:
    """Find the regions of a reference, such as test prompts, that a subset does not reach.

    A row is reached if some subset row lies within `max_distance` of it. Rows that are not are
    joined into regions where they lie within `max_distance` of each other.

    Parameters
    ----------
    subset : float (m, d)
        At least two rows.
    reference : float (n, d)
        In the same embedding.
    max_distance : float, optional
        By default the distance within which 95 % of the subset's rows have another one.
    min_size : int
        Fewest rows of a region; smaller ones are not listed, though their rows stay unreached,
        with region -2.

    Raises
    ------
    ValueError
        If a matrix is not finite, or `max_distance` or `min_size` is out of range.

    Examples
    --------
    >>> found = gaps([[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [0.1, 0.99]], max_distance=0.5)
    >>> found.rows["reached"].tolist(), len(found.regions)
    ([True, False, False], 1)
    """
    inside, outside = check_matrix(subset, "subset"), check_matrix(reference, "reference")
    limit = _own_distance(inside) if max_distance is None else max_distance
    if not limit >= 0 or min_size < 1:
        raise ValueError(
            f"max_distance must be at least 0 and min_size at least 1, got {limit} and {min_size}"
        )
    distance = neighbours(inside, k=1, queries=outside).distances[:, 0]
    index = reference.index if isinstance(reference, pd.DataFrame) else pd.RangeIndex(len(outside))
    missed = np.flatnonzero(distance > limit)
    region = np.full(len(outside), -1)
    if len(missed):
        region[missed] = _regions(outside[missed], limit, min_size)
    rows = pd.DataFrame(
        {"distance": distance, "reached": distance <= limit, "region": region}, index=index
    )
    found = [label for label in np.unique(region) if label >= 0]
    regions = pd.DataFrame(
        {
            "size": [int((region == label).sum()) for label in found],
            "distance": [float(distance[region == label].mean()) for label in found],
            "centre": [index[_middle(outside, region == label)] for label in found],
        },
        index=pd.Index(found, name="region"),
    )
    return Gaps(rows, regions, float(limit))


def compare(
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    names: tuple[str, str] = ("first", "second"),
    max_distance: float | None = None,
    seed: int = 0,
) -> Comparison:
    """Lay two pools on one map and count what each reaches of the other.

    Parameters
    ----------
    first, second : DataFrame (n, d), (m, d)
        Two embeddings by the same encoder.
    names : two str
        What to call them.
    max_distance : float, optional
        Within which a row counts as reached; by default that within which 95 % of the rows of
        the reaching pool have another one of their own pool.
    seed : int
        Of the map.

    Raises
    ------
    ValueError
        If the columns differ in number or the names are the same.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> rows = np.random.default_rng(0).normal(size=(60, 4))
    >>> X = pd.DataFrame(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    >>> compare(X.iloc[:30], X.iloc[30:], max_distance=2.0).reached.tolist()
    [1.0, 1.0]
    """
    one, two = check_matrix(first, "first"), check_matrix(second, "second")
    if one.shape[1] != two.shape[1] or names[0] == names[1]:
        raise ValueError(
            f"the pools must have as many columns and other names, got {one.shape[1]} and "
            f"{two.shape[1]} columns, {names[0]!r} and {names[1]!r}"
        )
    limits = [_own_distance(pool) if max_distance is None else max_distance for pool in (two, one)]
    to_two = neighbours(two, k=1, queries=one).distances[:, 0]
    to_one = neighbours(one, k=1, queries=two).distances[:, 0]
    places = project(np.vstack([one, two]), seed=seed)
    places.index = first.index.append(second.index)
    places["pool"] = [names[0]] * len(one) + [names[1]] * len(two)
    places["distance"] = np.concatenate([to_two, to_one])
    shares = [float((to_two <= limits[0]).mean()), float((to_one <= limits[1]).mean())]
    return Comparison(places, pd.Series(shares, index=list(names)), float(max(limits)))


def _own_distance(X: NDArray[np.floating]) -> float:
    """Return the distance within which 95 % of the rows have another row."""
    if len(X) < 2:
        raise ValueError(f"at least 2 rows are needed to take a distance from, got {len(X)}")
    return float(np.quantile(neighbours(X, k=1).distances[:, 0], QUANTILE))


def _regions(X: NDArray[np.floating], limit: float, min_size: int) -> NDArray[np.intp]:
    """Label the parts of `X` joined by steps of at most `limit`; -2 for the small ones."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if len(X) == 1:
        part = np.zeros(1, dtype=np.intp)
    else:
        near = neighbours(X, k=min(15, len(X) - 1))
        rows, places = np.nonzero(near.distances <= limit)
        ones = np.ones(len(rows))
        joined = coo_matrix((ones, (rows, near.indices[rows, places])), shape=(len(X), len(X)))
        part = connected_components(joined, directed=False)[1]
    size = np.bincount(part)
    kept = np.where(size[part] >= min_size, part, -1)
    labels = by_size(kept)
    return np.where(labels < 0, -2, labels)


def _middle(X: NDArray[np.floating], inside: NDArray[np.bool_]) -> int:
    rows = np.flatnonzero(inside)
    away = X[rows] - X[rows].mean(axis=0)
    return int(rows[np.argmin(np.einsum("nd,nd->n", away, away))])
