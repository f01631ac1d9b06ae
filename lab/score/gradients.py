"""Gradients of single examples with respect to adapters, many at a time, and projected.

An adapter is a linear layer, so the gradient of one example is the sum over its positions of the
outer product of what came out of the layer's backward pass and what went into its forward pass:
one pass over a batch gives all of them.

Source: Goodfellow 2015, arXiv:1510.01799 (gradients per example); Park et al. 2023,
arXiv:2303.14186 (random projection of gradients).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.score import causal as causal_models
from lab.score.causal import Causal, Piece
from lab.score.losses import length

GRADIENT_FLOATS = 2**26  # of unprojected gradients held at a time: 256 MiB
BLOCK_FLOATS = 2**25  # of the projection's signs made at a time


def trained(model: Any) -> list[Any]:
    """Return the weights that learn, in a fixed order: those of linear adapters only."""
    return [layer.weight for layer in _layers(model)]


def losses(causal: Causal, pieces: Sequence[Piece]) -> Any:
    """Return the mean token loss of each piece (n,), to be differentiated."""
    import torch

    ids = [[*piece.context, *piece.target] for piece in pieces]
    counts = [len(piece.target) for piece in pieces]
    positions = [range(len(piece.context) - 1, length(piece) - 1) for piece in pieces]
    logits = causal_models.logits_at(causal, ids, positions)
    answers = torch.tensor([token for piece in pieces for token in piece.target])
    each = torch.nn.functional.cross_entropy(logits, answers.to(logits.device), reduction="none")
    row = torch.repeat_interleave(torch.arange(len(pieces)), torch.tensor(counts))
    total = torch.zeros(len(pieces), device=each.device).index_add(0, row.to(each.device), each)
    return total / torch.tensor(counts, device=each.device)


def directions(
    causal: Causal,
    pieces: Sequence[Piece],
    *,
    dimensions: int,
    seed: int,
    change: Callable[[Any], Any] | None = None,
) -> NDArray[np.float32]:
    """Return each piece's projected gradient as a unit vector (n, d).

    Parameters
    ----------
    causal : Causal
        A model with adapters.
    pieces : sequence of Piece
        What to differentiate.
    dimensions : int
        Length of the projection; shorter gradients stay as they are.
    seed : int
        Of the projection's signs.
    change : function, optional
        Applied to the gradients (n, D) before they are projected.
    """
    import torch

    size = sum(weight.numel() for weight in trained(causal.model))
    found = np.empty((len(pieces), min(size, dimensions)), dtype=np.float32)
    order = sorted(range(len(pieces)), key=lambda row: -length(pieces[row]))
    held: list[Any] = []
    done = waiting = 0
    for start in _batches(causal, [length(pieces[row]) for row in order], size):
        each = per_example(causal, [pieces[order[row]] for row in start])
        held.append(change(each) if change else each)
        waiting += len(start)
        if waiting * size >= GRADIENT_FLOATS or done + waiting == len(pieces):
            small = project(torch.cat(held), dimensions=dimensions, seed=seed)
            unit = torch.nn.functional.normalize(small, dim=1).cpu().numpy()
            found[order[done : done + waiting]] = unit
            done, waiting, held = done + waiting, 0, []
    return found


def per_example(causal: Causal, pieces: Sequence[Piece]) -> Any:
    """Return the gradient of each piece's mean loss by the adapters (n, D)."""
    import torch

    with _recorded(causal.model) as parts:
        losses(causal, pieces).sum().backward()
    causal.model.zero_grad(set_to_none=True)
    return torch.cat([parts[layer].flatten(1) for layer in _layers(causal.model)], dim=1)


def project(gradients: Any, *, dimensions: int, seed: int) -> Any:
    """Multiply (n, D) by a (D, dimensions) matrix of random signs over sqrt(dimensions).

    The signs depend on the seed and the place only. Gradients that are no longer than
    `dimensions` are returned as they are.
    """
    import torch

    size = gradients.shape[1]
    if size <= dimensions:
        return gradients
    block = max(1, BLOCK_FLOATS // dimensions)
    total = torch.zeros(len(gradients), dimensions, device=gradients.device)
    generator = torch.Generator().manual_seed(seed)
    for start in range(0, size, block):
        stop = min(start + block, size)
        signs = torch.randint(0, 2, (stop - start, dimensions), generator=generator) * 2.0 - 1
        total += gradients[:, start:stop] @ signs.to(gradients.device)
    return total / dimensions**0.5


def _layers(model: Any) -> list[Any]:
    import torch

    return [
        layer
        for _, layer in sorted(model.named_modules())
        if isinstance(layer, torch.nn.Linear) and layer.weight.requires_grad
    ]


def _batches(causal: Causal, lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield rows that run together: few enough for their gradients to be held."""
    most = max(1, GRADIENT_FLOATS // size)
    for batch in causal_models.batches(causal, lengths, lengths):
        for start in range(0, len(batch), most):
            yield batch[start : start + most]


@contextmanager
def _recorded(model: Any) -> Iterator[dict[Any, Any]]:
    """Collect the gradients per example of every layer that learns, for one pass."""
    import torch

    parts: dict[Any, Any] = {}

    def watch(layer: Any, arguments: tuple[Any, ...], output: Any) -> None:
        entered = arguments[0].detach()

        def collect(gradient: Any) -> None:
            parts[layer] = torch.einsum("bto,bti->boi", gradient, entered)

        output.register_hook(collect)

    hooks = [layer.register_forward_hook(watch) for layer in _layers(model)]
    try:
        yield parts
    finally:
        for hook in hooks:
            hook.remove()
