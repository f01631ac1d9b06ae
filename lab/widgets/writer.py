"""Write answers by hand, or mend those that are there; each is written down at once."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lab import records
from lab.widgets import journal
from lab.widgets.annotator import Annotator


class Writer(Annotator):
    """Let one person answer the prompts of a pool in one style, as LIMA's authors did.

    The text field holds the output that is there, to be mended, or nothing. Keys: Ctrl+Enter saves
    the answer, Escape leaves the field; then E edits, R gives a reason, S skips, U takes the last
    answer back. What was answered is not asked again after a restart.

    Source: Zhou et al. 2023, arXiv:2305.11206, section 2.2: prompts and answers written by hand.

    Parameters
    ----------
    pool : DataFrame
        Prompts; outputs that are there can be mended.
    rater : str
        Who writes; several people may share a file.
    file : Path, optional
        The journal, JSONL of id, rater, output (None if skipped), reason, seconds and at;
        `human/answers.jsonl` in the data folder by default.
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
    >>> pool = records.frame([{"instruction": "Name a colour.", "output": ""}])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write = Writer(pool, rater="ana", file=Path(folder) / "a.jsonl")
    ...     write.save("Red is a colour.")
    ...     write.examples["output"].tolist()
    ['Red is a colour.']
    """

    form, journal = "write", "answers.jsonl"
    fields = ("output",)

    @property
    def answers(self) -> pd.DataFrame:
        """Return all answers to these prompts in the file, whoever wrote them, one row each."""
        return self._answers()

    @property
    def examples(self) -> pd.DataFrame:
        """Return what this person wrote as a pool: new rows, each with its prompt as `parent`."""
        mine = self.answers
        mine = mine[(mine["rater"] == self._journal.rater) & mine["output"].notna()]
        rows = []
        for key, output in zip(mine["id"], mine["output"], strict=True):
            asked = self._row(key)
            texts = {name: asked[name] for name in ("history", "instruction", "input")}
            rows.append({**texts, "output": output, "parent": key})
        return records.frame(rows, source=f"written by {self._journal.rater}")

    def save(self, output: str, reason: str = "") -> None:
        """Write down the answer to what is shown; it must say something."""
        if not output.strip():
            raise ValueError("output must say something, got an empty text")
        self._write(output=output.strip(), reason=reason)

    def _asked(self, key: str) -> dict[str, Any]:
        row = self._row(key)
        turns = [[turn["role"], turn["content"]] for turn in row["history"]]
        return {"turns": [*turns, ["user", records.user_turn(row)]], "draft": row["output"]}

    def _take(self, message: Mapping[str, Any], reason: str) -> None:
        output = str(message.get("output", ""))
        if output.strip():  # the browser does not send less
            self.save(output, reason)
        else:
            self._show()

    def _summary(self) -> list[str]:
        lines = [line for line in journal.read(self.file) if line.get("id") in self._pool.index]
        told: dict[str, list[bool]] = {}
        for line in lines:
            if line.get("output") is not None:
                key = str(line["id"])
                same = str(self._pool.loc[key, "output"]).strip() == line["output"]
                told.setdefault(str(line["rater"]), []).append(same)
        return [
            f"{name}: {len(each)} answers, {sum(each)} left as they were"
            for name, each in sorted(told.items())
        ]
