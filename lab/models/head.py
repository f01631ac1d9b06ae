"""The head of a language model on wanted positions only.

The head costs as much as several layers, with a large vocabulary most of the work and the memory,
and most positions need no logits. A hook hands it the hidden states of the wanted positions: any
model whose head works position by position gives the same logits there, and whatever it does to
its logits afterwards is kept.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.errors import ModelError


def head_of(model: Any) -> Any:
    """Return the layer that turns hidden states into logits.

    Raises
    ------
    ModelError
        If the model has none: it does not predict tokens.

    Examples
    --------
    >>> from lab import models, paths
    >>> tuple(head_of(models.causal(paths.base_model()).model).weight.shape)[1]
    128
    """
    head = model.get_output_embeddings()
    if head is None:
        raise ModelError(f"{type(model).__name__} has no head that predicts tokens")
    return head


@contextmanager
def only_at(head: Any, places: Any) -> Iterator[None]:
    """Let `head` see some positions of a batch alone; logits are then (1, m, vocabulary).

    Parameters
    ----------
    head : module
        From `head_of`.
    places : int tensor (m,)
        Positions in the flattened batch: row * width + column, on the device of the model.

    Examples
    --------
    >>> import torch
    >>> from lab import models, paths
    >>> model = models.causal(paths.base_model()).model
    >>> with torch.inference_mode(), only_at(head_of(model), torch.tensor([1])):
    ...     model(input_ids=torch.tensor([[5, 6, 7]])).logits.shape[:2]
    torch.Size([1, 1])
    """

    def gather(_: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden = arguments[0]
        return (hidden.reshape(-1, hidden.shape[-1])[places][None], *arguments[1:])

    hook = head.register_forward_pre_hook(gather)
    try:
        yield
    finally:
        hook.remove()


@contextmanager
def states_at(head: Any, places: Any) -> Iterator[list[Any]]:
    """Keep what `head` would see at some positions, and let it see nothing: logits are empty.

    Parameters
    ----------
    head : module
        From `head_of`.
    places : int tensor (m,)
        As in `only_at`.

    Yields
    ------
    list
        After a forward pass, its hidden states at `places`, (m, d).

    Examples
    --------
    >>> import torch
    >>> from lab import models, paths
    >>> model = models.causal(paths.base_model()).model
    >>> with torch.inference_mode(), states_at(head_of(model), torch.tensor([1])) as states:
    ...     _ = model(input_ids=torch.tensor([[5, 6, 7]]))
    >>> states[0].shape
    torch.Size([1, 128])
    """
    kept: list[Any] = []

    def keep(_: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden = arguments[0]
        kept.append(hidden.reshape(-1, hidden.shape[-1])[places])
        return (kept[-1][:0][None], *arguments[1:])

    hook = head.register_forward_pre_hook(keep)
    try:
        yield kept
    finally:
        hook.remove()
