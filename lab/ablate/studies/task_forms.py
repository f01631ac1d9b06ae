"""The form of task sets in miniature: with a description, without, or turned around.

Source: Wei et al. 2022, arXiv:2109.01652 (FLAN: inputs and outputs without instructions teach
less, and some templates turn a task around); Wang et al. 2022, arXiv:2204.07705 (definitions).
"""

from random import Random
from typing import Any

import pandas as pd

from lab import records, testbed
from lab.testbed.world.family import SLOT

AROUND = "Below is a response. Write an instruction that it completes."
_SPARE = 4  # times as many tasks are drawn, since bare inputs of two tasks may be the same


def task_forms(n: int, *, bare: float = 0.0, inverted: float = 0.0, seed: int) -> pd.DataFrame:
    """Draw `n` tasks of the testbed, with shares of them in other forms than described.

    Parameters
    ----------
    n : int
        Examples.
    bare : float
        Share of the tasks that are asked by their input alone, such as "26", for "Halve the
        number 26."; from 0 to 1.
    inverted : float
        Share that is turned around: the answer is given and the instruction asked for.
    seed : int
        Of the tasks, and of which form each has; pools of one seed hold the same tasks.

    Returns
    -------
    DataFrame
        A pool of the testbed with the column `form`: described, bare or inverted.

    Raises
    ------
    ValueError
        If a share is not between 0 and 1, or both together are above 1.

    Examples
    --------
    >>> pool = task_forms(20, bare=0.5, seed=0)
    >>> int((pool["form"] == "bare").sum())
    10
    """
    for name, share in (("bare", bare), ("inverted", inverted), ("both", bare + inverted)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} must be between 0 and 1, got {share}")
    forms = ["bare"] * round(n * bare) + ["inverted"] * round(n * inverted)
    forms += ["described"] * (n - len(forms))
    Random(seed).shuffle(forms)
    drawn = testbed.pool(_SPARE * n, seed=seed)
    made: dict[str, dict[str, Any]] = {}
    left = iter(drawn.to_dict("records"))
    while len(made) < n:
        row = _in_form({str(name): of for name, of in next(left).items()}, forms[len(made)])
        made.setdefault(records.user_turn(row), row)
    return records.frame(made.values())


def asked_part(n: int, *, inverted: float, seed: int) -> pd.DataFrame:
    """Return the described tasks of `task_forms(n, inverted=inverted, seed=seed)` alone.

    The control that tells what turned-around tasks do from what fewer asked ones do.

    Examples
    --------
    >>> len(asked_part(30, inverted=1 / 3, seed=0))
    20
    """
    pool = task_forms(n, inverted=inverted, seed=seed)
    return pool[pool["form"] == "described"]


def _in_form(row: dict[str, Any], form: str) -> dict[str, Any]:
    asked = records.user_turn(row)
    if form == "bare":
        row |= {"instruction": _input(asked, row["phrasing"]), "input": ""}
    elif form == "inverted":
        answer = {"instruction": f"{AROUND} {row['output']}", "input": "", "output": asked}
        row |= answer
    return {**row, "form": form}


def _input(instruction: str, phrasing: int) -> str:
    """Return what stands in the slots of an instruction, in their order."""
    task = testbed.recognise(instruction)
    if task is None:
        raise ValueError(f"no task of the testbed: {instruction!r}")
    names = [slot[2] for slot in SLOT.finditer(task.family.phrasings[phrasing])]
    return ", ".join(task.fields[name] for name in dict.fromkeys(names))
