"""Rate examples from 0 to 5 in half steps, by keyboard alone; each rating is written at once."""

import html
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from lab import paths, records
from lab.widgets import front, journal
from lab.widgets.journal import Journal

RATINGS = tuple(half / 2 for half in range(11))


class Panel(anywidget.AnyWidget):
    """The part of the rater that lives in the browser; `Rater` speaks to it."""

    _esm = front.script("rater")
    _css = front.STYLE
    card = traitlets.Dict().tag(sync=True)


class Rater:
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
    """

    def __init__(
        self, pool: pd.DataFrame, *, rater: str, file: Path | None = None, seed: int | None = None
    ) -> None:
        self._pool = pool
        self.file = paths.human() / "ratings.jsonl" if file is None else Path(file)
        self._journal = Journal(
            [str(key) for key in pool.index], rater=rater, file=self.file, seed=seed
        )
        self.panel = Panel()
        self.panel.on_msg(lambda _widget, message, _buffers: self._hear(message))
        self._show()

    @property
    def ratings(self) -> pd.DataFrame:
        """Return what all raters of the file said of these examples, one row per answer."""
        columns = ["id", "rater", "rating", "reason", "seconds", "at"]
        lines = [line for line in journal.read(self.file) if line.get("id") in self._pool.index]
        return pd.DataFrame(lines, columns=columns).astype({"rating": float})

    def rate(self, rating: float, reason: str = "") -> None:
        """Write a rating of the example that is shown, 0 to 5 in half steps."""
        if rating not in RATINGS:
            raise ValueError(f"rating must be 0 to 5 in half steps, got {rating}")
        self._journal.answer(rating=float(rating), reason=reason)
        self._show()

    def skip(self, reason: str = "") -> None:
        """Pass over the example that is shown; this is written down too."""
        self._journal.answer(rating=None, reason=reason)
        self._show()

    def undo(self) -> None:
        """Take the last answer back and ask again."""
        self._journal.undo()
        self._show()

    def _hear(self, message: Mapping[str, Any]) -> None:
        kind, reason = message.get("kind"), str(message.get("reason", ""))
        if kind == "undo":
            self.undo()
        elif message.get("id") != self._journal.now:  # a key pressed twice before the answer came
            self._show()
        elif kind == "rate":
            self.rate(float(message["rating"]), reason)
        elif kind == "skip":
            self.skip(reason)

    def _show(self) -> None:
        key = self._journal.now
        done, total = len(self._journal.ids) - self._journal.left, len(self._journal.ids)
        card: dict[str, Any] = {"id": key, "done": done, "total": total, "undo": bool(done)}
        if key is not None:
            talk = records.conversation(_plain(self._pool, key))
            turns = [[turn["role"], turn["content"]] for turn in talk]
            card |= {"turns": turns}
        else:
            card |= {"summary": self._summary()}
        self.panel.card = card

    def _summary(self) -> list[str]:
        """Return what was said, and where raters differ, in lines to read."""
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

    def _repr_mimebundle_(self, **words: Any) -> Any:
        if os.environ.get("WINNOW_REPORT"):
            lines = "".join(f"<li>{html.escape(line)}</li>" for line in self._summary())
            return {"text/html": f"<p>{html.escape(repr(self))}</p><ul>{lines}</ul>"}
        return self.panel._repr_mimebundle_(**words)

    def __repr__(self) -> str:
        total = len(self._journal.ids)
        return f"Rater({self._journal.rater}: {total - self._journal.left} of {total} answered)"


def _plain(pool: pd.DataFrame, key: str) -> dict[str, Any]:
    return {str(name): value for name, value in pool.loc[key].to_dict().items()}
