"""What a model tuned on some rows says of all: what it gets right, and how it scores them.

To drop what a solver gets right is the first rule of s1 and LIMO; Cherry LLM scores with a model of
some experience.

Source: Muennighoff et al. 2025, arXiv:2501.19393, section 2.2; Ye et al. 2025, arXiv:2502.03387;
Li et al. 2024, arXiv:2308.12032.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from lab import judge, runs, tune
from lab.select import random
from lab.tune import Recipe

Score = Callable[..., "pd.Series[float]"]


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

    Examples
    --------
    >>> from lab import paths, testbed
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> solved(testbed.pool(4), recipe, share=0.5).tolist()
    [False, False, False, False]
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share}")
    found = runs.once("tune", partial(solve, pool, recipe, share))
    return found.iloc[:, 0].astype(bool)


def solve(pool: pd.DataFrame, recipe: Recipe, share: float) -> "pd.Series[bool]":
    """Do what `solved` keeps: tune the solver, and compare its answers with those of the pool."""
    with tempfile.TemporaryDirectory(prefix="winnow-") as folder:
        model = _tuned(pool, recipe, share, Path(folder))
        answers = tune.generate(model, pool, max_new_tokens=48)
    return judge.exact_match(answers, pool["output"]).rename("solved")


def experienced(
    pool: pd.DataFrame, make: Score, recipe: Recipe, *, share: float = 0.1
) -> "pd.Series[float]":
    """Score rows by a model that was tuned on some of them: Cherry LLM's pre-experience.

    A model that has never seen an instruction with its answer finds that instructions hurt.

    Source: Li et al. 2024, arXiv:2308.12032, section 2.1 (there a thousand rows, chosen from
    clusters; here they are drawn by chance).

    Parameters
    ----------
    pool : DataFrame
        Candidates.
    make : callable
        (pool, model=) -> score, such as `partial(score.ifd, layout=score.PLAIN)`.
    recipe : Recipe
        Of the experience; its seed draws the rows.
    share : float
        Of the rows that the model is tuned on, above 0 and at most 1.

    Returns
    -------
    Series of float
        The score, kept as a run.

    Raises
    ------
    ValueError
        If `share` is out of range.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import paths, score, testbed
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> experienced(testbed.pool(4), partial(score.ifd), recipe, share=0.5).gt(0).all().item()
    True
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share}")
    return runs.once("score", partial(score_experienced, pool, make, recipe, share)).iloc[:, 0]


def score_experienced(
    pool: pd.DataFrame, make: Score, recipe: Recipe, share: float
) -> "pd.Series[float]":
    """Do what `experienced` keeps: tune the model, and score the pool with it."""
    with tempfile.TemporaryDirectory(prefix="winnow-") as folder:
        return make(pool, model=str(_tuned(pool, recipe, share, Path(folder))))


def _tuned(pool: pd.DataFrame, recipe: Recipe, share: float, folder: Path) -> Path:
    seen = random(len(pool), max(1, round(share * len(pool))), seed=recipe.seed).take(pool)
    return tune.sft(seen, recipe, folder / "tuned")
