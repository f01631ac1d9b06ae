"""What an example's gradient looks like: how large it is, and in how many directions.

Source: arXiv:2504.10766 (a unified view of data by gradients), and the authors' code,
`MingLiiii/Gradient_Unified`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from lab.score import causal as causal_models
from lab.score import gradients
from lab.score.causal import Causal, Piece
from lab.score.layout import ALPACA, Layout, prompts
from lab.score.losses import length, scored

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj")


def gradient_rank(
    pool: pd.DataFrame,
    *,
    model: str,
    layout: Layout = ALPACA,
    projections: Sequence[str] = PROJECTIONS,
    max_tokens: int | None = None,
    device: str | None = None,
) -> pd.DataFrame:
    """Measure each example's gradient in the layers of attention: its nuclear norm and its rank.

    The gradient of the mean loss of the output, without dropout, by the matrices named in each
    layer: the nuclear norm is the sum of a matrix's singular values, the effective rank the
    exponential of their entropy as shares. Better data were found to have a lower norm and a
    higher rank. Both go with length: a gradient has no more directions than there are tokens, and
    a mean over more of them is smaller. Compare within bands of `tokens`.

    Source: arXiv:2504.10766, read in its abstract and the authors' code, which compares sets and
    has no single score and no selection.
    Cost: a forward and a backward pass per row, one by one, and the singular values of a matrix of
    tokens by tokens for each layer and projection.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder of a causal model, run in fp32.
    layout : Layout
        How an example becomes text.
    projections : sequence of str
        Ends of the names of the linear layers.
    max_tokens : int, optional
        Longest example; longer ones are NaN. The default is the model's window.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Returns
    -------
    DataFrame
        On the pool's index: `tokens` of the output; for each projection `nuclear_norm` and
        `effective_rank`, means over layers, as `q_proj_nuclear_norm`; and the means over all.
        NaN where the output has no token to score or the example does not fit.

    Raises
    ------
    ValueError
        If the model has no such layer.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> found = gradient_rank(testbed.pool(2), model=str(paths.base_model()))
    >>> (found["effective_rank"] <= found["tokens"] + 40).all().item()
    True
    """
    causal = causal_models.load(model, device=device)
    network = causal.model.float()
    layers = _layers(network, projections)
    asked = prompts(layout, pool, causal.tokenizer)
    pieces = causal_models.encode(causal, asked, pool["output"].tolist())
    limit = min(causal.window, max_tokens) if max_tokens else causal.window
    found = []
    with _watched(network, layers) as seen:
        for piece in pieces:
            row: dict[str, float] = {"tokens": float(len(piece.target))}
            if scored(piece) == len(piece.target) > 0 and length(piece) <= limit:
                row |= _measured(causal, piece, seen)
            found.append(row)
    kinds = [
        f"{name}_{what}" for name in projections for what in ("nuclear_norm", "effective_rank")
    ]
    columns = ["tokens", *kinds, "nuclear_norm", "effective_rank"]
    return pd.DataFrame(found, index=pool.index, columns=columns, dtype="float64")


def spectrum(inputs: Any, slopes: Any) -> tuple[float, float]:
    """Return nuclear norm and effective rank of a gradient, the sum of outer products of rows.

    Parameters
    ----------
    inputs : tensor (tokens, inner)
        What went into a linear layer.
    slopes : tensor (tokens, outer)
        What came back to its output.

    Examples
    --------
    >>> import torch
    >>> [round(each, 4) for each in spectrum(torch.eye(4), torch.eye(4))]
    [4.0, 4.0]
    """
    import torch

    left, right = torch.linalg.qr(slopes.T, mode="r")[1], torch.linalg.qr(inputs.T, mode="r")[1]
    values = torch.linalg.svdvals(left @ right.T).double()
    total = float(values.sum())
    if total == 0:
        return 0.0, float("nan")
    shares = (values / total).clamp(min=1e-300)
    return total, float(torch.exp(-(shares * shares.log()).sum()))


def _measured(
    causal: Causal, piece: Piece, seen: dict[str, list[tuple[Any, Any]]]
) -> dict[str, float]:
    import torch

    seen.clear()
    with torch.enable_grad():
        gradients.losses(causal, [piece]).sum().backward()
    causal.model.zero_grad(set_to_none=True)
    row, every = {}, []
    for name, pairs in seen.items():
        values = [spectrum(inputs, slopes) for inputs, slopes in pairs]
        every += values
        row[f"{name}_nuclear_norm"], row[f"{name}_effective_rank"] = np.mean(values, axis=0)
    row["nuclear_norm"], row["effective_rank"] = np.mean(every, axis=0)
    return row


def _layers(network: Any, projections: Sequence[str]) -> list[tuple[str, Any]]:
    import torch

    found = [
        (kind, layer)
        for name, layer in network.named_modules()
        for kind in projections
        if name.rpartition(".")[2] == kind and isinstance(layer, torch.nn.Linear)
    ]
    missing = set(projections) - {kind for kind, _ in found}
    if missing:
        raise ValueError(f"the model has no linear layer named {sorted(missing)}")
    return found


@contextmanager
def _watched(network: Any, layers: Sequence[tuple[str, Any]]) -> Iterator[dict[str, list[Any]]]:
    """Collect what goes into each layer and what comes back to its output, for one text."""
    seen: dict[str, list[Any]] = {}

    def watch(kind: str) -> Any:
        def enter(_: Any, arguments: tuple[Any, ...], output: Any) -> None:
            inputs = arguments[0].detach()[0]

            def collect(slope: Any) -> None:
                seen.setdefault(kind, []).append((inputs, slope.detach()[0]))

            output.register_hook(collect)

        return enter

    learns = [weight.requires_grad for weight in network.parameters()]
    chosen = {id(layer.weight) for _, layer in layers}
    for weight in network.parameters():
        weight.requires_grad_(id(weight) in chosen)
    hooks = [layer.register_forward_hook(watch(kind)) for kind, layer in layers]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
        for weight, learned in zip(network.parameters(), learns, strict=True):
            weight.requires_grad_(learned)
