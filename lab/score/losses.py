"""Summed token losses of many texts under one model: the kernel of all model-based scores.

Every sequence is computed once, ever: its loss is appended to a file per model, named by the
tokens, so that a killed run goes on, an edited row costs one row, and scores that read the same
text share the work.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab import paths
from lab.score import causal as causal_models
from lab.score.causal import Causal, Piece

RECORD = np.dtype([("key", "V16"), ("loss", "<f8"), ("tokens", "<i4")])
ROWS_PER_WRITE = 512

FloatArray = NDArray[np.float64]


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
    total, count = summed_losses(causal, pieces, max_tokens=max_tokens)
    means: FloatArray = np.full(len(total), np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means


def summed_losses(
    causal: Causal, pieces: Sequence[Piece], *, max_tokens: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the summed loss in nats of each target, and over how many tokens (n,), (n,).

    A piece that does not fit, or has no token to score, has the sum NaN and no tokens.
    """
    from tqdm.auto import tqdm

    limit = min(causal.window, max_tokens) if max_tokens else causal.window
    keys = [causal_models.key(piece) for piece in pieces]
    known = _read(_file(causal))
    todo = {
        key: piece
        for key, piece in zip(keys, pieces, strict=True)
        if key not in known and _scored(piece) and _length(piece) <= limit
    }
    order = sorted(todo, key=lambda key: (-_length(todo[key]), key))
    work = [todo[key] for key in order]
    waiting = []
    with tqdm(total=len(work), desc="losses", delay=2, leave=False) as bar:
        for batch in batched(causal, work):
            values = batch_losses(causal, [work[row] for row in batch])
            for row, value in zip(batch, values, strict=True):
                known[order[row]] = (value, _scored(work[row]))
                waiting.append((order[row], value, _scored(work[row])))
            if len(waiting) >= ROWS_PER_WRITE:
                _append(_file(causal), waiting)
            bar.update(len(batch))
    _append(_file(causal), waiting)
    fits = [_length(piece) <= limit for piece in pieces]
    found = [
        known[key] if fit and key in known else (np.nan, 0)
        for key, fit in zip(keys, fits, strict=True)
    ]
    both = np.array(found, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def batched(causal: Causal, pieces: Sequence[Piece]) -> list[list[int]]:
    """Return which rows run together, for pieces sorted by length."""
    tokens, logits = causal_models.budget(causal)
    lengths, scored = [_length(piece) for piece in pieces], [_scored(piece) for piece in pieces]
    return list(causal_models.batches(lengths, scored, tokens=tokens, logits=logits))


def batch_losses(causal: Causal, pieces: Sequence[Piece]) -> list[float]:
    """Return the summed loss of each target of one batch, computed now."""
    import torch

    rows = [[*piece.context, *piece.target] for piece in pieces]
    ends = [len(row) for row in rows]
    counts = [_scored(piece) for piece in pieces]
    starts = [end - count for end, count in zip(ends, counts, strict=True)]
    positions = [range(start - 1, end - 1) for start, end in zip(starts, ends, strict=True)]
    answers = [token for row, start in zip(rows, starts, strict=True) for token in row[start:]]
    with torch.inference_mode():
        logits = causal_models.logits_at(causal, rows, positions)
        losses = torch.nn.functional.cross_entropy(
            logits, torch.tensor(answers, device=logits.device), reduction="none"
        )
    sums = np.add.reduceat(losses.double().cpu().numpy(), np.cumsum([0, *counts[:-1]]))
    return [float(value) for value in sums]


def _length(piece: Piece) -> int:
    return len(piece.context) + len(piece.target)


def _scored(piece: Piece) -> int:
    """Return how many tokens of the target have something before them."""
    return len(piece.target) if piece.context else max(0, len(piece.target) - 1)


def _file(causal: Causal) -> Path:
    return paths.store() / "losses" / f"{causal.identity}.bin"


def _read(path: Path) -> dict[bytes, tuple[float, int]]:
    """Read what is known; a record that was being written when a run died is passed over."""
    if not path.exists():
        return {}
    whole = path.stat().st_size // RECORD.itemsize
    records: NDArray[Any] = np.fromfile(path, dtype=RECORD, count=whole)
    return {
        bytes(key): (float(loss), int(tokens))
        for key, loss, tokens in zip(
            records["key"], records["loss"], records["tokens"], strict=True
        )
    }


def _append(path: Path, waiting: list[tuple[bytes, float, int]]) -> None:
    """Write the waiting records at the end of the last whole one, and empty the list."""
    if not waiting:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        torn = stream.tell() % RECORD.itemsize
        if torn:
            stream.truncate(stream.tell() - torn)
        stream.write(np.array(waiting, dtype=RECORD).tobytes())
    waiting.clear()
