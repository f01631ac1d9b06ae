"""Rate examples from 0 to 5 in half steps, by keyboard alone; each rating is written at once."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lab import records
from lab.widgets.annotator import Annotator

RATINGS = tuple(half / 2 for half in range(11))


class Rater(Annotator):
    """Ask one person for ratings of examples.

    Keys: 0 to 5 rates, with Shift half a step more; arrows choose and Enter rates; R for a reason,
    S skips, U takes the last answer back. What was answered is not asked again after a restart.

    Parameters
    ----------
    pool : DataFrame
        The examples.
    rater : str
        Who rates; several raters may share a file.
    file : Path, optional
        The journal, JSONL of id, rater, rating (None if skipped), reason, seconds and at;
        `human/ratings.jsonl` in the data folder by default.
    seed : int, optional
        Draws the order; without it, the pool's.

    Raises
    ------
    ValueError
        If `rater` is empty.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> pool = records.frame([{"instruction": "Name a colour.", "output": "Red."}])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rate = Rater(pool, rater="ana", file=Path(folder) / "r.jsonl")
    ...     rate.rate(4.5)
    ...     rate
    Rater(ana: 1 of 1 answered)
    """

    form, journal = "rate", "ratings.jsonl"
    fields = ("rating",)

    @property
    def ratings(self) -> pd.DataFrame:
        """Return all ratings of these examples in the file, whoever gave them, one row each."""
        return self._answers().astype({"rating": float})

    def rate(self, rating: float, reason: str = "") -> None:
        """Write a rating of the example that is shown, 0 to 5 in half steps."""
        if rating not in RATINGS:
            raise ValueError(f"rating must be 0 to 5 in half steps, got {rating}")
        self._write(rating=float(rating), reason=reason)

    def _take(self, message: Mapping[str, Any], reason: str) -> None:
        self.rate(float(message["rating"]), reason)

    def _asked(self, key: str) -> dict[str, Any]:
        talk = records.conversation(self._row(key))
        return {"turns": [[turn["role"], turn["content"]] for turn in talk]}

    def _summary(self) -> list[str]:
        table = self.ratings.dropna(subset="rating").drop_duplicates(["id", "rater"], keep="last")
        by_rater = table.groupby("rater")["rating"].agg(["size", "mean"])
        lines = [
            f"{name}: {int(row['size'])} ratings, {row['mean']:.2f} on average"
            for name, row in by_rater.iterrows()
        ]
        wide = table.pivot_table(index="id", columns="rater", values="rating").dropna()
        if wide.shape[1] > 1 and len(wide):
            gap = (wide.max(axis=1) - wide.min(axis=1)).mean()
            lines.append(f"{len(wide)} rated by all, {gap:.2f} apart on average")
        return lines
