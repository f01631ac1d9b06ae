"""Summed token losses of many texts under one model: the kernel of all loss-based scores."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.score import causal as causal_models
from lab.score import ledger
from lab.score.causal import Causal, Piece

FloatArray = NDArray[np.float64]
Measure = Callable[[Any, Any], Any]


def mean_losses(
    causal: Causal, pieces: Sequence[Piece], *, max_tokens: int | None = None
) -> FloatArray:
    """Return the mean loss in nats of each target's tokens, given all before them.

    Parameters
    ----------
    causal : Causal
        The model.
    pieces : sequence of Piece
        Contexts and targets. The first token of a target without a context is not scored.
    max_tokens : int, optional
        Longest context and target together; the default is the model's window.

    Returns
    -------
    float (n,)
        NaN where a piece does not fit, or has no token to score.
    """
    sums = summed_losses(causal, pieces, max_tokens=max_tokens)
    counts = np.array([scored(piece) for piece in pieces], dtype=np.float64)
    means: FloatArray = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def summed_losses(
    causal: Causal, pieces: Sequence[Piece], *, max_tokens: int | None = None
) -> FloatArray:
    """Return the summed loss in nats of each target (n,); NaN as in `mean_losses`."""
    return summed(causal, pieces, token_losses, name="losses", max_tokens=max_tokens)


def summed(
    causal: Causal,
    pieces: Sequence[Piece],
    measure: Measure,
    *,
    name: str,
    max_tokens: int | None = None,
) -> FloatArray:
    """Return the sum over each target's tokens of what is measured (n,), known ones not again.

    Parameters
    ----------
    causal, pieces, max_tokens
        As in `mean_losses`.
    measure : function
        From logits (m, vocabulary) and the tokens that follow (m,) to a number for each (m,).
    name : str
        Of what is measured; it is kept under it.
    """
    limit = min(causal.window, max_tokens) if max_tokens else causal.window
    keys = [ledger.key(*piece) for piece in pieces]
    work = {
        key: piece
        for key, piece in zip(keys, pieces, strict=True)
        if scored(piece) and length(piece) <= limit
    }
    order = dict(sorted(work.items(), key=lambda item: (-length(item[1]), item[0])))

    def run(waiting: Sequence[Piece]) -> Iterator[tuple[list[int], list[float]]]:
        lengths, wanted = [length(each) for each in waiting], [scored(each) for each in waiting]
        for rows in causal_models.batches(causal, lengths, wanted):
            yield rows, batch_sums(causal, [waiting[row] for row in rows], measure)

    found = ledger.computed(f"{name}-{causal.identity}", order, run)
    return np.array([found.get(key, np.nan) for key in keys], dtype=np.float64)


def token_losses(logits: Any, answers: Any) -> Any:
    """Return the loss in nats of each token (m,)."""
    import torch

    return torch.nn.functional.cross_entropy(logits, answers, reduction="none")


def batch_sums(causal: Causal, pieces: Sequence[Piece], measure: Measure) -> list[float]:
    """Return the sum of each target of one batch, computed now."""
    import torch

    rows = [[*piece.context, *piece.target] for piece in pieces]
    counts = [scored(piece) for piece in pieces]
    starts = [len(row) - count for row, count in zip(rows, counts, strict=True)]
    positions = [range(start - 1, len(row) - 1) for row, start in zip(rows, starts, strict=True)]
    answers = [token for row, start in zip(rows, starts, strict=True) for token in row[start:]]
    with torch.inference_mode():
        logits = causal_models.logits_at(causal, rows, positions)
        values = measure(logits, torch.tensor(answers, device=logits.device))
    sums = np.add.reduceat(values.double().cpu().numpy(), np.cumsum([0, *counts[:-1]]))
    return [float(value) for value in sums]


def length(piece: Piece) -> int:
    """Return the tokens of context and target."""
    return len(piece.context) + len(piece.target)


def scored(piece: Piece) -> int:
    """Return how many tokens of the target have something before them."""
    return len(piece.target) if piece.context else max(0, len(piece.target) - 1)
