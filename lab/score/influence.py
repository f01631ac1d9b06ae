"""Which examples would push a model where the target tasks want it.

Source: Xia et al. 2024, arXiv:2402.04333 (LESS), with the details of the authors' code: Adam's
direction is m / sqrt(v + eps) after one more step, without bias correction; gradients of the
targets are plain; both are projected, made unit vectors, and their products weighted by the mean
learning rate of each epoch of a LoRA warm-up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab import files, hashing, paths
from lab.score import causal as causal_models
from lab.score import gradients, ledger
from lab.score.causal import Causal, Piece
from lab.score.layout import ALPACA, Layout, prompts
from lab.score.losses import length
from lab.score.warmup import BETA_1, BETA_2, EPSILON, Checkpoint, Less, warm_up, with_adapters

ROWS_AT_ONCE = 1024  # whose products are kept at a time


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

    Source: Xia et al. 2024, arXiv:2402.04333 (LESS).
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

    Examples
    --------
    >>> from lab import paths, testbed
    >>> less = Less(share=1.0, epochs=1, rank=1, batch_size=2)
    >>> wanted = {"dev": testbed.pool(2, seed=1)}
    >>> found = influence(testbed.pool(3), wanted, model=str(paths.base_model()), setup=less)
    >>> found.between(-1, 1).all().item()
    True
    """
    setup = setup or Less()
    causal = causal_models.load(model)
    pieces = dict(zip(pool.index, pieces_of(causal, pool, layout), strict=True))
    fitting = sorted(key for key, piece in pieces.items() if _fits(causal, piece))
    wanted = {
        name: [piece for piece in pieces_of(causal, task, layout) if _fits(causal, piece)]
        for name, task in targets.items()
    }
    if not wanted or not all(wanted.values()):
        raise ValueError(
            f"every target task needs an example that fits {causal.window} tokens, got "
            f"{ {name: len(some) for name, some in wanted.items()} }"
        )
    if not fitting:
        raise ValueError(f"no example of the pool fits {causal.window} tokens")
    tuned = with_adapters(causal, setup, seed)
    chosen = [pieces[key] for key in fitting]
    folder = _folder(causal, setup, seed, [chosen, *wanted.values()])
    checkpoints = warm_up(tuned, chosen, setup, seed=seed, folder=folder)
    total = sum(checkpoint.rate for checkpoint in checkpoints)
    summed: NDArray[np.float64] = np.zeros((len(chosen), len(wanted)))
    for epoch, checkpoint in enumerate(checkpoints):
        compare = partial(products, tuned, checkpoint, list(wanted.values()), setup, seed)
        summed += checkpoint.rate / total * _in_parts(chosen, compare, folder, f"products-{epoch}")
    index = pd.Index(fitting, name=pool.index.name)
    return pd.Series(summed.max(axis=1), index=index).reindex(pool.index).rename("influence")


