"""Adapters on a model, the same ones every time."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_old_names() -> Iterator[None]:
    """Let nobody be warned that peft 0.21 asks transformers 5.23 for a property by its old name."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        yield


def with_adapters(model: Any, config: Any, *, seed: int) -> Any:
    """Return `model` with the adapters of a `peft.LoraConfig`, their first weights drawn by `seed`.

    Random numbers that others draw stay theirs.

    Examples
    --------
    >>> import peft
    >>> from lab import models, paths
    >>> config = peft.LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    >>> drawn = []
    >>> for _ in range(2):
    ...     model = with_adapters(models.causal(paths.base_model()).model, config, seed=0)
    ...     weights = dict(model.named_parameters())
    ...     drawn.append(next(value for name, value in weights.items() if "lora_A" in name))
    >>> drawn[0].equal(drawn[1])
    True
    """
    import peft
    import torch

    with torch.random.fork_rng(), no_old_names():
        torch.manual_seed(seed)
        return peft.get_peft_model(model, config)
