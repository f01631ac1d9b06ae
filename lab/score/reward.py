"""Human preference by a reward model.

Source: Ouyang et al. 2022, arXiv:2203.02155 (reward models).
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from lab import models, records
from lab.score import causal as causal_models
from lab.score import ledger
from lab.score.layout import rows

TOKENS = {"cpu": 4096, "cuda": 32768}


def reward(
    pool: pd.DataFrame,
    *,
    model: str,
    max_tokens: int | None = None,
    device: str | None = None,
) -> "pd.Series[float]":
    """Logit of a reward model for the output, any number; higher is preferred.

    A model with a chat template reads the conversation, any other reads the user turn and the
    output as a pair. NaN where an example does not fit. Logits of two models have no common scale.

    Source: any sequence classifier with one logit; Instruction Mining (arXiv:2307.06290) and
    InstructionGPT-4 (arXiv:2308.12067) use OpenAssistant's.
    Cost: one forward pass per row.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder, such as `OpenAssistant/reward-model-deberta-v3-large-v2`.
    max_tokens : int, optional
        Longest example; the default is the tokenizer's own limit.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import testbed  # the model is downloaded
    >>> name = "OpenAssistant/reward-model-deberta-v3-large-v2"
    >>> reward(testbed.pool(2), model=name).name  # doctest: +SKIP
    'reward'
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    loaded = models.load(model, AutoModelForSequenceClassification, device=device)
    judge, tokenizer, device = loaded.model, loaded.tokenizer, loaded.device
    if judge.config.num_labels != 1:
        raise ValueError(f"model must have one logit, but {model} has {judge.config.num_labels}")
    limit = min(max_tokens or tokenizer.model_max_length, tokenizer.model_max_length)
    read = [_read(tokenizer, example) for example in rows(pool)]
    keys = [ledger.key(*row.values()) for row in read]
    work = {key: row for key, row in zip(keys, read, strict=True) if len(row["input_ids"]) <= limit}
    order = dict(sorted(work.items(), key=lambda item: (-len(item[1]["input_ids"]), item[0])))
    padded = TOKENS["cpu" if device == "cpu" else "cuda"]
    together = padded if judge.config.pad_token_id is not None else 1  # no padding: one by one

    def run(waiting: Sequence[dict[str, list[int]]]) -> Iterator[tuple[list[int], list[float]]]:
        lengths = [len(row["input_ids"]) for row in waiting]
        for batch in causal_models.split(lengths, lengths, tokens=together, logits=padded):
            ids = _padded(tokenizer, [waiting[row] for row in batch]).to(device)
            with torch.inference_mode():
                yield batch, judge(**ids).logits[:, 0].double().cpu().tolist()

    found = ledger.computed(f"reward-{causal_models.identity(model, judge)}", order, run)
    values = [found.get(key, math.nan) for key in keys]
    return pd.Series(values, index=pool.index, name="reward", dtype="float64")


def _read(tokenizer: Any, example: dict[str, Any]) -> dict[str, list[int]]:
    """Turn an example into what the model takes, unpadded."""
    if tokenizer.chat_template:
        told = tokenizer.apply_chat_template(records.conversation(example), return_dict=True)
    else:
        told = tokenizer(records.user_turn(example), example["output"])
    return {name: list(values) for name, values in told.items()}


def _padded(tokenizer: Any, batch: list[dict[str, list[int]]]) -> Any:
    if len({len(row["input_ids"]) for row in batch}) == 1:
        return tokenizer.pad(batch, padding=False, return_tensors="pt")
    return tokenizer.pad(batch, padding=True, padding_side="right", return_tensors="pt")
