"""Ratings of single answers that others published, as the table that `judge.rating` gives.

Source: MT-bench (Zheng et al. 2023, arXiv:2306.05685).
"""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from lab.judge import parsed
from lab.judge.published import files
from lab.llm import Completion

LOWEST, HIGHEST = 1, 10


def mt_bench_ratings(path: str | Path) -> pd.DataFrame:
    """Read single-answer judgments of MT-bench (FastChat's form): one row per question and turn.

    Ratings are read anew from the judgment, in every form that judges use; `published` is what the
    file says, missing where its authors found no rating (-1). A judgment that cannot be read has
    no rating: `judge.mean_rating` counts them for each system.

    Returns
    -------
    DataFrame
        As `judge.rating` gives it (`prompt`, such as "81-2" for the second turn of question 81,
        `system`, `judge`, `sample`, `rating`, `length`, `reply`), with `turn` and `published`.

    Raises
    ------
    DataError
        If a row has no question, model, or neither judgment nor score.
    """
    made = []
    for number, row in enumerate(files.objects(path), start=1):
        question = files.take(row, "question_id", file=path, number=number)
        model = files.take(row, "model", "model_id", file=path, number=number)
        said = files.take(row, "judgment", "score", file=path, number=number)
        judge, turn = row.get("judge", "judge"), int(row.get("turn", 1))
        published = _score(row.get("score"))
        text = said if isinstance(said, str) else None
        read = published if text is None else _read(text)
        made.append(
            {
                "prompt": f"{question}-{turn}",
                "system": str(model),
                "judge": str(judge[0] if isinstance(judge, list) else judge),
                "sample": 0,
                "rating": read,
                "length": math.nan,
                "reply": text,
                "turn": turn,
                "published": published,
            }
        )
    return pd.DataFrame(made)


def _score(score: Any) -> float:
    number = float(score) if isinstance(score, (int, float)) else math.nan
    return number if LOWEST <= number <= HIGHEST else math.nan


def _read(text: str) -> float:
    return parsed.marked(Completion(text), lowest=LOWEST, highest=HIGHEST)
