"""The truth of the world: right answers, grades, exactness, the response convention, a noisy rater.

A good answer states its fact in full sentences and ends with `Answer: X.`: the response style
whose consistency after tuning can be counted, apart from whether the answer is right.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lab import hashing, records
from lab.errors import DataError
from lab.testbed.world import Task, recognise

STYLE = re.compile(r"[A-Z0-9][^\n]*[.] Answer: ([^\n.:]+)[.]")
HIGHEST = 5.0
VERBOSE = 2.0  # an answer with more than this many times the truth's words is verbose
ON_TOPIC = 0.5  # share of the truth's words that a wrong answer about the same thing repeats


def answer(messages: Sequence[Mapping[str, str]]) -> str | None:
    """Return the true answer to the last user turn, or None if this world did not ask it.

    Examples
    --------
    >>> answer([{"role": "user", "content": "What is 2 plus 3?"}])
    '2 plus 3 is 5. Answer: 5.'
    """
    task = _asked(messages)
    return None if task is None else task.answer


def grade(messages: Sequence[Mapping[str, str]], text: str) -> float:
    """Grade an answer from 0 to 5 in half steps, by its truth first; NaN if this world did not ask.

    5: the truth in the convention; 4.5: the right short answer in the convention, other sentences;
    3.5: the right answer without the convention; 2.5: the same, drowned in words; 1.5: a wrong
    answer on the topic in the convention; 1: the same without it; 0.5: off topic in the
    convention; 0: anything else.

    Examples
    --------
    >>> grade([{"role": "user", "content": "What is 2 plus 3?"}], "It is 5.")
    3.5
    """
    task = _asked(messages)
    return float("nan") if task is None else grade_task(task, text)


def grade_task(task: Task, text: str) -> float:
    """Grade an answer to a known task, as `grade` does."""
    given, truth = normalise(text), task.answer
    if given == truth:
        return HIGHEST
    styled = STYLE.fullmatch(given)
    if styled is not None and styled[1] == task.final:
        return 4.5
    words = given.split()
    if styled is None and re.search(rf"(?<!\w){re.escape(task.final)}(?!\w)", given):
        return 3.5 if len(words) <= VERBOSE * len(truth.split()) else 2.5
    about = set(re.findall(r"\w+", task.steps)) - set(re.findall(r"\w+", task.final))
    shared = len(about & set(re.findall(r"\w+", given))) / max(len(about), 1)
    if shared >= ON_TOPIC:
        return 1.0 if styled is None else 1.5
    return 0.0 if styled is None else 0.5


def exact(pool: pd.DataFrame, answers: "pd.Series[str]") -> "pd.Series[bool]":
    """Say for each prompt of `pool` whether its answer is the truth, but for white space.

    Parameters
    ----------
    pool : DataFrame
        Prompts of this world; their outputs are not looked at.
    answers : Series of str
        One answer for each id of `pool`; a missing text counts as wrong.

    Raises
    ------
    ValueError
        If `answers` lacks an id of `pool`.
    DataError
        If a prompt is not of this world.

    Examples
    --------
    >>> from lab import testbed
    >>> asked = testbed.prompts(2)
    >>> exact(asked, asked["output"]).tolist()
    [True, True]
    """
    missing = pool.index.difference(answers.index)
    if len(missing):
        raise ValueError(
            f"answers must cover the pool, but {len(missing)} ids lack one: {missing[0]}"
        )
    texts = answers.loc[pool.index]
    right = [
        isinstance(text, str) and normalise(text) == task.answer
        for text, task in zip(texts, tasks(pool), strict=True)
    ]
    return pd.Series(right, index=pool.index, name="exact", dtype=bool)


def style(answers: "pd.Series[str]") -> "pd.Series[bool]":
    """Say which answers keep the convention: full sentences, then `Answer: X.` and no more.

    Examples
    --------
    >>> style(pd.Series(["Ice is cold. Answer: cold.", "cold"])).tolist()
    [True, False]
    """
    kept = [
        isinstance(text, str) and STYLE.fullmatch(normalise(text)) is not None for text in answers
    ]
    return pd.Series(kept, index=answers.index, name="style", dtype=bool)


def rating(pool: pd.DataFrame, *, noise: float = 0.5, seed: int = 0) -> "pd.Series[float]":
    """Rate each example as an imperfect rater would, 0 to 5 in half steps; higher is better.

    The true grade of the output plus Gaussian noise, rounded and clipped. A row's rating depends
    on its id and the seed alone.

    Parameters
    ----------
    pool : DataFrame
        Examples of this world, of `testbed.pool` or made from it.
    noise : float
        Standard deviation of the rater's error, in grades, >= 0.
    seed : int
        Of the rater's error.

    Raises
    ------
    ValueError
        If `noise` is negative.
    DataError
        If a prompt is not of this world.

    Examples
    --------
    >>> from lab import testbed
    >>> rating(testbed.pool(2), noise=0.0).tolist()
    [5.0, 5.0]
    """
    if not noise >= 0:
        raise ValueError(f"noise must be at least 0, got {noise}")
    given = []
    for key, text, task in zip(pool.index, pool["output"], tasks(pool), strict=True):
        error = np.random.default_rng(int(hashing.digest([key, seed], digits=16), 16)).normal()
        given.append(
            np.clip(np.round(2 * (grade_task(task, text) + noise * error)) / 2, 0, HIGHEST)
        )
    return pd.Series(given, index=pool.index, name="rating", dtype=float)


def tasks(pool: pd.DataFrame) -> list[Task]:
    """Return the task behind each prompt of `pool`.

    Raises
    ------
    DataError
        Naming the first prompt that is not of this world.
    """
    found = []
    for key, instruction, below in pool[["instruction", "input"]].itertuples():
        text = records.user_turn({"instruction": instruction, "input": below})
        task = recognise(text)
        if task is None:
            raise DataError(
                "is not a prompt of this world", row=key, field="instruction", value=text
            )
        found.append(task)
    return found


def normalise(text: str) -> str:
    """Return `text` with single spaces and none at its ends."""
    return " ".join(text.split())


def _asked(messages: Sequence[Mapping[str, str]]) -> Task | None:
    turns = [turn["content"] for turn in messages if turn["role"] == "user"]
    return recognise(turns[-1]) if turns else None
