"""Ratings weighed by how sure a model is of them, at the level of tokens, sentences and models.

Source: Liu et al. 2024, arXiv:2402.16705 (SelectIT), known here from the authors' code,
`Blue-Raincoat/SelectIT`, and from accounts of the paper. The nine prompts of the authors are not
here: the five of `lab/score/prompts/selectit_*` are written for this project.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab import texts
from lab.llm import prompts as prompt_files
from lab.llm.prompts import Prompt
from lab.score import causal as causal_models
from lab.score import ledger
from lab.score.causal import Causal
from lab.score.layout import rows

FloatArray = NDArray[np.float64]
RATINGS = ("1", "2", "3", "4", "5")
OWN = tuple(f"selectit_{number}" for number in range(1, 6))


def selectit(
    pool: pd.DataFrame,
    *,
    models: Mapping[str, float],
    prompts: Sequence[Prompt] | None = None,
    doubt: float = 0.2,
    device: str | None = None,
) -> "pd.Series[float]":
    """Rating times certainty by causal models, 0 to 5; higher is better.

    Token level: the likeliest of the ratings 1 to 5 after a prompt, times its mean distance in
    probability from the other four. Sentence level: the mean over prompts, divided by 1 plus
    `doubt` times their standard deviation. Model level: the mean over models, weighted by size.
    One prompt and one model give the first alone. NaN where a text does not fit a model.

    Source: Liu et al. 2024, arXiv:2402.16705 (SelectIT); the paper keeps the top fifth of
    Alpaca-GPT4.
    Cost: one forward pass per row, prompt and model, without generating.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    models : mapping of str to float
        Hub names or folders of causal models, and their sizes, > 0; the sum does not matter.
    prompts : sequence of Prompt, optional
        Prompts with the fields `instruction`, `input` and `output`, which end where the rating
        begins; by default five in English.
    doubt : float
        What a standard deviation of 1 over prompts costs, >= 0.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Raises
    ------
    ValueError
        If there is no model or prompt, a size is not above 0, or a model has no token for each
        rating.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> found = selectit(testbed.pool(2), models={str(paths.base_model()): 1.0})
    >>> found.between(0, 5).all().item()
    True
    """
    sizes = np.array(list(models.values()), dtype=np.float64)
    if len(sizes) == 0 or not (sizes > 0).all():
        raise ValueError(f"models must name models with sizes above 0, got {dict(models)}")
    levels = _sentences(pool, list(models), prompts, doubt, device, token_level)
    return pd.Series(levels @ (sizes / sizes.sum()), index=pool.index, name="selectit")


def selectit_code(
    pool: pd.DataFrame,
    *,
    models: Mapping[str, float],
    prompts: Sequence[Prompt] | None = None,
    doubt: float = 0.2,
    device: str | None = None,
) -> "pd.Series[float]":
    """Rating times certainty as the authors' code has it, 0 to 2 or so; higher is better.

    The code differs from the paper's formula, which is `selectit`, and orders rows otherwise: it
    takes a second softmax of the five probabilities, so that no score is above 1.279, and its
    weights of the models are not made to sum to 1. It also draws one of nine prompts at random
    for each row at the level of tokens; here all prompts given are used.

    Source: the code of Liu et al. 2024, arXiv:2402.16705 (SelectIT).
    Cost: that of `selectit`, with which it shares its forward passes.

    Parameters
    ----------
    pool, prompts, doubt, device
        As in `selectit`.
    models : mapping of str to float
        Hub names or folders of causal models, and their weights, > 0, as they are: the authors'
        are 7/20, 13/20 and 70/90 for models of 7, 13 and 70 billion.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> found = selectit_code(testbed.pool(2), models={str(paths.base_model()): 1.0})
    >>> found.between(0, 1.28).all().item()
    True
    """
    weights = np.array(list(models.values()), dtype=np.float64)
    if len(weights) == 0 or not (weights > 0).all():
        raise ValueError(f"models must name models with weights above 0, got {dict(models)}")
    levels = _sentences(pool, list(models), prompts, doubt, device, code_level)
    return pd.Series(levels @ weights, index=pool.index, name="selectit_code")


def token_level(chances: FloatArray) -> FloatArray:
    """Return the likeliest rating times its mean distance from the others; (..., 5) to (...).

    Examples
    --------
    >>> token_level(np.array([0.1, 0.1, 0.1, 0.1, 0.6])).round(4).item()
    2.5
    """
    best = chances.argmax(axis=-1)
    top = np.take_along_axis(chances, best[..., None], axis=-1)
    certain = np.abs(chances - top).sum(axis=-1) / (chances.shape[-1] - 1)
    found: FloatArray = (best + 1) * certain
    return found


def code_level(chances: FloatArray) -> FloatArray:
    """Return the same after a second softmax, as the authors' code does.

    Examples
    --------
    >>> code_level(np.array([0.1, 0.1, 0.1, 0.1, 0.6])).round(4).item()
    0.5742
    """
    again = np.exp(chances)
    return token_level(again / again.sum(axis=-1, keepdims=True))


def _sentences(
    pool: pd.DataFrame,
    models: Sequence[str],
    given: Sequence[Prompt] | None,
    doubt: float,
    device: str | None,
    level: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """Return the score of each row by each model over all prompts (n, models)."""
    if doubt < 0:
        raise ValueError(f"doubt must be at least 0, got {doubt}")
    chosen = [prompt_files.load("score", name) for name in OWN] if given is None else list(given)
    if not chosen:
        raise ValueError("prompts must hold at least one, got 0")
    columns = []
    for name in models:
        causal = causal_models.load(name, device=device)
        by_prompt = np.stack([level(_chances(pool, causal, prompt)) for prompt in chosen], axis=1)
        columns.append(by_prompt.mean(axis=1) / (1 + doubt * by_prompt.std(axis=1)))
    return np.stack(columns, axis=1)


def _chances(pool: pd.DataFrame, causal: Causal, prompt: Prompt) -> FloatArray:
    """Return the chances of the five ratings after a prompt (n, 5); NaN where it does not fit."""
    import torch

    asked = [_text(prompt, example) for example in rows(pool)]
    if not asked:
        return np.empty((0, len(RATINGS)))
    gap = " " if asked[0][-1:].isascii() else ""
    ratings = _rating_ids(causal, asked[0][-20:] + gap)
    read = causal.tokenizer([f"{text}{gap}{RATINGS[0]}" for text in asked])["input_ids"]
    end = causal.tokenizer.eos_token_id
    read = [ids[:-1] if ids[-1] == end else ids for ids in read]
    contexts = [ids[:-1] for ids in read]  # all but the rating itself
    work = {
        ledger.key(ids, [place]): (ids, place)
        for ids in sorted(contexts, key=lambda each: (-len(each), each))
        if 0 < len(ids) < causal.window
        for place in range(len(RATINGS))
    }

    def run(
        waiting: Sequence[tuple[list[int], int]],
    ) -> Iterator[tuple[list[int], list[float]]]:
        places: dict[tuple[int, ...], dict[int, int]] = {}
        for at, (ids, place) in enumerate(waiting):
            places.setdefault(tuple(ids), {})[place] = at
        distinct = list(places)
        for batch in causal_models.batches(causal, list(map(len, distinct)), [1] * len(distinct)):
            texts_read = [distinct[row] for row in batch]
            ends = [[len(ids) - 1] for ids in texts_read]
            with torch.inference_mode():
                logits = causal_models.logits_at(causal, texts_read, ends)
            found = logits[:, ratings].double().softmax(-1).cpu().tolist()
            pairs = [
                (at, row[place])
                for ids, row in zip(texts_read, found, strict=True)
                for place, at in places[ids].items()
            ]
            yield [at for at, _ in pairs], [value for _, value in pairs]

    name = f"ratings-{causal.identity}"
    known = ledger.computed(name, work, run)
    every = range(len(RATINGS))
    values = [[known.get(ledger.key(ids, [p]), math.nan) for p in every] for ids in contexts]
    return np.array(values, dtype=np.float64)


def _text(prompt: Prompt, example: dict[str, object]) -> str:
    turns = texts.transcript(example["history"])  # type: ignore[arg-type]
    instruction = f"{turns}\n\n{example['instruction']}" if turns else str(example["instruction"])
    given = {"input": str(example["input"]), "output": str(example["output"])}
    said = prompt.messages(instruction=instruction, **given)
    return "\n\n".join(message["content"] for message in said).rstrip()


def _rating_ids(causal: Causal, ending: str) -> list[int]:
    """Return the last token of each rating where it follows the prompt."""
    read = causal.tokenizer([f"{ending}{rating}" for rating in RATINGS], add_special_tokens=False)
    ids = [row[-1] for row in read["input_ids"]]
    before = {tuple(row[:-1]) for row in read["input_ids"]}
    if len(set(ids)) < len(RATINGS) or len(before) > 1 or causal.tokenizer.unk_token_id in ids:
        raise ValueError(
            f"model must have a token for each rating from 1 to 5, but {causal.name} has {ids}"
        )
    return ids
