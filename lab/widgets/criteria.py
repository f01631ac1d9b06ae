"""What the filter bench holds: criteria on a pool, as a mask and as the code of a cell.

A criterion is pure and needs no screen; `FilterBench` shows and changes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from lab.records import TEXTS

Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Criteria:
    """What a row must meet to be kept; an empty one keeps every row.

    Examples
    --------
    >>> Criteria(ranges={"words": (5, None)}, filters=("language",)).ranges["words"]
    (5, None)
    """

    ranges: Mapping[str, Range] = field(default_factory=dict)  # score -> lowest, highest
    filters: tuple[str, ...] = ()  # masks that are on
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column -> values
    search: str = ""  # in instruction, input or output, whatever the case
    regex: bool = False  # read `search` as a regular expression
    within: tuple[str, ...] | None = None  # ids, such as those inside a lasso

    def parts(self) -> list[tuple[str, str]]:
        """Return the criteria that are on, as (kind, name)."""
        found = [("range", name) for name, bounds in self.ranges.items() if bounds != (None, None)]
        found += [("filter", name) for name in self.filters]
        found += [("category", name) for name in self.categories]
        found += [("search", self.search)] if self.search else []
        return found + ([("within", "lasso")] if self.within is not None else [])

    def meets(
        self,
        part: tuple[str, str],
        pool: pd.DataFrame,
        scores: pd.DataFrame,
        masks: Mapping[str, "pd.Series[bool]"],
    ) -> "pd.Series[bool]":
        """Return which rows of `pool` meet one of `parts()`.

        A missing score does not meet a range. Raises `ValueError` for a broken pattern.
        """
        kind, name = part
        if kind == "range":
            low, high = self.ranges[name]
            values = scores[name]
            lowest = -np.inf if low is None else low
            return values.between(lowest, np.inf if high is None else high)
        if kind == "filter":
            return masks[name].loc[pool.index].astype(bool)
        if kind == "category":
            return pool[name].isin(self.categories[name])
        if kind == "search":
            return contains(pool, self.search, regex=self.regex)
        return pd.Series(pool.index.isin(self.within or ()), index=pool.index)

    def mask(
        self,
        pool: pd.DataFrame,
        scores: pd.DataFrame,
        masks: Mapping[str, "pd.Series[bool]"],
    ) -> "pd.Series[bool]":
        """Return which rows of `pool` meet all criteria."""
        keep = pd.Series(data=True, index=pool.index, name="keep")
        for part in self.parts():
            keep &= self.meets(part, pool, scores, masks)
        return keep

    def code(self) -> str:
        """Return the cell that does the same to `pool`, with `scores` and `masks` by name."""
        lines = [self._line(kind, name) for kind, name in self.parts()]
        head = "from lab.widgets import contains\n\n" if self.search else ""
        if not lines:
            return f"{head}keep = pd.Series(True, index=pool.index)\npool = pool[keep]\n"
        joined = "\n    & ".join(lines)
        return f"{head}keep = (\n    {joined}\n)\npool = pool[keep]\n"

    def plain(self) -> dict[str, Any]:
        """Return the criteria as plain values, for the record of a run."""
        return {
            "ranges": {name: list(bounds) for name, bounds in self.ranges.items()},
            "filters": list(self.filters),
            "categories": {name: list(values) for name, values in self.categories.items()},
            "search": self.search,
            "regex": self.regex,
            "within": None if self.within is None else list(self.within),
        }

    def _line(self, kind: str, name: str) -> str:
        if kind == "range":
            low, high = self.ranges[name]
            if high is None:
                return f"(scores[{name!r}] >= {low!r})"
            if low is None:
                return f"(scores[{name!r}] <= {high!r})"
            return f"scores[{name!r}].between({low!r}, {high!r})"
        if kind == "filter":
            return f"masks[{name!r}]"
        if kind == "category":
            return f"pool[{name!r}].isin({list(self.categories[name])!r})"
        if kind == "search":
            return f"contains(pool, {name!r}, regex={self.regex})"
        return f"pool.index.isin({list(self.within or ())!r})"


def contains(pool: pd.DataFrame, pattern: str, *, regex: bool = False) -> "pd.Series[bool]":
    """Tell which rows hold `pattern` in instruction, input or output, whatever the case.

    Parameters
    ----------
    pool : DataFrame
        A pool, or its three columns of text.
    pattern : str
        Plain text; "" is in every row.
    regex : bool
        Take it for a regular expression.

    Raises
    ------
    ValueError
        If the pattern is no regular expression.

    Examples
    --------
    >>> from lab import records
    >>> pool = records.frame([{"instruction": "Name a river.", "output": "The Elbe."}])
    >>> contains(pool, "elbe").tolist()
    [True]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    match = pc.match_substring_regex if regex else pc.match_substring
    found = np.zeros(len(pool), dtype=bool)
    for name in TEXTS:
        try:
            hits = match(pa.array(pool[name], type=pa.large_string()), pattern, ignore_case=True)
        except pa.ArrowInvalid as error:
            raise ValueError(f"pattern {pattern!r} is no regular expression: {error}") from error
        found |= hits.to_numpy(zero_copy_only=False).astype(bool)
    holds: pd.Series[bool] = pd.Series(found, index=pool.index, name="contains", dtype=bool)
    return holds
