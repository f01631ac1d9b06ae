"""The controls that a selection has to be seen beside, as arms, in one call.

A subset may win by its size, by the length of its answers, by being seen more often, or by the
judge's taste; each control holds one of these fixed.

Source: Zhao et al. 2024, arXiv:2402.04833 (the longest answers); Liu et al. 2024, arXiv:2312.15685,
table 2 (scores that lose to random); Rubin 1973, doi:10.2307/2529684 (matching).
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from lab import records, texts
from lab.ablate.against import PREFERRED
from lab.ablate.arms import Arm
from lab.ablate.setups import Select, Setup
from lab.select import matched, random, top
from lab.tune import Recipe

CONTROLS = (
    *("random", "random, same length", "longest"),
    *("full, equal steps", "full, equal epochs", "shuffled answers"),
)
DRAWS = 3  # of the random control, at least
LONG_SEEDS = 5  # of the control that costs the most


def controls(
    select: Select,
    setup: Setup,
    *,
    seeds: Sequence[int],
    name: str = "selected",
    leave_out: Sequence[str] = (),
) -> list[Arm]:
    """Return the arm of a selection and all its controls.

    - `random`: as many rows by chance; at least three draws, whatever the number of seeds
    - `random, same length`: as many rows by chance, with answers as long as the selected ones
    - `longest`: as many rows, those of the longest answers
    - `full, equal steps`: the whole pool, for as many updates as the subset gets
    - `full, equal epochs`: the whole pool, each row seen as often as a row of the subset; the
      dearest, so that it gets five seeds at most
    - `shuffled answers`: the selected rows with each other's answers, the null of all: what form
      and length teach without truth

    Parameters
    ----------
    select : callable
        (pool, seed=) -> subset.
    setup : Setup
        Gives pools and recipe.
    seeds : sequence of int
        One model per arm and seed, but for the exceptions above.
    name : str
        Of the selection's own arm.
    leave_out : sequence of str
        Controls that are not wanted.

    Raises
    ------
    ValueError
        If `leave_out` names no control, `name` does, or the selection takes nothing or all.

    Examples
    --------
    >>> from lab.ablate import world
    >>> def first(pool, *, seed):
    ...     return pool.head(20)
    >>> made = controls(first, world(100, prompts=40), seeds=[0], name="first")
    >>> [arm.name for arm in made][:4]
    ['first', 'random', 'random, same length', 'longest']
    >>> sum(arm.name == "random" for arm in made)
    3
    """
    unknown = sorted(set(leave_out) - set(CONTROLS))
    if unknown:
        raise ValueError(f"leave_out must name controls of {list(CONTROLS)}, got {unknown[0]!r}")
    if name in CONTROLS and name not in leave_out:
        raise ValueError(f"name is that of a control; leave it out or take another, got {name!r}")
    further = max(seeds) + 1
    extra = range(further, further + max(0, DRAWS - len(seeds)))
    made = []
    for place, seed in enumerate([*seeds, *extra]):
        pool = setup.pool(seed=seed)
        subset = select(pool, seed=seed)
        if not 0 < len(subset) < len(pool):
            raise ValueError(
                f"a selection must take some rows and leave some, got {len(subset)} of {len(pool)}"
            )
        recipe = replace(setup.recipe, seed=seed)
        found = {name: (subset, recipe)} | {
            one: control
            for one, control in _each(pool, subset, recipe).items()
            if one not in leave_out
        }
        wanted = list(found)
        if place >= LONG_SEEDS:
            wanted = [one for one in wanted if one != "full, equal epochs"]
        if place >= len(seeds):
            wanted = [one for one in wanted if one == "random"]
        made += [Arm(one, *found[one]) for one in wanted]
    return made


def shuffled_answers(subset: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Give every row the answer of another row.

    Parameters
    ----------
    subset : DataFrame
        A pool of at least two rows.
    seed : int
        Of the shuffling.

    Returns
    -------
    DataFrame
        New rows, since text never changes under an id: `parent` is the row whose question it is.

    Raises
    ------
    ValueError
        If there are fewer than two rows.

    Examples
    --------
    >>> pool = records.frame([{"instruction": c, "output": c.upper()} for c in "ab"])
    >>> shuffled_answers(pool, seed=0)["output"].tolist()
    ['B', 'A']
    """
    if len(subset) < 2:
        raise ValueError(f"subset must have at least 2 rows, got {len(subset)}")
    order = np.random.default_rng(seed).permutation(len(subset))
    outputs = subset["output"].to_numpy(dtype=object).copy()
    outputs[order] = outputs[np.roll(order, 1)]  # one ring through all rows: none keeps its own
    asked = subset[["history", "instruction", "input", "source"]].to_dict("records")
    rows: list[dict[str, Any]] = [
        {**{str(name): value for name, value in row.items()}, "output": output, "parent": key}
        for key, row, output in zip(subset.index, asked, outputs, strict=True)
    ]
    return records.frame(rows)


