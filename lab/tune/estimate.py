"""What a fine-tuning will take, before it is started: steps, tokens, hours, money."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lab import models
from lab.errors import TuneError
from lab.tune import model as base
from lab.tune.encode import encode
from lab.tune.recipe import Recipe

# bytes that a training holds for each byte of weights in single precision: gradients, two moments
# and passes beside them, or adapters; measured on a real model (benchmarks/results/tune-real.md)
ALL_WEIGHTS, ADAPTERS = 6.5, 3.0


@dataclass(frozen=True)
class Estimate:
    """The size of a run; hours and price follow from the speed that was given."""

    examples: int
    skipped: int
    steps: int
    tokens: int  # through the model, without padding
    flops: float  # 6 per weight and token: forward and backward (arXiv:2001.08361, section 2.1)
    hours: float
    cost_usd: float


def estimate(
    subset: pd.DataFrame,
    recipe: Recipe,
    *,
    tokens_per_second: float,
    usd_per_hour: float = 0.0,
) -> Estimate:
    """Say what `sft` would take, without training.

    Parameters
    ----------
    subset, recipe
        As for `sft`.
    tokens_per_second : float
        Above 0: what an earlier run on the same machine shows in its `tune.json`.
    usd_per_hour : float
        The rent of the machine; its energy is not counted.

    Raises
    ------
    ValueError
        If `tokens_per_second` is not above 0.
    TuneError
        If no example can be trained on.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> recipe = Recipe(model=str(paths.base_model()), steps=100, batch_size=8)
    >>> found = estimate(testbed.pool(20), recipe, tokens_per_second=5000)
    >>> found.steps
    100
    """
    if tokens_per_second <= 0:
        raise ValueError(f"tokens_per_second must be above 0, got {tokens_per_second}")
    model, tokenizer = base.load(recipe.model)
    end = base.end_of_turn(recipe, tokenizer)
    base.add_tokens(model, tokenizer, end)
    encoding = encode(
        subset, recipe, tokenizer, end_of_turn=end, window=models.window(model.config)
    )
    if not encoding.examples:
        raise TuneError(f"none of {len(subset)} examples can be trained on: {encoding.counts()}")
    count = len(encoding.examples)
    steps = recipe.steps or math.ceil(count / recipe.batch_size) * (recipe.epochs or 1)
    per_example = sum(len(example) for example in encoding.examples) / count
    rows = recipe.batch_size * steps if recipe.steps else count * (recipe.epochs or 1)
    tokens = round(per_example * rows)
    hours = tokens / tokens_per_second / 3600
    return Estimate(
        examples=count,
        skipped=len(encoding.skipped),
        steps=steps,
        tokens=tokens,
        flops=6.0 * sum(p.numel() for p in model.parameters()) * tokens,
        hours=hours,
        cost_usd=hours * usd_per_hour,
    )


def memory_bytes(recipe: Recipe) -> int:
    """Return about how much memory `sft` holds on a CPU, for batches of a few hundred tokens.

    Returns
    -------
    int
        0 where the model is no folder on this machine, so that nothing is known.

    Examples
    --------
    >>> from lab import paths
    >>> memory_bytes(Recipe(model=str(paths.base_model()), steps=1)) // 10**6
    26
    """
    from safetensors import safe_open

    weights = 0
    for path in sorted(Path(models.find(recipe.model)).glob("*.safetensors")):
        with safe_open(path, framework="numpy") as tensors:
            shapes = [tensors.get_slice(name).get_shape() for name in tensors.keys()]  # noqa: SIM118
        weights += sum(math.prod(shape) for shape in shapes)
    return round(4 * weights * (ALL_WEIGHTS if recipe.lora is None else ADAPTERS))
