"""Judge pairs of answers blindly, by keyboard alone; each verdict is written at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lab import hashing, records
from lab.widgets.annotator import Annotator

SIDES = {"left": 0, "right": 1}


class PairJudge(Annotator):
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
        "tie", or None if skipped), reason, seconds and at; `human/pairs.jsonl` in the data folder
        by default.
    seed : int
        Draws the order of the pairs and the sides.

    Raises
    ------
    ValueError
        If an answer is missing or `rater` is empty.

    Examples
    --------
    >>> import tempfile
    >>> pool = records.frame([{"instruction": "Name a colour.", "output": "Red."}])
    >>> answers = pd.Series(["Blue."], index=pool.index)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "p.jsonl"
    ...     judge = PairJudge(pool, pool["output"], answers, rater="ana", file=file)
    ...     judge.choose("tie")
    ...     judge.verdicts["verdict"].tolist()
    ['tie']
    """

    form, journal = "pair", "pairs.jsonl"
    fields = ("first", "verdict")

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
        self._systems, self._seed = {"a": a, "b": b}, seed
        super().__init__(prompts, rater=rater, file=file, seed=seed)

    @property
    def verdicts(self) -> pd.DataFrame:
        """Return all verdicts on these pairs in the file, whoever gave them, one row each."""
        return self._answers()

    def choose(self, side: str, reason: str = "") -> None:
        """Write a verdict on the pair that is shown: "left", "right" or "tie"."""
        if side not in (*SIDES, "tie"):
            raise ValueError(f"side must be left, right or tie, got {side!r}")
        key = self._journal.now
        if key is not None:
            order = self._order(key)
            verdict = "tie" if side == "tie" else order[SIDES[side]]
            self._write(first=order[0], verdict=verdict, reason=reason)

    def skip(self, reason: str = "") -> None:
        """Pass over the pair that is shown; this is written down too."""
        key = self._journal.now
        if key is not None:
            self._write(first=self._order(key)[0], verdict=None, reason=reason)

    def _take(self, message: Mapping[str, Any], reason: str) -> None:
        self.choose(str(message["side"]), reason)

    def _order(self, key: str) -> tuple[str, str]:
        """Return which system stands on the left and which on the right."""
        drawn = int(hashing.digest([self._seed, key], digits=8), 16)
        return ("a", "b") if np.random.default_rng(drawn).random() < 0.5 else ("b", "a")

    def _asked(self, key: str) -> dict[str, Any]:
        turns = records.prompt(self._row(key))
        return {
            "turns": [[turn["role"], turn["content"]] for turn in turns],
            "answers": [str(self._systems[name].loc[key]) for name in self._order(key)],
        }

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
