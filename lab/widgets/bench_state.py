"""What the filter bench knows: which rows of a pool meet which criteria, with undo; no screen.

Only what changed is computed again: each criterion keeps the rows that do not meet it, and a count
per row of how many it does not meet.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.widgets.criteria import Criteria
from lab.widgets.scale import Bits, Scale


class BenchState:
    """A pool, its scores and masks, the present criteria, and what they drop.

    Parameters
    ----------
    pool : DataFrame
        The pool; nothing in it is changed.
    scores : DataFrame or mapping of Series
        Numbers per row.
    masks : mapping of Series
        Filters, True = keep.
    categories : sequence of str
        Columns of `pool`.

    Raises
    ------
    ValueError
        If a score or a mask misses rows of the pool, or a category is no column of it.

    Examples
    --------
    >>> frame = pd.DataFrame({"source": ["a", "b", "b"]})
    >>> state = BenchState(frame, {"worth": pd.Series([1.0, 2.0, 3.0])}, {}, ["source"])
    >>> state.set(Criteria(ranges={"worth": (2.0, None)}, categories={"source": ("b",)}))
    >>> state.kept.tolist(), state.reasons()
    ([False, True, True], [('worth', 1, 0), ('source', 1, 0)])
    """

    def __init__(
        self,
        pool: pd.DataFrame,
        scores: "pd.DataFrame | Mapping[str, pd.Series[float]]",
        masks: "Mapping[str, pd.Series[bool]]",
        categories: "tuple[str, ...] | list[str]",
    ) -> None:
        self.pool = pool
        self.scores = _aligned(pool, scores)
        self.masks = {name: _series(pool, name, mask) for name, mask in masks.items()}
        for name in categories:
            if name not in pool.columns:
                raise ValueError(f"categories must be columns of the pool, got {name!r}")
        self.categories = tuple(categories)
        self.scales = {str(name): Scale(self.scores[name]) for name in self.scores}
        self.criteria = Criteria()
        self.done: list[Criteria] = []  # what `undo` goes back to
        self.undone: list[Criteria] = []
        self._fails: dict[tuple[str, str], Bits] = {}
        self._failed = np.zeros(len(pool), dtype=np.int16)  # criteria that each row does not meet

    @property
    def kept(self) -> Bits:
        """Return which rows meet all criteria."""
        return np.asarray(self._failed == 0)

    def set(self, criteria: Criteria) -> None:
        """Put `criteria` in place of the present ones; `undo` takes them back.

        Raises
        ------
        ValueError
            If they name a score, filter or category that is not here.
        """
        unknown = [name for name in criteria.ranges if name not in self.scores.columns]
        unknown += [name for name in criteria.filters if name not in self.masks]
        unknown += [name for name in criteria.categories if name not in self.categories]
        if unknown:
            raise ValueError(f"the bench has no score, filter or category named {unknown[0]!r}")
        self.remember(self.criteria)
        self.put(criteria)

    def remember(self, criteria: Criteria) -> None:
        """Make `criteria` what the next `undo` goes back to."""
        self.done.append(criteria)
        self.undone.clear()

    def undo(self) -> bool:
        """Take the last change back; tell whether there was one."""
        if not self.done:
            return False
        self.undone.append(self.criteria)
        self.put(self.done.pop())
        return True

    def redo(self) -> bool:
        """Make the change again that was last taken back; tell whether there was one."""
        if not self.undone:
            return False
        self.done.append(self.criteria)
        self.put(self.undone.pop())
        return True

    def put(self, criteria: Criteria) -> None:
        """Take over `criteria`, computing again only what changed."""
        before, self.criteria = self.criteria, criteria
        wanted = criteria.parts()
        for part in [part for part in self._fails if part not in wanted]:
            self._failed -= self._fails.pop(part)
        for part in wanted:
            if part not in self._fails or _setting(before, part) != _setting(criteria, part):
                meets = criteria.meets(part, self.pool, self.scores, self.masks)
                fails = ~np.asarray(meets, dtype=bool)
                if part in self._fails:
                    self._failed -= self._fails[part]
                self._fails[part] = fails
                self._failed += fails

    def reasons(self) -> list[tuple[str, int, int]]:
        """Return each criterion, how many rows do not meet it, and how many meet all others."""
        once = self._failed == 1
        return [
            (
                name if kind in ("range", "filter", "category") else f"{kind} {name!r}",
                int(np.count_nonzero(fails)),
                int(np.count_nonzero(fails & once)),
            )
            for (kind, name), fails in self._fails.items()
        ]

    def borderline(self, score: str, count: int) -> NDArray[np.intp]:
        """Return the places of the `count` rows nearest to the bounds set on `score`."""
        low, high = self.criteria.ranges.get(score, (None, None))
        bounds = [bound for bound in (low, high) if bound is not None]
        if not bounds:
            return np.empty(0, dtype=np.intp)
        values = self.scores[score].to_numpy(dtype=float)
        distance = np.min([np.abs(values - bound) for bound in bounds], axis=0)
        distance = np.where(np.isnan(distance), np.inf, distance)
        nearest = np.argpartition(distance, min(count, len(distance) - 1))[:count]
        return nearest[np.lexsort((nearest, distance[nearest]))]

    def misses(self, place: int) -> list[str]:
        """Return the criteria that one row does not meet."""
        return [" ".join(part) for part, fails in self._fails.items() if fails[place]]


def _setting(criteria: Criteria, part: tuple[str, str]) -> object:
    kind, name = part
    if kind == "range":
        return criteria.ranges.get(name)
    if kind == "category":
        return criteria.categories.get(name)
    return (criteria.search, criteria.regex) if kind == "search" else criteria.within


def _aligned(
    pool: pd.DataFrame, scores: pd.DataFrame | Mapping[str, "pd.Series[float]"]
) -> pd.DataFrame:
    given = {str(name): values for name, values in scores.items()}
    columns = {name: _series(pool, name, values) for name, values in given.items()}
    return pd.DataFrame(columns, index=pool.index)


def _series(pool: pd.DataFrame, name: str, values: "pd.Series[Any]") -> "pd.Series[Any]":
    if values.index.equals(pool.index):
        return values
    missing = pool.index.difference(values.index)
    if len(missing):
        raise ValueError(f"{name!r} misses {len(missing)} rows of the pool, the first {missing[0]}")
    return values.loc[pool.index]