def gradient_vectors(
    pool: pd.DataFrame,
    *,
    model: str,
    warm: pd.DataFrame | None = None,
    layout: Layout = ALPACA,
    setup: Less | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Give each example's projected gradient after a warm-up, a unit row; near rows pull alike.

    The representation of targeted selectors: `select.round_robin`, `select.tsds` and the others
    take those of a pool and those of target examples. The gradient of the output's mean loss by
    the adapters, at the last checkpoint of a LoRA warm-up, times random signs. Both must come of
    one warm-up: give the pool as `warm` with the targets. `influence` weighs all checkpoints and
    takes Adam's direction for the pool; here gradients are plain.

    Source: Xia et al. 2024, arXiv:2402.04333 (LESS), at one checkpoint.
    Cost: a LoRA warm-up once, then a forward and backward pass per row.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder of a causal model.
    warm : DataFrame, optional
        The pool to warm up on, if it is another one.
    layout : Layout
        How an example becomes text.
    setup : Less, optional
        The warm-up and the projection; the default is the paper's.
    seed : int
        Draws the warm-up examples, the adapters and the projection.

    Returns
    -------
    DataFrame float32 (n, d)
        Unit rows on the pool's index; NaN where an example does not fit the model.

    Raises
    ------
    ValueError
        If no example to warm up on fits the model.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> less = Less(share=1.0, epochs=1, rank=1, batch_size=2, dimensions=16)
    >>> pool, wanted = testbed.pool(3), testbed.pool(2, seed=1)
    >>> given = {"model": str(paths.base_model()), "setup": less}
    >>> X, Q = gradient_vectors(pool, **given), gradient_vectors(wanted, warm=pool, **given)
    >>> X.shape, Q.shape
    ((3, 16), (2, 16))
    """
    setup = setup or Less()
    causal = causal_models.load(model)
    first = pool if warm is None else warm
    pieces = dict(zip(first.index, pieces_of(causal, first, layout), strict=True))
    chosen = [pieces[key] for key in sorted(pieces) if _fits(causal, pieces[key])]
    if not chosen:
        raise ValueError(f"no example to warm up on fits {causal.window} tokens")
    own = dict(zip(pool.index, pieces_of(causal, pool, layout), strict=True))
    fitting = [key for key, piece in own.items() if _fits(causal, piece)]
    tuned = with_adapters(causal, setup, seed)
    folder = _folder(causal, setup, seed, [chosen])
    _set(tuned, warm_up(tuned, chosen, setup, seed=seed, folder=folder)[-1])
    X = gradients.directions(
        tuned, [own[key] for key in fitting], dimensions=setup.dimensions, seed=seed
    )
    return pd.DataFrame(X, index=pd.Index(fitting, name=pool.index.name)).reindex(pool.index)


def products(
    causal: Causal,
    checkpoint: Checkpoint,
    tasks: Sequence[list[Piece]],
    setup: Less,
    seed: int,
    chosen: Sequence[Piece],
) -> NDArray[np.float64]:
    """Return, per example and task, the mean cosine at one checkpoint."""
    _set(causal, checkpoint)
    directions = partial(gradients.directions, causal, dimensions=setup.dimensions, seed=seed)
    theirs = np.stack([directions(task).mean(axis=0, dtype=np.float64) for task in tasks])
    own = directions(chosen, change=partial(_adam_direction, checkpoint))
    found: NDArray[np.float64] = own @ theirs.T
    return found


def _in_parts(
    chosen: Sequence[Piece], compare: Any, folder: Path, name: str
) -> NDArray[np.float64]:
    """Compute products part by part; what an unfinished run has written is read."""
    parts = []
    for start in range(0, len(chosen), ROWS_AT_ONCE):
        file = folder / f"{name}-{start}.npy"
        if not file.exists():
            products = compare(chosen[start : start + ROWS_AT_ONCE])
            with files.replacing(file) as part:
                np.save(part, products, allow_pickle=False)
        parts.append(np.load(file, allow_pickle=False))
    return np.concatenate(parts)


def _folder(causal: Causal, setup: Less, seed: int, pieces: Sequence[Sequence[Piece]]) -> Path:
    """Name the folder of everything that is the same when nothing has changed."""
    keys = [[ledger.key(*piece).hex() for piece in some] for some in pieces]
    named = [causal.identity, asdict(setup), seed, ROWS_AT_ONCE, keys]
    return paths.store() / "influence" / hashing.digest(named, digits=hashing.ID_DIGITS)


def _set(causal: Causal, checkpoint: Checkpoint) -> None:
    """Give a model the adapters of a checkpoint."""
    import torch

    with torch.no_grad():
        trained = gradients.trained(causal.model)
        for parameter, weight in zip(trained, checkpoint.weights, strict=True):
            parameter.copy_(weight)


def _adam_direction(checkpoint: Checkpoint, gradient: Any) -> Any:
    """Return where Adam would go after one more step along each gradient (n, D)."""
    import torch

    moved = BETA_1 * checkpoint.first + (1 - BETA_1) * gradient
    spread = BETA_2 * checkpoint.second + (1 - BETA_2) * gradient**2
    return moved / torch.sqrt(spread + EPSILON)


def pieces_of(causal: Causal, pool: pd.DataFrame, layout: Layout) -> list[Piece]:
    """Return what is learned from each example: its output and an end token."""
    written = prompts(layout, pool, causal.tokenizer)
    end = causal.tokenizer.eos_token_id
    ends = [] if end is None else [end]
    found = causal_models.encode(causal, written, pool["output"].tolist())
    return [Piece(piece.context, [*piece.target, *ends]) for piece in found]


def _fits(causal: Causal, piece: Piece) -> bool:
    return bool(piece.context) and bool(piece.target) and length(piece) <= causal.window
