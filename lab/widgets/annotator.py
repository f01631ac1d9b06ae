"""Ask one person about one thing after the other, by keyboard; each answer is written at once.

What `Rater`, `Writer` and `PairJudge` share: the journal, the card in the browser, skip, undo and
the end.
"""

import html
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import pandas as pd
import traitlets

from lab import paths
from lab.widgets import front, journal
from lab.widgets.journal import Journal

KEYS = ("id", "rater", "reason", "seconds", "at")


class Panel(anywidget.AnyWidget):
    """The part of an annotator that lives in the browser."""

    _esm = front.script("annotator")
    _css = front.STYLE
    card = traitlets.Dict().tag(sync=True)


class Annotator(ABC):
    """One person's queue over `pool`, drawn with `seed`, and the file that answers go to."""

    form: ClassVar[str]  # what is asked: "rate", "write" or "pair"
    journal: ClassVar[str]  # the file of answers, in the folder of what people say
    fields: ClassVar[tuple[str, ...]]  # what an answer holds beside `KEYS`

    def __init__(
        self, pool: pd.DataFrame, *, rater: str, file: Path | None = None, seed: int | None = None
    ) -> None:
        self._pool = pool
        self.file = paths.human() / self.journal if file is None else Path(file)
        ids = [str(key) for key in pool.index]
        self._journal = Journal(ids, rater=rater, file=self.file, seed=seed)
        self.panel = Panel()
        self.panel.on_msg(lambda _widget, message, _buffers: self._hear(message))
        self._show()

    @abstractmethod
    def _asked(self, key: str) -> dict[str, Any]:
        """Return what the card shows of an example: `turns`, and what else it needs."""

    @abstractmethod
    def _summary(self) -> list[str]:
        """Return what was answered, and where people differ, in lines to read."""

    @abstractmethod
    def _take(self, message: Mapping[str, Any], reason: str) -> None:
        """Write the answer that the browser sent."""

    def skip(self, reason: str = "") -> None:
        """Pass over what is shown; this is written down too."""
        if self._journal.now is not None:
            self._write(**dict.fromkeys(self.fields), reason=reason)

    def undo(self) -> None:
        """Take the last answer back and ask again."""
        self._journal.undo()
        self._show()

    def _answers(self) -> pd.DataFrame:
        """Return the answers of all raters of the file to these examples, one row each."""
        lines = [line for line in journal.read(self.file) if line.get("id") in self._pool.index]
        names = [*KEYS[:2], *self.fields, *KEYS[2:]]
        return pd.DataFrame(lines, columns=names)

    def _write(self, **fields: Any) -> None:
        self._journal.answer(**fields)
        self._show()

    def _hear(self, message: Mapping[str, Any]) -> None:
        kind, reason = message.get("kind"), str(message.get("reason", ""))
        if kind == "undo":
            self.undo()
        elif message.get("id") != self._journal.now:  # a key pressed twice before the answer came
            self._show()
        elif kind == "skip":
            self.skip(reason)
        elif kind == "answer":
            self._take(message, reason)

    def _show(self) -> None:
        key = self._journal.now
        done, total = len(self._journal.ids) - self._journal.left, len(self._journal.ids)
        card: dict[str, Any] = {"form": self.form, "id": key, "done": done, "total": total}
        more = {"summary": self._summary()} if key is None else self._asked(key)
        self.panel.card = {**card, "undo": bool(done), **more}

    def _row(self, key: str) -> dict[str, Any]:
        return {str(name): value for name, value in self._pool.loc[key].to_dict().items()}

    def _repr_mimebundle_(self, **words: Any) -> Any:
        if os.environ.get("WINNOW_REPORT"):
            lines = "".join(f"<li>{html.escape(line)}</li>" for line in self._summary())
            return {"text/html": f"<p>{html.escape(repr(self))}</p><ul>{lines}</ul>"}
        return self.panel._repr_mimebundle_(**words)

    def __repr__(self) -> str:
        total = len(self._journal.ids)
        answered = total - self._journal.left
        return f"{type(self).__name__}({self._journal.rater}: {answered} of {total} answered)"
