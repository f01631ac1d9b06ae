"""Fine-tune a causal language model on a pool: one call, one folder, the same weights every time.

The trainer is `transformers.Trainer`. Each step holds exactly `batch_size` examples, drawn at
random or the next ones in the given order, and sorted by length only inside the step; the loss is
the mean over the answer tokens of the step; the head is applied to those positions alone, which
changes no number and saves most of its cost.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from lab import models, records
from lab.errors import TuneError
from lab.tune import checkpoints, record, rehearsal
from lab.tune import model as base
from lab.tune.encode import Encoding, chat_template, encode
from lab.tune.recipe import Recipe
from lab.tune.trainer import fit

Watch = Callable[[int, float], None]


def sft(
    subset: pd.DataFrame, recipe: Recipe, folder: str | Path, *, watch: Watch | None = None
) -> Path:
    """Fine-tune `recipe.model` on `subset` and return the folder of the tuned model.

    The folder can be loaded with `from_pretrained`. `tune.json` in it holds what was done: examples
    trained on, examples left out with reasons, loss per step, tokens per second, memory. A finished
    folder of the same model, recipe and examples is returned as it is; an unfinished one goes on
    from its last checkpoint and ends with the same weights. Everything that saving will need is
    tried before the first step. A text template is saved as the tokenizer's chat template, too: who
    asks the model by messages (`llm.local`, `lab models serve`) asks it as it was trained.

    Parameters
    ----------
    subset : pool
        Examples to train on; their order matters to a recipe with `order="given"` alone.
    recipe : Recipe
        The set-up.
    folder : path
        Where the tuned model goes; made if missing.
    watch : function of (step, loss), optional
        Called after each step, such as to draw a curve.

    Raises
    ------
    TuneError
        If no example can be trained on, the folder holds another run or cannot be written to, the
        model or its chat template cannot be used, or the loss is not finite.
    ModelError
        If there is no such model.

    Examples
    --------
    >>> import json
    >>> from lab import paths, testbed
    >>> recipe = Recipe(model=str(paths.base_model()), steps=2, batch_size=4, max_tokens=128)
    >>> folder = sft(testbed.pool(8), recipe, paths.data() / "tuned")
    >>> json.loads((folder / "tune.json").read_text())["steps"]
    2
    """
    folder = Path(folder)
    inputs = {
        "recipe": recipe.fingerprint(),
        "examples": records.fingerprint(_in_order(subset, recipe)),
        "model": models.identity(recipe.model),
    }
    if record.finished(folder, inputs):
        return folder
    started = time.perf_counter()
    rehearsal.check_place(folder, recipe)
    with models.no_bars():
        model, tokenizer, encoding = _ready(subset, recipe, folder)
        if is_main_process():
            record.begin(folder, inputs, recipe)
        history = fit(model, tokenizer, encoding.examples, recipe, folder, watch=watch)
    if is_main_process():
        record.finish(folder, encoding, history, seconds=time.perf_counter() - started)
        for checkpoint in checkpoints.saved(folder):
            checkpoints.forget_progress(checkpoint)
    return folder


def is_main_process() -> bool:
    """Return whether this process writes the records of a distributed run."""
    return os.environ.get("RANK", "0") == "0"


def _in_order(subset: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    return subset if recipe.order == "given" else subset.sort_index()


def _ready(subset: pd.DataFrame, recipe: Recipe, folder: Path) -> tuple[Any, Any, Encoding]:
    """Return the model with its tokens, dropout and adapters, the tokenizer, and the examples."""
    model, tokenizer = base.load(recipe.model)
    end = base.end_of_turn(recipe, tokenizer)
    before = len(tokenizer)
    base.add_tokens(model, tokenizer, end)
    tokenizer.chat_template = chat_template(recipe.template, tokenizer)
    encoding = encode(
        subset, recipe, tokenizer, end_of_turn=end, window=models.window(model.config)
    )
    if recipe.order == "given":
        places = {str(key): place for place, key in enumerate(subset.index)}
        encoding = replace(
            encoding, examples=sorted(encoding.examples, key=lambda one: places[one.id])
        )
    if not encoding.examples:
        raise TuneError(f"none of {len(subset)} examples can be trained on: {encoding.counts()}")
    if is_main_process():
        rehearsal.try_saving(model, tokenizer, folder)
    if recipe.last_layer_dropout:
        base.add_residual_dropout(model, recipe.last_layer_dropout)
    if recipe.lora is not None:
        new = list(range(before, len(tokenizer)))
        model = base.add_lora(model, recipe.lora, new_tokens=new, seed=recipe.seed)
    return model, tokenizer, encoding
