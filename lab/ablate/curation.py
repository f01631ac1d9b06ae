"""Self-curation by models that are tuned on what they kept: Humpback's loop in miniature.

A model of the testbed's size cannot write a rating. What it rates by here is the loss of the output
given the instruction, held against that of seed examples it was not tuned on.

Source: Li et al. 2024, arXiv:2308.06259, section 2.3.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import numpy as np
import pandas as pd

from lab import hashing, llm, synth, tune
from lab.llm import prompts
from lab.tune import Recipe

HELD_BACK = 4  # every fourth seed is not tuned on: what good answers cost is taken from these
SCORE = {True: 5, False: 2}


def curation(
    segments: pd.DataFrame,
    seeds: pd.DataFrame,
    backward: llm.Client,
    *,
    recipe: Recipe,
    iterations: int = 2,
    share: float = 0.8,
) -> pd.DataFrame:
    """Backtranslate, and let each iteration's model decide what tunes the next one.

    Parameters
    ----------
    segments : DataFrame
        A pool of outputs.
    seeds : DataFrame
        Good examples: the first model is tuned on these alone, a later one also on what was kept.
    backward : Client
        Who writes the instructions.
    recipe : Recipe
        How each model is tuned.
    iterations : int
        At least 1; the paper's are 2.
    share : float
        A pair is kept if its loss per token is below that of this share of the seeds held back.

    Returns
    -------
    DataFrame
        The pool of all pairs, with `kept_1`, `kept_2`, … (whether that iteration kept it).

    Raises
    ------
    ValueError
        If `iterations` is below 1 or `share` not between 0 and 1.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> quick = Recipe(model=str(paths.base_model()), steps=2, batch_size=4)
    >>> texts, teacher = testbed.pool(8), testbed.client(store=":memory:")
    >>> made = curation(texts, testbed.pool(8, seed=1), teacher, recipe=quick, iterations=1)
    >>> len(made), made["kept_1"].dtype
    (8, dtype('bool'))
    """
    if iterations < 1:
        raise ValueError(f"iterations must be at least 1, got {iterations}")
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, got {share}")
    terms = synth.Terms(min_acceptance=0.0)
    pairs = synth.invert(segments, backward, keep=len(segments), terms=terms).examples
    held = np.arange(len(seeds)) % HELD_BACK == 0
    kept: dict[int, pd.Series[bool]] = {}
    with TemporaryDirectory() as folder:

        def rater(iteration: int, _kept: pd.DataFrame) -> llm.Client:
            chosen = kept.get(iteration - 1, pd.Series(False, index=pairs.index))
            taught = pd.concat([seeds[~held], pairs[chosen]])
            model = tune.sft(taught, recipe, Path(folder) / str(iteration))
            limit = float(_cost(model, seeds[held]).quantile(share))
            kept[iteration] = (_cost(model, pairs) <= limit).rename(f"kept_{iteration}")
            return _client(pairs, kept[iteration])

        synth.backtranslate(
            *(segments, rater(1, pd.DataFrame())),
            keep=len(segments),
            terms=terms,
            refine=[rater] * (iterations - 1),
            backward=backward,
        )
    return pairs.join(pd.DataFrame(kept).set_axis([one.name for one in kept.values()], axis=1))


def _cost(model: Path, pool: pd.DataFrame) -> "pd.Series[float]":
    """Return the loss per token of each output; without one it is infinite."""
    found = tune.answer_losses(model, pool)
    return (found["loss"] / found["tokens"]).fillna(float("inf"))


def _client(pairs: pd.DataFrame, kept: "pd.Series[bool]") -> llm.Client:
    """Return a client that answers the prompt for ratings by what was decided of each pair."""
    texts = zip(pairs["instruction"], pairs["output"], strict=True)
    decided = dict(zip(texts, kept.tolist(), strict=True))
    asked = prompts.load("synth", "curate", "en")

    async def reply(request: httpx2.Request) -> httpx2.Response:
        fields = asked.match(json.loads(request.content)["messages"])
        good = fields is not None and decided[fields["instruction"], fields["output"]]
        message = {"role": "assistant", "content": f"Score: {SCORE[good]}"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return httpx2.Response(200, json={"model": "tuned", "choices": [choice]})

    mark = hashing.digest([list(pairs.index), kept.tolist()], digits=16)
    server = llm.Server(
        "http://tuned/v1",
        provider=f"curation/{mark}",
        transport=lambda: httpx2.MockTransport(reply),
    )
    return llm.Client("tuned", base_url=server, store=":memory:")
