"""Judge pairs of answers blindly, by keyboard alone; each verdict is written at once."""

import html
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import pandas as pd
import traitlets

from lab import hashing, paths, records
from lab.widgets import front, journal
from lab.widgets.journal import Journal

SIDES = {"left": 0, "right": 1}


class Panel(anywidget.AnyWidget):
    """The part of the duel that lives in the browser; `Duel` speaks to it."""

    _esm = front.script("duel")
    _css = front.STYLE
    card = traitlets.Dict().tag(sync=True)


class Duel:
    """Ask one person which of two answers is better, without saying whose they are.

    Keys: 1 or left, 2 or right, 0 or down for a tie; R for a reason, S skips, U takes the last
    verdict back. Which answer stands on the left is drawn for each pair, the same for all raters
    with the same `seed`.

    Parameters
    ----------
    prompts : DataFrame
        A pool; its prompts are shown above the answers.
    a, b : Series of str
        The answers of two systems, on an index that holds that of `prompts`.
    rater : str
        Who judges; several raters may share a file.
    file : Path, optional
        The journal, JSONL of id, rater, first ("a" or "b", shown on the left), verdict ("a", "b",
        "tie", or None if skipped), reason, seconds and at; `human/duels.jsonl` in the data folder
        by default.
    seed : int
        Draws the order of the pairs and the sides.
    """

    def __init__(
        self,
        prompts: pd.DataFrame,
        a: "pd.Series[str]",
        b: "pd.Series[str]",
        *,
        rater: str,
        file: Path | None = None,
        seed: int = 0,
    ) -> None:
        for name, answers in (("a", a), ("b", b)):
            missing = prompts.index.difference(answers.index)
            if len(missing):
                raise ValueError(f"{name} misses {len(missing)} prompts, the first {missing[0]}")
        self._prompts, self._answers, self._seed = prompts, {"a": a, "b": b}, seed
        self.file = paths.human() / "duels.jsonl" if file is None else Path(file)
        ids = [str(key) for key in prompts.index]
        self._journal = Journal(ids, rater=rater, file=self.file, seed=seed)
        self.panel = Panel()
        self.panel.on_msg(lambda _widget, message, _buffers: self._hear(message))
        self._show()

    @property
    def verdicts(self) -> pd.DataFrame:
        """Return what all raters of the file said of these pairs, one row per answer."""
        columns = ["id", "rater", "first", "verdict", "reason", "seconds", "at"]
        lines = [line for line in journal.read(self.file) if line.get("id") in self._prompts.index]
        return pd.DataFrame(lines, columns=columns)

    def choose(self, side: str, reason: str = "") -> None:
        """Write a verdict on the pair that is shown: "left", "right" or "tie"."""
        if side not in (*SIDES, "tie"):
            raise ValueError(f"side must be left, right or tie, got {side!r}")
        key = self._journal.now
        if key is not None:
            order = self._order(key)
            verdict = "tie" if side == "tie" else order[SIDES[side]]
            self._journal.answer(first=order[0], verdict=verdict, reason=reason)
            self._show()

    def skip(self, reason: str = "") -> None:
        """Pass over the pair that is shown; this is written down too."""
        key = self._journal.now
        if key is not None:
            self._journal.answer(first=self._order(key)[0], verdict=None, reason=reason)
            self._show()

    def undo(self) -> None:
        """Take the last verdict back and ask again."""
        self._journal.undo()
        self._show()

    def _order(self, key: str) -> tuple[str, str]:
        """Return which system stands on the left and which on the right."""
        drawn = int(hashing.digest([self._seed, key], digits=8), 16)
        return ("a", "b") if np.random.default_rng(drawn).random() < 0.5 else ("b", "a")

    def _hear(self, message: Mapping[str, Any]) -> None:
        kind, reason = message.get("kind"), str(message.get("reason", ""))
        if kind == "undo":
            self.undo()
        elif message.get("id") != self._journal.now:  # a key pressed twice before the answer came
            self._show()
        elif kind == "choose":
            self.choose(str(message["side"]), reason)
        elif kind == "skip":
            self.skip(reason)

    def _show(self) -> None:
        key = self._journal.now
        done, total = len(self._journal.ids) - self._journal.left, len(self._journal.ids)
        card: dict[str, Any] = {"id": key, "done": done, "total": total, "undo": bool(done)}
        if key is not None:
            turns = records.prompt(_plain(self._prompts, key))
            card |= {
                "turns": [[turn["role"], turn["content"]] for turn in turns],
                "answers": [str(self._answers[name].loc[key]) for name in self._order(key)],
            }
        else:
            card |= {"summary": self._summary()}
        self.panel.card = card

    def _summary(self) -> list[str]:
        table = self.verdicts
        counts = pd.crosstab(table["rater"], table["verdict"])
        counts = counts.reindex(columns=["a", "b", "tie"], fill_value=0)
        lines = [
            f"{name}: a wins {row['a']}, b wins {row['b']}, {row['tie']} ties"
            for name, row in counts.iterrows()
        ]
        wide = table.pivot_table(index="id", columns="rater", values="verdict", aggfunc="last")
        wide = wide.dropna()
        if wide.shape[1] > 1 and len(wide):
            same = int(wide.eq(wide.iloc[:, 0], axis=0).all(axis=1).sum())
            lines.append(f"{same} of {len(wide)} pairs judged alike by all")
        return lines

    def _repr_mimebundle_(self, **words: Any) -> Any:
        if os.environ.get("WINNOW_REPORT"):
            lines = "".join(f"<li>{html.escape(line)}</li>" for line in self._summary())
            return {"text/html": f"<p>{html.escape(repr(self))}</p><ul>{lines}</ul>"}
        return self.panel._repr_mimebundle_(**words)

    def __repr__(self) -> str:
        total = len(self._journal.ids)
        return f"Duel({self._journal.rater}: {total - self._journal.left} of {total} answered)"


def _plain(pool: pd.DataFrame, key: str) -> dict[str, Any]:
    return {str(name): value for name, value in pool.loc[key].to_dict().items()}
