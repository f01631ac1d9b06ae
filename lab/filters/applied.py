"""Filters applied to a pool: the rows that are kept, and the others with what rejects them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from lab.filters import tally as tallies


@dataclass(frozen=True, eq=False)
class Filtered:
    """Kept and rejected rows; `len(pool)` + `len(rejected)` is the number of rows, always.

    Examples
    --------
    >>> from lab import filters
    >>> pool = pd.DataFrame({"output": {"x": "Yes.", "y": ""}})
    >>> done = filters.apply(pool, {"length": filters.length(pool)})
    >>> done.reasons().to_dict()
    {'y': 'length'}
    """

    pool: pd.DataFrame  # the rows that every filter keeps
    rejected: pd.DataFrame  # the others; `rejected_by` names the first filter that rejects a row
    masks: dict[str, "pd.Series[bool]"]

    def __repr__(self) -> str:
        kept, out = len(self.pool), len(self.rejected)
        return f"Filtered({kept + out:,} rows: {kept:,} kept, {out:,} rejected)"

    def reasons(self) -> "pd.Series[str]":
        """Return, for each rejected row, all the filters that reject it, in order."""
        out = ~pd.DataFrame(self.masks).loc[self.rejected.index]
        named = [", ".join(out.columns[row]) for row in out.to_numpy()]
        return pd.Series(named, index=out.index, name="reasons", dtype="str")

    def tally(self) -> pd.DataFrame:
        """Count what each filter rejects, as `lab.filters.tally` does."""
        return tallies.tally(self.masks)

    def explain(
        self, id: str, *, evidence: Mapping[str, "pd.Series[str] | pd.DataFrame"] | None = None
    ) -> pd.DataFrame:
        """Tell why one example is in or out, as `lab.filters.explain` does."""
        return tallies.explain(self.masks, id, evidence=evidence)


def apply(pool: pd.DataFrame, masks: Mapping[str, "pd.Series[bool]"]) -> Filtered:
    """Part a pool by the masks of its filters.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id.
    masks : mapping of name to Series of bool
        What the filters returned for this pool, True = keep, in the order in which they apply.

    Raises
    ------
    ValueError
        If there is no mask, or a mask is not bool or not over the rows of this pool.

    Examples
    --------
    >>> from lab import filters
    >>> pool = pd.DataFrame({"output": {"x": "Yes.", "y": "", "z": "So it is."}})
    >>> empty, short = filters.length(pool), filters.length(pool, min_words=2)
    >>> done = apply(pool, {"empty": empty, "short": short})
    >>> done
    Filtered(3 rows: 1 kept, 2 rejected)
    >>> done.rejected["rejected_by"].tolist(), done.reasons().tolist()
    (['short', 'empty'], ['short', 'empty, short'])
    """
    index = tallies.over(masks)
    if not index.equals(pool.index):
        raise ValueError("the masks are over other rows than the pool's, or in another order")
    table = pd.DataFrame(dict(masks))
    keep = table.all(axis=1)
    out = pool[~keep]
    first = table.columns.to_numpy()[table[~keep].to_numpy().argmin(axis=1)]
    rejected = out.assign(rejected_by=pd.Series(first, index=out.index, dtype="str"))
    return Filtered(pool[keep], rejected, dict(masks))
