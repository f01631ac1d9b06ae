"""Frozen weights in half of their bytes while adapters are trained.

Autocast makes a short copy of every weight for each pass; where weights are not trained that copy
is the same each time, and making it costs a quarter of a step of a small model on a CPU. Made once,
it changes no number.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def in_bf16(model: Any) -> Iterator[None]:
    """Hold the frozen weights of linear layers in bf16; the old ones are back afterwards.

    A head that shares its weights with the embeddings stays as it is, since these are added up in
    full precision.

    Parameters
    ----------
    model : module
        In training under autocast, which would make the same copies.

    Examples
    --------
    >>> from lab import models, paths
    >>> model = models.causal(paths.base_model()).model.requires_grad_(requires_grad=False)
    >>> layer = model.get_decoder().layers[0].mlp.up_proj
    >>> with in_bf16(model):
    ...     layer.weight.dtype
    torch.bfloat16
    >>> layer.weight.dtype
    torch.float32
    """
    import torch

    shared = {id(module.weight) for module in model.modules() if _is_embedding(module)}
    kept = []
    for module in model.modules():
        if not isinstance(module, torch.nn.Linear) or id(module.weight) in shared:
            continue
        if not module.weight.requires_grad and module.weight.dtype == torch.float32:
            kept.append((module, module.weight.data))
            module.weight.data = module.weight.data.to(torch.bfloat16)
    try:
        yield
    finally:
        for module, weight in kept:
            module.weight.data = weight


def _is_embedding(module: Any) -> bool:
    import torch

    return isinstance(module, torch.nn.Embedding)
