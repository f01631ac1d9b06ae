"""Prompts with a constraint that a program can check, to see whether a model keeps to a form.

Source: Zhou et al. 2023, arXiv:2311.07911 (IFEval); the constraints are those of
`lab.synth.constrain`.
"""

from random import Random

import pandas as pd

from lab import records
from lab.synth.constrain import CONSTRAINTS


def constrained(pool: pd.DataFrame, *, seed: int = 0, language: str = "en") -> pd.DataFrame:
    """Append to each instruction one of the constraints, in turn; there is no answer to it.

    Parameters
    ----------
    pool : DataFrame
        Prompts; their outputs are left out.
    seed : int
        Of the numbers in the constraints.
    language : str
        "en" or "zh".

    Returns
    -------
    DataFrame
        New rows, with `constraint` (its name) and `n` (its number, 0 if it has none).

    Raises
    ------
    ValueError
        If the language has no constraints.

    Examples
    --------
    >>> made = constrained(records.frame([{"instruction": "Name a river.", "output": "Po."}]))
    >>> made["constraint"].tolist(), made["output"].tolist()
    (['at most n words'], [''])
    """
    if language not in CONSTRAINTS[0].asks:
        known = ", ".join(CONSTRAINTS[0].asks)
        raise ValueError(f"language must be one of {known}, got {language!r}")
    draw, rows = Random(seed), []
    for place, (key, row) in enumerate(pool.sort_index().iterrows()):
        one = CONSTRAINTS[place % len(CONSTRAINTS)]
        n = draw.choice(one.numbers)
        text = f"{row['instruction']}\n{one.asks[language].replace('{n}', str(n))}"
        asked = {"history": row["history"], "instruction": text, "input": row["input"]}
        rows.append({**asked, "output": "", "parent": key, "constraint": one.name, "n": n})
    return records.frame(rows)


def met(answers: "pd.Series[str]", prompts: pd.DataFrame) -> "pd.Series[float]":
    """Return 1 where an answer meets the constraint of its prompt, else 0; NaN without one.

    Parameters
    ----------
    answers : Series of str
        By prompt.
    prompts : DataFrame
        With `constraint` and `n`.

    Examples
    --------
    >>> made = constrained(records.frame([{"instruction": "Name a river.", "output": "Po."}]))
    >>> met(pd.Series("The Po.", index=made.index), made).tolist()
    [1.0]
    """
    checks = {one.name: one.met for one in CONSTRAINTS}
    found = {
        key: float(checks[str(name)](answers[key], int(n)))
        for key, name, n in zip(prompts.index, prompts["constraint"], prompts["n"], strict=True)
        if isinstance(name, str)
    }
    return pd.Series(found, dtype="float64").reindex(answers.index).rename("format")