def lengths(arms: Sequence[Arm], table: pd.DataFrame) -> pd.DataFrame:
    """Report lengths beside every win rate: what was trained on, and what was written.

    Parameters
    ----------
    arms : sequence of Arm
        What was run.
    table : DataFrame
        From `run` on these arms, with a measure `words`.

    Returns
    -------
    DataFrame
        Index arm, in the order of `arms`: `examples`, `words_trained` (of an answer trained on,
        mean over rows and seeds), `words_written` (of the models' answers); `preferred` where a
        judge was asked (0 to 1; NaN for the arm that all are judged against).

    Examples
    --------
    >>> from lab import records, tune
    >>> pool = records.frame([{"instruction": "Add 1 and 2.", "output": "It is 3."}])
    >>> made = [Arm("all", pool, tune.Recipe(model="gpt2", steps=1))]
    >>> table = pd.DataFrame({"arm": ["all"], "seed": [0], "words": [5.0], "examples": [1]})
    >>> lengths(made, table).columns.tolist()
    ['examples', 'words_trained', 'words_written']
    """
    trained: dict[str, list[float]] = {}
    for arm in arms:
        trained.setdefault(arm.name, []).append(float(texts.count(arm.subset["output"]).mean()))
    groups = table.groupby("arm", sort=False)
    columns = {
        "examples": groups["examples"].median(),
        "words_trained": pd.Series({name: float(np.mean(each)) for name, each in trained.items()}),
        "words_written": groups["words"].mean(),
    }
    if PREFERRED in table.columns:
        columns[PREFERRED] = groups[PREFERRED].mean()
    return pd.DataFrame(columns).loc[list(trained)].rename_axis("arm")


def _each(
    pool: pd.DataFrame, subset: pd.DataFrame, recipe: Recipe
) -> dict[str, tuple[pd.DataFrame, Recipe]]:
    k = len(subset)
    words = texts.count(pool["output"]).to_numpy(dtype=np.float64)
    like = pool.index.get_indexer(subset.index)
    if (like < 0).any():
        raise ValueError("a selection must return rows of the pool, got ids that are not in it")
    seed = recipe.seed
    return {
        "random": (random(len(pool), k, seed=seed).take(pool), recipe),
        "random, same length": (matched(words, like, k, seed=seed).take(pool), recipe),
        "longest": (top(words, k).take(pool), recipe),
        "full, equal steps": (pool, equal_steps(recipe, k)),
        "full, equal epochs": (pool, equal_epochs(recipe, k, len(pool))),
        "shuffled answers": (shuffled_answers(subset, seed=seed), recipe),
    }


def equal_steps(recipe: Recipe, examples: int) -> Recipe:
    """Return a recipe with as many updates as `recipe` makes on a number of examples."""
    if recipe.steps is not None:
        return recipe
    steps = math.ceil(examples / recipe.batch_size) * (recipe.epochs or 1)
    return replace(recipe, epochs=None, steps=steps)


def equal_epochs(recipe: Recipe, examples: int, others: int) -> Recipe:
    """Return a recipe that sees each of `others` rows as often as `recipe` sees `examples`."""
    if recipe.steps is None:
        return recipe
    return replace(recipe, steps=max(1, round(recipe.steps * others / examples)))
