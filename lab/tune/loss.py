"""The loss on answer tokens, from logits at these positions alone.

Most positions of a prompt need no logits: the head sees only the hidden states whose next token is
trained, see `lab.models.only_at`.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from lab import models
from lab.errors import TuneError
from lab.tune import model as base
from lab.tune import record, wide_head
from lab.tune.batches import Padded
from lab.tune.encode import NO_LABEL, encode
from lab.tune.recipe import Recipe
from lab.tune.templates import Template

ROWS_AT_ONCE = 32
LONGEST = 4096  # tokens of an example for a model that was not tuned here


class AnswerLoss:
    """Sum of the loss over the answer tokens of a batch, for one model."""

    def __init__(self, model: Any) -> None:
        self.head = models.head_of(model)
        self.in_parts = _in_parts(model, self.head)
        self.short: Any = None  # the frozen head's weights as autocast would have them

    def __call__(self, model: Any, inputs: Mapping[str, Any]) -> Any:
        """Return the summed loss of a batch with labels; `model` may be a wrapper of the model."""
        from torch.nn.functional import cross_entropy

        known = {name: value for name, value in inputs.items() if name != "labels"}
        following, places = _following(inputs["labels"])
        if self.in_parts:
            with models.states_at(self.head, places) as states:
                model(**known, use_cache=False)
            return wide_head.loss(states[0], self._weight(states[0]), following[places])
        with models.only_at(self.head, places):
            logits = model(**known, use_cache=False).logits
        return cross_entropy(logits[0].float(), following[places], reduction="sum")

    def _weight(self, states: Any) -> Any:
        """Return the frozen head's weights, under autocast a short copy that is made once."""
        import torch

        kind = states.device.type
        if not torch.is_autocast_enabled(kind):
            return self.head.weight
        if self.short is None:
            self.short = self.head.weight.detach().to(torch.get_autocast_dtype(kind))
        return self.short


def dev_loss(model_folder: str | Path, pool: pd.DataFrame) -> float:
    """Return the mean loss per answer token of a tuned model on `pool`, in nats, >= 0.

    LIMA found that it rises while answers get better: see `choose` before picking by it.

    Raises
    ------
    TuneError
        If the folder holds no model tuned here, or no example of the pool fits its recipe.

    Examples
    --------
    >>> from lab import paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=2, batch_size=4, max_tokens=128)
    >>> folder = tune.sft(testbed.pool(8), recipe, paths.data() / "tuned")
    >>> 0 < dev_loss(folder, testbed.pool(4, seed=1)) < 10
    True
    """
    found, skipped = _scored(model_folder, pool, _recipe(model_folder, None))
    if not found["tokens"].sum():
        raise TuneError(f"none of {len(pool)} examples can be scored: {skipped}")
    return float(found["loss"].sum() / found["tokens"].sum())


def answer_losses(
    model_folder: str | Path, pool: pd.DataFrame, *, template: Template | None = None
) -> pd.DataFrame:
    """Return the loss of each answer of `pool` under a model: the lower, the less surprising.

    Parameters
    ----------
    model_folder : path or name
        A model tuned here, or any causal language model with `template`.
    pool : pool
        Its outputs are scored, each with its end-of-turn token.
    template : TextTemplate or ChatTemplate, optional
        By default the one the model was tuned with.

    Returns
    -------
    DataFrame
        Index of `pool`: `loss` (nats, summed over the answer's tokens) and `tokens`; NaN and 0
        where an example does not fit.

    Raises
    ------
    ModelError
        If there is no such model.
    TuneError
        If no template is known, or it can write no example.

    Examples
    --------
    >>> from lab import paths, testbed, tune
    >>> found = answer_losses(paths.base_model(), testbed.pool(3), template=tune.ALPACA)
    >>> found.columns.tolist()
    ['loss', 'tokens']
    """
    return _scored(model_folder, pool, _recipe(model_folder, template))[0]


def _scored(
    model_folder: str | Path, pool: pd.DataFrame, recipe: Recipe
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the loss and the tokens of each answer, and how many have none for each reason."""
    import torch

    loaded = models.causal(model_folder, dtype="float32")
    model, tokenizer = loaded.model, loaded.tokenizer
    end = base.end_of_turn(recipe, tokenizer)
    encoding = encode(pool, recipe, tokenizer, end_of_turn=end, window=loaded.window)
    rows = sorted(encoding.examples, key=len)
    head, batch = models.head_of(model), Padded(base.pad_id(tokenizer))
    sums: dict[str, float] = {}
    with torch.inference_mode():
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            inputs = batch([{"input_ids": x.input_ids, "labels": x.labels} for x in part])
            following, places = _following(inputs.pop("labels").to(model.device))
            each = _each(model, inputs["input_ids"], head, places, following[places]).double()
            owner = places // inputs["input_ids"].shape[1]
            total = torch.zeros(len(part), dtype=torch.float64, device=each.device)
            total = total.index_add(0, owner, each)
            sums |= {row.id: value for row, value in zip(part, total.tolist(), strict=True)}
    tokens = {row.id: sum(label != NO_LABEL for label in row.labels[1:]) for row in rows}
    keys = [str(key) for key in pool.index]
    table = pd.DataFrame(
        {
            "loss": [sums.get(key, math.nan) for key in keys],
            "tokens": [tokens.get(key, 0) for key in keys],
        },
        index=pool.index,
    )
    return table, encoding.counts()


def _in_parts(model: Any, head: Any) -> bool:
    """Say whether the head is wide and not trained."""
    return wide_head.fits(model, head) and not head.weight.requires_grad


def _each(model: Any, input_ids: Any, head: Any, places: Any, wanted: Any) -> Any:
    """Return the loss at each of some places of a batch."""
    from torch.nn.functional import cross_entropy

    ids = input_ids.to(model.device)
    if wide_head.fits(model, head):
        with models.states_at(head, places) as states:
            model(input_ids=ids, use_cache=False)
        return wide_head.losses(states[0], head.weight, wanted)
    with models.only_at(head, places):
        logits = model(input_ids=ids, use_cache=False).logits
    return cross_entropy(logits[0].float(), wanted, reduction="none")


def _following(labels: Any) -> tuple[Any, Any]:
    """Return the next token of each place of a flattened batch, and the places that have one."""
    from torch.nn.functional import pad

    following = pad(labels[:, 1:], (0, 1), value=NO_LABEL).flatten()
    return following, (following != NO_LABEL).nonzero()[:, 0]


def _recipe(model_folder: str | Path, template: Template | None) -> Recipe:
    known = record.recipe(model_folder)
    if known is not None:
        return known if template is None else replace(known, template=template)
    if template is None:
        raise TuneError(f"{model_folder} holds no model that was tuned here; give a template")
    return Recipe(model=str(model_folder), template=template, steps=1, max_tokens=LONGEST)
