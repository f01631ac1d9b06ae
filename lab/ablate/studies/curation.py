"""Humpback with models that are tuned here: one writes instructions, one after the other rates.

A model of the testbed's size writes no rating. It rates by what an output costs it, as the next
words after the instruction, held against seed examples that it was not tuned on.

Source: Li et al. 2024, arXiv:2308.06259, sections 2.2 and 2.3.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from lab import origins, records, synth, tune
from lab.llm.prompts import Prompt
from lab.models.decode import Decoding
from lab.tune import Recipe

HELD_BACK = 4  # every fourth seed is not tuned on: what good answers cost is taken from these
DRAWN = Decoding(temperature=0.7, top_p=0.9)  # as the paper draws instructions
BARE = Prompt("invert", "en", "", (("user", "{text}"),))  # a closed vocabulary has no other words
MOST_TOKENS = 48  # of an instruction


def augmented(
    segments: pd.DataFrame, seeds: pd.DataFrame, *, recipe: Recipe, folder: Path
) -> pd.DataFrame:
    """Let a backward model, tuned on seeds turned around, write an instruction for each output.

    Parameters
    ----------
    segments : DataFrame
        A pool of outputs; of equal ones the first is taken.
    seeds : DataFrame
        Good examples.
    recipe : Recipe
        How the backward model is tuned.
    folder : Path
        Where it goes.

    Returns
    -------
    DataFrame
        A pool of pairs; `parent` is the segment. One whose instruction is empty is left out.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> quick = Recipe(model=str(paths.base_model()), steps=2, batch_size=4)
    >>> given = {"recipe": quick, "folder": paths.data() / "backward"}
    >>> pairs = augmented(testbed.pool(3), testbed.pool(8, seed=1), **given)
    >>> set(pairs["output"]) <= set(testbed.pool(3)["output"])
    True
    """
    chosen = segments.drop_duplicates("output")
    model = tune.sft(synth.turned(seeds, prompt=BARE), recipe, folder)
    asked = synth.turned(chosen, prompt=BARE)
    told = tune.generate(model, asked, max_new_tokens=MOST_TOKENS, decoding=DRAWN).str.strip()
    rows = [
        {"instruction": text, "output": output, "parent": key}
        for text, output, key in zip(told, chosen["output"], chosen.index, strict=True)
    ]
    return records.frame([row for row in rows if row["instruction"]], source=origins.TESTBED)


def curation(
    segments: pd.DataFrame,
    seeds: pd.DataFrame,
    *,
    recipe: Recipe,
    backward: Recipe,
    rounds: int = 2,
    share: float = 0.8,
) -> pd.DataFrame:
    """Backtranslate by a tuned model, and let each round's model decide what tunes the next one.

    Parameters
    ----------
    segments : DataFrame
        A pool of outputs.
    seeds : DataFrame
        Good examples: the first rater is tuned on these alone, a later one also on what was kept.
    recipe, backward : Recipe
        How each rater, and the model that writes instructions, is tuned.
    rounds : int
        At least 1; the paper's are 2.
    share : float
        A pair is kept if its loss per token is at most that of this share of the seeds held back.

    Returns
    -------
    DataFrame
        The pool of all pairs, with `cost_1`, `kept_1`, `cost_2`, … (the loss per token under the
        rater of that round, and whether it kept the pair).

    Raises
    ------
    ValueError
        If `rounds` is below 1 or `share` not between 0 and 1.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> quick = Recipe(model=str(paths.base_model()), steps=2, batch_size=4)
    >>> texts, known = testbed.pool(8), testbed.pool(8, seed=1)
    >>> made = curation(texts, known, recipe=quick, backward=quick, rounds=1)
    >>> made["kept_1"].dtype
    dtype('bool')
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, got {share}")
    held = np.arange(len(seeds)) % HELD_BACK == 0
    with TemporaryDirectory() as place:
        folder = Path(place)
        pairs = augmented(segments, seeds, recipe=backward, folder=folder / "backward")
        kept = np.zeros(len(pairs), dtype=bool)
        found: dict[str, pd.Series[float]] = {}
        for number in range(1, rounds + 1):
            taught = pd.concat([seeds[~held], pairs[kept]])
            model = tune.sft(taught, recipe, folder / str(number))
            cost = _cost(model, pairs)
            kept = (cost <= _cost(model, seeds[held]).quantile(share)).to_numpy()
            found[f"cost_{number}"], found[f"kept_{number}"] = cost, pd.Series(kept, pairs.index)
    return pairs.assign(**found)


def _cost(model: Path, pool: pd.DataFrame) -> "pd.Series[float]":
    """Return the loss per token of each output, infinite where it has none."""
    found = tune.answer_losses(model, pool)
    return (found["loss"] / found["tokens"]).fillna(float("inf"))
