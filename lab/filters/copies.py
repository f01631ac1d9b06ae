"""What a filter of copies found: who is kept, what each rejected row is a copy of, other limits."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.filters import text

Positions = NDArray[np.integer[Any]]


class Search(Protocol):
    """Texts or vectors made ready to be compared, so that another limit needs no second reading."""

    @property
    def texts(self) -> list[str]:
        """What is compared, for people to read: seeds, if there are any, and then the pool."""

    def decide(self, limit: float) -> Positions:
        """Return for each row of the pool the place in `texts` of one that rejects it, or -1."""

    def closest(self, blocker: Positions, rows: Positions) -> tuple[Positions, NDArray[Any]]:
        """Return for these rejected rows the closest kept one, and their similarity."""


@dataclass(frozen=True, eq=False)
class Copies:
    """Which rows a filter of copies keeps, and what the others are copies of.

    Examples
    --------
    >>> from lab import filters
    >>> tasks = {"x": "Name a red fruit.", "y": "Name a red fruit!", "z": "Name one red fruit"}
    >>> pool = pd.DataFrame({"instruction": tasks})
    >>> found = filters.copies_by_novelty(pool, max_similarity=0.7)
    >>> found
    Copies(3 rows: 1 kept, 2 rejected as more similar than 0.7)
    >>> found.least_similar(1)[["similarity", "nearest"]].values.tolist()
    [[0.75, 'x']]
    >>> found.at(0.8).keep.tolist()
    [True, False, True]
    """

    pool: pd.DataFrame
    keep: "pd.Series[bool]"  # the mask that the filter of the same kind returns
    max_similarity: float
    _blocker: Positions
    _search: Search

    def __repr__(self) -> str:
        kept = int(self.keep.sum())
        count = f"{len(self.keep):,} rows: {kept:,} kept, {len(self.keep) - kept:,} rejected"
        return f"Copies({count} as more similar than {self.max_similarity:g})"

    @property
    def kept(self) -> pd.DataFrame:
        """The rows of the pool that stay."""
        return self.pool[self.keep]

    def at(self, max_similarity: float) -> "Copies":
        """Decide again under another limit; nothing is read, cut into words or embedded again."""
        return search(self.pool, self._search, max_similarity)

    def closest(self, ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Return what each rejected row is a copy of.

        Parameters
        ----------
        ids : iterable of ids, optional
            The rejected rows to ask about; all of them if not given.

        Returns
        -------
        DataFrame
            Indexed by id: `similarity` to the closest kept row; `nearest` its id, "" if it is a
            seed; `text` its text.

        Raises
        ------
        KeyError
            If one of the ids is not that of a rejected row.
        """
        out = self.pool.index[~self.keep]
        wanted = out if ids is None else pd.Index(list(ids), name=self.pool.index.name)
        known = wanted.isin(out)
        if not known.all():
            raise KeyError(f"no rejected row {str(wanted[int(np.argmin(known))])!r}")
        positions = self.pool.index.get_indexer(wanted).astype(np.intp)
        found, similarity = self._search.closest(self._blocker, positions)
        texts = self._search.texts
        names = [""] * (len(texts) - len(self.pool)) + [str(key) for key in self.pool.index]
        columns = {
            "similarity": similarity,
            "nearest": pd.array([names[at] for at in found], dtype="str"),
            "text": pd.array([texts[at] for at in found], dtype="str"),
        }
        return pd.DataFrame(columns, index=wanted)

    def least_similar(self, most: int = 10) -> pd.DataFrame:
        """Return the rejected rows that are closest to being kept: read these to judge the limit.

        The columns of `closest`, least similar first, and `rejected`, the text of the row itself.
        """
        near = self.closest().sort_values("similarity", kind="stable").head(most)
        texts = self._search.texts[-len(self.pool) :]
        own = [texts[at] for at in self.pool.index.get_indexer(near.index)]
        return near.assign(rejected=pd.array(own, dtype="str"))


def search(pool: pd.DataFrame, prepared: Search, limit: float) -> Copies:
    """Decide under a limit."""
    blocker = prepared.decide(limit)
    return Copies(pool, text.flags(blocker < 0, pool.index), float(limit), blocker, prepared)
