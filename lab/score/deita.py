"""Complexity and quality by trained scorers, read from six logits of one forward pass.

Source: Liu et al. 2024, arXiv:2312.15685 (DEITA). Its scorers write one digit from 1 to 6; the
score is the mean digit under the softmax of the six logits. The texts below are what the
published scorers were trained on; their product is DEITA's score of a single-turn example.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab import records
from lab.score import causal as causal_models
from lab.score import ledger
from lab.score.causal import Causal
from lab.score.layout import rows

DIGITS = ("1", "2", "3", "4", "5", "6")
COMPLEXITY = (
    "You are a helpful assistant. Please identify the complexity score of the following user "
    "query. \n##Query: {instruction}  \n##Complexity: "
)
QUALITY = (
    "You are a helpful assistant. Please identify the quality score of the Response "
    "corresponding to the Question. \n #Question#:\n{instruction}\n#Response#:\n{output} \n"
    "##Quality: "
)


def complexity(pool: pd.DataFrame, *, model: str, device: str | None = None) -> "pd.Series[float]":
    """Complexity of the instruction by a trained scorer, 1 to 6; higher is more complex.

    NaN where the text does not fit the model. Only the last user turn is read.

    Source: Liu et al. 2024, arXiv:2312.15685 (DEITA, Evol Complexity).
    Cost: one forward pass per row, without generating; a GPU for the published 7B scorer.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder of a causal scorer, such as `hkust-nlp/deita-complexity-scorer`.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> complexity(testbed.pool(2), model=str(paths.base_model())).between(1, 6).all().item()
    True
    """
    texts = [
        COMPLEXITY.replace("{instruction}", records.user_turn(example)) for example in rows(pool)
    ]
    return pd.Series(_mean_digits(texts, model, device), index=pool.index, name="complexity")


def quality(pool: pd.DataFrame, *, model: str, device: str | None = None) -> "pd.Series[float]":
    """Quality of the output by a trained scorer, 1 to 6; higher is better.

    NaN where the text does not fit the model. Only the last exchange is read.

    Source: Liu et al. 2024, arXiv:2312.15685 (DEITA, Evol Quality).
    Cost: one forward pass per row, without generating; a GPU for the published 7B scorer.

    Parameters
    ----------
    pool, model, device
        As in `complexity`; a scorer such as `hkust-nlp/deita-quality-scorer`.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> quality(testbed.pool(2), model=str(paths.base_model())).between(1, 6).all().item()
    True
    """
    head, middle, tail = QUALITY.replace("{output}", "{instruction}").split("{instruction}")
    texts = [
        f"{head}{records.user_turn(example)}{middle}{example['output']}{tail}"
        for example in rows(pool)
    ]
    return pd.Series(_mean_digits(texts, model, device), index=pool.index, name="quality")


def _mean_digits(texts: list[str], model: str, device: str | None) -> NDArray[np.float64]:
    """Return the mean digit after each text, or NaN where a text does not fit."""
    import torch

    causal = causal_models.load(model, device=device)
    digits = _digit_ids(causal)
    read = causal.tokenizer(texts)["input_ids"] if texts else []
    keys = [ledger.key(ids) for ids in read]
    work = {key: ids for key, ids in zip(keys, read, strict=True) if 0 < len(ids) <= causal.window}
    order = dict(sorted(work.items(), key=lambda item: (-len(item[1]), item[0])))

    def run(waiting: Sequence[list[int]]) -> Iterator[tuple[list[int], list[float]]]:
        lengths = [len(row) for row in waiting]
        for batch in causal_models.batches(causal, lengths, [1] * len(waiting)):
            ids = [waiting[row] for row in batch]
            with torch.inference_mode():
                logits = causal_models.logits_at(causal, ids, [[len(row) - 1] for row in ids])
            chances = logits[:, digits].double().softmax(-1).cpu().numpy()
            yield batch, (chances @ np.arange(1.0, 7.0)).tolist()

    found = ledger.computed(f"digits-{causal.identity}", order, run)
    return np.array([found.get(key, math.nan) for key in keys], dtype=np.float64)


def _digit_ids(causal: Causal) -> list[int]:
    """Return the tokens of the six digits: the last token of each when written alone."""
    ids = [causal.tokenizer(digit, add_special_tokens=False)["input_ids"][-1] for digit in DIGITS]
    if len(set(ids)) < len(DIGITS) or causal.tokenizer.unk_token_id in ids:
        raise ValueError(
            f"model must have a token for each digit from 1 to 6, but {causal.name} has {ids}"
        )
    return ids
