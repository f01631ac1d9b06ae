"""What a solver gets right, so that it can be dropped: the first rule of s1 and LIMO.

Source: Muennighoff et al. 2025, arXiv:2501.19393, section 2.2; Ye et al. 2025, arXiv:2502.03387.
"""

import tempfile
from functools import partial
from pathlib import Path

import pandas as pd

from lab import judge, runs, tune
from lab.select import random
from lab.tune import Recipe


def solved(pool: pd.DataFrame, recipe: Recipe, *, share: float = 0.1) -> "pd.Series[bool]":
    """Say which rows a solver answers as they are answered: a model tuned on some of them.

    Parameters
    ----------
    pool : DataFrame
        Candidates with right answers.
    recipe : Recipe
        Of the solver; its seed draws the rows that it is tuned on.
    share : float
        Of the rows that the solver is tuned on, above 0 and at most 1; it knows these better.

    Returns
    -------
    Series of bool
        On the pool's index; kept as a run.

    Raises
    ------
    ValueError
        If `share` is out of range.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share}")
    found = runs.once("tune", partial(solve, pool, recipe, share))
    return found.iloc[:, 0].astype(bool)


def solve(pool: pd.DataFrame, recipe: Recipe, share: float) -> "pd.Series[bool]":
    """Do what `solved` keeps: tune the solver, and compare its answers with those of the pool."""
    seen = random(len(pool), max(1, round(share * len(pool))), seed=recipe.seed).take(pool)
    with tempfile.TemporaryDirectory(prefix="winnow-") as folder:
        model = tune.sft(seen, recipe, Path(folder) / "solver")
        answers = tune.generate(model, pool, max_new_tokens=48)
    return judge.exact_match(answers, pool["output"]).rename("solved")
