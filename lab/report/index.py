"""The index of all pages: there from the first moment, and true at every later one."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from lab import files
from lab.report import books
from lab.report.execute import Task

CARD_MARK = ".card.json"
WAITING = "waiting"
ELSEWHERE = "not executed here yet: it trains for minutes, and `lab ablations` does it"


class Index:
    """The index over every page in a folder, also those made earlier, and over what is to come.

    Parameters
    ----------
    folder : Path
        Where the pages are; `index.html` is written there at once.
    tasks : sequence of Task
        What will be executed: waiting, until `begin` and `end` are told otherwise.
    others : sequence of Task
        Named, too, where they have no page from an earlier time.
    """

    def __init__(self, folder: Path, tasks: Sequence[Task], others: Sequence[Task] = ()) -> None:
        self.path = folder / "index.html"
        self._tasks = {task.name: task for task in tasks}
        self._others = others
        self._states = dict.fromkeys(self._tasks, WAITING)
        self._write()

    def begin(self, task: Task) -> None:
        """Show that a task is being executed, since now."""
        self._states[task.name] = f"being executed since {datetime.now():%H:%M:%S}"  # noqa: DTZ005 - the reader's clock
        self._write()

    def end(self, task: Task) -> None:
        """Show the page of a task, which is there now."""
        self._states.pop(task.name, None)
        self._write()

    def close(self) -> None:
        """Show the pages alone: nothing is under way any more."""
        self._states.clear()
        self._write()

    def _write(self) -> None:
        from lab.report import page

        folder = self.path.parent
        made = (path for path in (folder / ".cards").glob(f"*{CARD_MARK}"))
        cards = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(made)]
        known = {card["name"]: card for card in cards if (folder / f"{card['name']}.html").exists()}
        for name in self._states:
            known.setdefault(name, _blank(self._tasks[name]))
        for task in self._others:
            known.setdefault(task.name, {**_blank(task), "verdict": ELSEWHERE})
        shown = [
            {"verdicts": [], "answers": [], **known[name], "state": self._states.get(name, "")}
            for name in known
        ]  # pages made earlier may know of no verdicts
        shown.sort(key=lambda card: ("/" in card["name"], card["name"]))
        files.write_text(self.path, page.index(shown))


def card(folder: Path, name: str) -> Path:
    """Return the file of what the index shows of a page."""
    return folder / ".cards" / f"{name.replace('/', '--')}{CARD_MARK}"


def _blank(task: Task) -> Mapping[str, Any]:
    """Return the card of a page that is not there yet."""
    book = books.read(task.path)
    title, question = books.title(book)
    nothing = {"setting": "", "picture": "", "began": "", "commit": "", "verdict": ""}
    about = {"name": task.name, "title": title, "question": question, "claims": books.claims(book)}
    return {**about, **nothing, "error": None, "seconds": None}
