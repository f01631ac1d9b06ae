"""One number from a sequence classifier with one logit, for many examples at once."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from lab import models
from lab.score import causal as causal_models
from lab.score import ledger
from lab.score.layout import rows

TOKENS = {"cpu": 4096, "cuda": 32768}
Read = Callable[[Any, dict[str, Any]], dict[str, list[int]]]


def one_logit(
    pool: pd.DataFrame,
    model: str,
    read: Read,
    *,
    name: str,
    max_tokens: int | None = None,
    device: str | None = None,
) -> "pd.Series[float]":
    """Return the logit for each example; NaN where it has no tokens or does not fit.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder.
    read : function
        From tokenizer and example to what the model takes, unpadded.
    name : str
        Of the score; what was computed is kept under it.
    max_tokens : int, optional
        Longest example; the default is the tokenizer's own limit.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Raises
    ------
    ValueError
        If the model has more than one logit.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    loaded = models.load(model, AutoModelForSequenceClassification, device=device)
    judge, tokenizer, device = loaded.model, loaded.tokenizer, loaded.device
    if judge.config.num_labels != 1:
        raise ValueError(f"model must have one logit, but {model} has {judge.config.num_labels}")
    limit = min(max_tokens or tokenizer.model_max_length, tokenizer.model_max_length)
    given = [read(tokenizer, example) for example in rows(pool)]
    keys = [ledger.key(*row.values()) for row in given]
    work = {
        key: row for key, row in zip(keys, given, strict=True) if 0 < len(row["input_ids"]) <= limit
    }
    order = dict(sorted(work.items(), key=lambda item: (-len(item[1]["input_ids"]), item[0])))
    padded = TOKENS["cpu" if device == "cpu" else "cuda"]
    together = padded if judge.config.pad_token_id is not None else 1  # no padding: one by one

    def run(waiting: Sequence[dict[str, list[int]]]) -> Iterator[tuple[list[int], list[float]]]:
        lengths = [len(row["input_ids"]) for row in waiting]
        for batch in causal_models.split(lengths, lengths, tokens=together, logits=padded):
            ids = _padded(tokenizer, [waiting[row] for row in batch]).to(device)
            with torch.inference_mode():
                yield batch, judge(**ids).logits[:, 0].double().cpu().tolist()

    found = ledger.computed(f"{name}-{causal_models.identity(model, judge)}", order, run)
    values = [found.get(key, math.nan) for key in keys]
    return pd.Series(values, index=pool.index, name=name, dtype="float64")


def _padded(tokenizer: Any, batch: list[dict[str, list[int]]]) -> Any:
    if len({len(row["input_ids"]) for row in batch}) == 1:
        return tokenizer.pad(batch, padding=False, return_tensors="pt")
    return tokenizer.pad(batch, padding=True, padding_side="right", return_tensors="pt")
