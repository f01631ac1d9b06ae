"""Which examples would push a model where the target tasks want it.

Source: Xia et al. 2024, arXiv:2402.04333 (LESS), with the details of the authors' code: Adam's
direction is m / sqrt(v + eps) after one more step, without bias correction; gradients of the
targets are plain; both are projected, made unit vectors, and their products weighted by the mean
learning rate of each epoch of a LoRA warm-up.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.errors import MissingPackageError
from lab.score import causal as causal_models
from lab.score import gradients
from lab.score.causal import Causal, Piece
from lab.score.layout import ALPACA, Layout, rows
from lab.score.losses import length

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


def influence(
    pool: pd.DataFrame,
    targets: Mapping[str, pd.DataFrame],
    *,
    model: str,
    layout: Layout = ALPACA,
    setup: Less | None = None,
    seed: int = 0,
) -> "pd.Series[float]":
    """Influence on the best-served target task, -1 to 1; higher helps more.

    Cosine of an example's Adam direction with the gradient of each target example, weighted over
    checkpoints, the mean within a task, the maximum over tasks. NaN where an example does not fit
    the model.

    Source: Xia et al. 2024, arXiv:2402.04333, equation 3 (LESS).
    Cost: a LoRA warm-up, then a forward and backward pass per row and epoch; hours of a GPU for a
    7B model and 100,000 rows.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    targets : mapping of str to DataFrame
        A few examples of each task to get better at.
    model : str
        Hub name or folder of a causal model.
    layout : Layout
        How an example becomes text.
    setup : Less, optional
        The warm-up and the projection; the default is the paper's.
    seed : int
        Draws the warm-up examples, the adapters and the projection.

    Raises
    ------
    ValueError
        If there is no target, a task has no example that fits, or nothing is left to warm up on.
    """
    setup = setup or Less()
    causal = causal_models.load(model)
    pieces = dict(zip(pool.index, _pieces(causal, pool, layout), strict=True))
    fitting = sorted(key for key, piece in pieces.items() if _fits(causal, piece))
    wanted = {
        name: [piece for piece in _pieces(causal, task, layout) if _fits(causal, piece)]
        for name, task in targets.items()
    }
    if not wanted or not all(wanted.values()):
        raise ValueError(
            f"every target task needs an example that fits {causal.window} tokens, got "
            f"{ {name: len(some) for name, some in wanted.items()} }"
        )
    if not fitting:
        raise ValueError(f"no example of the pool fits {causal.window} tokens")
    tuned = _with_adapters(causal, setup, seed)
    chosen = [pieces[key] for key in fitting]
    checkpoints = _warm_up(tuned, chosen, setup, seed)
    values = _values(tuned, checkpoints, chosen, wanted, setup.dimensions, seed)
    found = pd.Series(values, index=pd.Index(fitting, name=pool.index.name), dtype="float64")
    return found.reindex(pool.index).rename("influence")


def _values(
    causal: Causal,
    checkpoints: Sequence[Checkpoint],
    chosen: list[Piece],
    wanted: Mapping[str, list[Piece]],
    dimensions: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return, per example, the best of the tasks' mean weighted cosines."""
    import torch

    total = sum(checkpoint.rate for checkpoint in checkpoints)
    parameters = gradients.trained(causal.model)
    summed: NDArray[np.float64] = np.zeros((len(chosen), len(wanted)))
    for checkpoint in checkpoints:
        with torch.no_grad():
            for parameter, weight in zip(parameters, checkpoint.weights, strict=True):
                parameter.copy_(weight)
        adam = partial(_adam_direction, checkpoint)
        own = gradients.directions(causal, chosen, dimensions=dimensions, seed=seed, change=adam)
        for column, task in enumerate(wanted.values()):
            theirs = gradients.directions(causal, task, dimensions=dimensions, seed=seed)
            summed[:, column] += checkpoint.rate / total * (own @ theirs.T).mean(axis=1)
    best: NDArray[np.float64] = summed.max(axis=1)
    return best


def _adam_direction(checkpoint: Checkpoint, gradient: Any) -> Any:
    """Return where Adam would go after one more step along each gradient (n, D)."""
    import torch

    moved = BETA_1 * checkpoint.first + (1 - BETA_1) * gradient
    spread = BETA_2 * checkpoint.second + (1 - BETA_2) * gradient**2
    return moved / torch.sqrt(spread + EPSILON)


def _pieces(causal: Causal, pool: pd.DataFrame, layout: Layout) -> list[Piece]:
    """Return what is learned from each example: its output and an end token."""
    prompts = [layout.prompt(example) for example in rows(pool)]
    end = causal.tokenizer.eos_token_id
    ends = [] if end is None else [end]
    found = causal_models.encode(causal, prompts, pool["output"].tolist())
    return [Piece(piece.context, [*piece.target, *ends]) for piece in found]


def _fits(causal: Causal, piece: Piece) -> bool:
    return bool(piece.context) and bool(piece.target) and length(piece) <= causal.window


def _with_adapters(causal: Causal, setup: Less, seed: int) -> Causal:
    """Return the model with fresh adapters, the only weights that learn."""
    import torch

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
    with torch.random.fork_rng(), warnings.catch_warnings():
        # peft asks transformers in words that will go
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        torch.manual_seed(seed)
        model = peft.get_peft_model(causal.model.float(), adapters).eval()
    return Causal(
        model, causal.tokenizer, causal.device, causal.window, causal.name, causal.identity
    )


def _warm_up(causal: Causal, chosen: list[Piece], setup: Less, seed: int) -> list[Checkpoint]:
    """Train the adapters on a share of the pool and keep a checkpoint after each epoch."""
    import torch

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
    return checkpoints


def _moments(optimizer: Any, parameters: Sequence[Any], name: str) -> Any:
    import torch

    return torch.cat([optimizer.state[each][name].reshape(-1) for each in parameters]).clone()
