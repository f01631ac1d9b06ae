"""What people say, written down at once: a queue of examples and a JSONL file of answers.

Each answer is one line, flushed to disk before the next example is shown. A journal that exists
is gone on with: what a rater has answered is not asked again.
"""

import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from lab.errors import DataError


class Journal:
    """The queue of one rater, and the file that the answers of all raters go to.

    Parameters
    ----------
    ids : sequence of str
        What is asked about.
    rater : str
        Who answers; not empty.
    file : Path
        Where answers go; made with its folder if it does not exist.
    seed : int, optional
        Draws the order, which depends on the ids and not on their order; without it, as given.
    """

    def __init__(
        self, ids: Sequence[str], *, rater: str, file: Path, seed: int | None = None
    ) -> None:
        if not rater.strip():
            raise ValueError(f"rater must be a name, got {rater!r}")
        self.rater, self.file = rater, Path(file)
        self.ids = list(ids) if seed is None else _drawn(ids, seed)
        known = set(self.ids)
        mine = [line for line in read(self.file) if line.get("rater") == rater]
        self.answered = [str(line["id"]) for line in mine if line.get("id") in known]
        self._since = time.monotonic()

    @property
    def now(self) -> str | None:
        """Return the id that is asked about, or None when all are answered."""
        done = set(self.answered)
        return next((key for key in self.ids if key not in done), None)

    @property
    def left(self) -> int:
        """Return how many are not answered."""
        return len(set(self.ids) - set(self.answered))

    def answer(self, **fields: Any) -> None:
        """Write the answer about `now`, with rater, seconds and time."""
        key = self.now
        if key is None:
            return
        line = {
            "id": key,
            "rater": self.rater,
            **fields,
            "seconds": round(time.monotonic() - self._since, 2),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.answered.append(key)
        self._since = time.monotonic()

    def undo(self) -> None:
        """Take this rater's last answer out of the file, and ask again."""
        if not self.answered:
            return
        key = self.answered.pop()
        lines = read(self.file)
        last = max(
            place
            for place, line in enumerate(lines)
            if (line.get("id"), line.get("rater")) == (key, self.rater)
        )
        kept = [line for place, line in enumerate(lines) if place != last]
        part = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept)
        part.write_text(text, encoding="utf-8")
        part.replace(self.file)
        self._since = time.monotonic()


def read(file: Path) -> list[dict[str, Any]]:
    """Return the lines of a journal; a last line cut short by a crash is left out.

    Raises
    ------
    DataError
        If another line is not a JSON object.
    """
    if not file.exists():
        return []
    texts = file.read_text(encoding="utf-8").split("\n")
    lines = []
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError:
            if number == len(texts):  # no newline after it: the process ended while writing
                continue
            raise DataError("not JSON", file=file, row=number, value=text) from None
        if not isinstance(line, dict):
            raise DataError("not an object", file=file, row=number, value=text)
        lines.append(line)
    return lines


def _drawn(ids: Sequence[str], seed: int) -> list[str]:
    ordered = sorted(ids)
    return [ordered[place] for place in np.random.default_rng(seed).permutation(len(ordered))]
