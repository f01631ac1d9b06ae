"""Warm a model's adapters up on a share of a pool, as LESS does before it takes gradients.

Each epoch's adapters and Adam's moments are kept on disk, so that a killed run goes on.

Source: Xia et al. 2024, arXiv:2402.04333 (LESS).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lab import files, models
from lab.errors import MissingPackageError
from lab.score import gradients
from lab.score.causal import Causal, Piece

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
WARMUP_RATIO = 0.03


@dataclass(frozen=True)
class Less:
    """How LESS warms a model up and compares gradients; the defaults are the paper's.

    Parameters
    ----------
    share : float
        Share of the pool to warm up on, above 0 and up to 1.
    epochs : int
        Epochs of warm-up, and so checkpoints, >= 1.
    learning_rate : float
        At its peak; it then falls linearly to 0.
    batch_size : int
        Examples per step of the warm-up, >= 1.
    rank, alpha : int
        Of the adapters.
    modules : tuple of str
        The layers that get adapters.
    dimensions : int
        Length of the projected gradients, >= 1; shorter gradients are not projected.

    Examples
    --------
    >>> Less(share=0.1, rank=8).epochs
    4
    """

    share: float = 0.05
    epochs: int = 4
    learning_rate: float = 2e-5
    batch_size: int = 32
    rank: int = 128
    alpha: int = 512
    modules: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    dimensions: int = 8192

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if not 0 < self.share <= 1:
            raise ValueError(f"share must be above 0 and at most 1, got {self.share}")
        for name in ("epochs", "batch_size", "rank", "dimensions"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class Checkpoint:
    """The adapters after one epoch, Adam's two moments, and the epoch's mean learning rate."""

    weights: list[Any]
    first: Any  # (D,)
    second: Any  # (D,)
    rate: float


def with_adapters(causal: Causal, setup: Less, seed: int) -> Causal:
    """Return the model with fresh adapters, the only weights that learn."""
    try:
        import peft
    except ImportError as error:
        raise MissingPackageError("peft", needed_by="score.influence") from error
    adapters = peft.LoraConfig(
        r=setup.rank,
        lora_alpha=setup.alpha,
        target_modules=list(setup.modules),
        task_type="CAUSAL_LM",
    )
    model = models.with_adapters(causal.model.float(), adapters, seed=seed).eval()
    return Causal(
        model, causal.tokenizer, causal.device, causal.window, causal.name, causal.identity
    )


def warm_up(
    causal: Causal, chosen: Sequence[Piece], setup: Less, *, seed: int, folder: Path
) -> list[Checkpoint]:
    """Train the adapters on a share of the pool; the checkpoints after each epoch stay in `folder`.

    They are read from there if all are there; an unfinished warm-up starts again.
    """
    import torch

    saved = [folder / f"warm-up-{epoch}.safetensors" for epoch in range(setup.epochs)]
    if all(file.exists() for file in saved):
        return [_read(file, causal.device) for file in saved]

    rng = np.random.default_rng(seed)
    count = max(1, round(setup.share * len(chosen)))
    picked = rng.permutation(len(chosen))[:count]
    steps = setup.epochs * -(-count // setup.batch_size)
    rising = max(1, round(WARMUP_RATIO * steps))
    parameters = gradients.trained(causal.model)
    optimizer = torch.optim.AdamW(
        parameters, lr=setup.learning_rate, betas=(BETA_1, BETA_2), eps=EPSILON, weight_decay=0.0
    )
    checkpoints, step = [], 0
    for _ in range(setup.epochs):
        rates = []
        order = rng.permutation(picked)
        for start in range(0, count, setup.batch_size):
            rate = setup.learning_rate * min(
                (step + 1) / rising, (steps - step) / max(1, steps - rising)
            )
            optimizer.param_groups[0]["lr"] = rate
            batch = [chosen[row] for row in order[start : start + setup.batch_size]]
            optimizer.zero_grad()
            (gradients.losses(causal, batch).sum() / len(batch)).backward()
            optimizer.step()
            rates.append(rate)
            step += 1
        checkpoints.append(
            Checkpoint(
                [parameter.detach().clone() for parameter in parameters],
                _moments(optimizer, parameters, "exp_avg"),
                _moments(optimizer, parameters, "exp_avg_sq"),
                float(np.mean(rates)),
            )
        )
    for file, checkpoint in zip(saved, checkpoints, strict=True):
        _write(file, checkpoint)
    return checkpoints


def _moments(optimizer: Any, parameters: Sequence[Any], name: str) -> Any:
    import torch

    return torch.cat([optimizer.state[each][name].reshape(-1) for each in parameters]).clone()


def _write(file: Path, checkpoint: Checkpoint) -> None:
    import torch
    from safetensors.torch import save_file

    tensors = {f"weight-{i:05d}": weight for i, weight in enumerate(checkpoint.weights)}
    tensors |= {"first": checkpoint.first, "second": checkpoint.second}
    tensors["rate"] = torch.tensor([checkpoint.rate], dtype=torch.float64)
    with files.replacing(file) as part:
        save_file(tensors, part)


def _read(file: Path, device: str) -> Checkpoint:
    from safetensors.torch import load_file

    tensors = load_file(file, device=device)
    rate = float(tensors.pop("rate"))
    first, second = tensors.pop("first"), tensors.pop("second")
    return Checkpoint([tensors[name] for name in sorted(tensors)], first, second, rate)
