"""The loss on answer tokens, from logits at these positions alone.

Most positions of a prompt need no logits: the head sees only the hidden states whose next token is
trained, see `lab.models.only_at`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lab import models
from lab.errors import TuneError
from lab.tune import model as base
from lab.tune import record
from lab.tune.batches import Padded
from lab.tune.encode import NO_LABEL, encode

ROWS_AT_ONCE = 32


class AnswerLoss:
    """Sum of the loss over the answer tokens of a batch, for one model."""

    def __init__(self, model: Any) -> None:
        self.head = models.head_of(model)

    def __call__(self, model: Any, inputs: Mapping[str, Any]) -> Any:
        """Return the summed loss of a batch with labels; `model` may be a wrapper of the model."""
        from torch.nn.functional import cross_entropy, pad

        known = {name: value for name, value in inputs.items() if name != "labels"}
        following = pad(inputs["labels"][:, 1:], (0, 1), value=NO_LABEL).flatten()
        places = (following != NO_LABEL).nonzero()[:, 0]
        with models.only_at(self.head, places):
            logits = model(**known, use_cache=False).logits
        return cross_entropy(logits[0].float(), following[places], reduction="sum")


def dev_loss(model_folder: str | Path, pool: pd.DataFrame) -> float:
    """Return the mean loss per answer token of a tuned model on `pool`, in nats, >= 0.

    LIMA found that it rises while answers get better: see `choose` before picking by it.

    Raises
    ------
    TuneError
        If the folder holds no model tuned here, or no example of the pool fits its recipe.
    """
    import torch

    recipe = record.recipe(model_folder)
    if recipe is None:
        raise TuneError(f"{model_folder} holds no model that was tuned here")
    loaded = models.causal(model_folder, dtype="float32")
    model, tokenizer = loaded.model, loaded.tokenizer
    end = base.end_of_turn(recipe, tokenizer)
    encoding = encode(pool, recipe, tokenizer, end_of_turn=end, window=loaded.window)
    if not encoding.examples:
        raise TuneError(f"none of {len(pool)} examples can be scored: {encoding.counts()}")
    rows = sorted(encoding.examples, key=len)
    loss, batch = AnswerLoss(model), Padded(base.pad_id(tokenizer))
    total, tokens = 0.0, 0
    with torch.inference_mode():
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            inputs = batch([{"input_ids": x.input_ids, "labels": x.labels} for x in part])
            inputs = {name: value.to(model.device) for name, value in inputs.items()}
            total += float(loss(model, inputs))
            tokens += int((inputs["labels"][:, 1:] != NO_LABEL).sum())
    return total / tokens
