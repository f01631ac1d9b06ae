"""One transformer over many texts: batches of equal length, each vector stored as soon as made.

A batch holds texts of exactly the same number of tokens, so nothing is padded or masked, no work
is wasted, and the batch size does not change a vector beyond float rounding. Vectors are kept
under the encoder and the text, so a killed call goes on where it stopped.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lab import hashing, models
from lab.embed import vectors
from lab.errors import DataError, MissingPackageError

if TYPE_CHECKING:
    import pandas as pd

Pool = Callable[[Any], Any]  # (batch, tokens, width) hidden states -> (batch, d)
CHUNK = 8192  # texts tokenised at a time
FILES = ("*.json", "*.safetensors", "*.bin", "*.model", "*.txt")


@dataclass(frozen=True)
class Encoder:
    """A loaded transformer with what it takes to embed."""

    name: str  # fingerprint of weights, pooling and limit; the key of the stored vectors
    tokenizer: Any
    forward: Callable[[Any], Any]  # token ids (batch, tokens) -> vectors (batch, d)
    max_tokens: int
    device: str


def folder(model: str | Path) -> Path:
    """Return the local folder of a model given by folder, by its name here or by hub name."""
    path = Path(models.find(model))
    if path.is_dir():
        return path
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingPackageError("huggingface_hub", needed_by="a model by hub name") from None
    return Path(
        snapshot_download(str(model), allow_patterns=[*FILES, "*/*.json", "*/*.safetensors"])
    )


def fingerprint(path: Path, *parts: object) -> str:
    """Return a hash of a model's files and of what else decides a vector."""
    return hashing.digest([models.identity(path), *parts], digits=hashing.ID_DIGITS)


def embed(texts: "pd.Series[str]", encoder: Encoder, *, batch_tokens: int) -> vectors.Embedding:
    """Return unit vectors (n, d) on the index of `texts`; stored ones are not made again."""
    if batch_tokens < 1:
        raise ValueError(f"batch_tokens must be at least 1, got {batch_tokens}")
    vectors.check_texts(texts)
    distinct = sorted(set(texts))
    with vectors.Store(encoder.name) as store:
        missing = store.missing(distinct)
        cut = 0
        for start in range(0, len(missing), CHUNK):
            part = missing[start : start + CHUNK]
            for chosen, made, truncated in batches(part, encoder, batch_tokens):
                store.add([part[row] for row in chosen], made)
                cut += truncated
        return store.embedding(texts, made=len(missing), truncated=cut)


def batches(
    part: list[str], encoder: Encoder, batch_tokens: int
) -> Iterator[tuple[list[int], NDArray[np.float32], int]]:
    """Yield rows of `part` of equal length, their unit vectors, and how many were truncated."""
    import torch

    tokens = encoder.tokenizer(part, truncation=False, return_attention_mask=False, verbose=False)
    limit = encoder.max_tokens
    ids = tokens["input_ids"]
    long = [row for row, row_ids in enumerate(ids) if len(row_ids) > limit]
    if long:
        again = encoder.tokenizer(
            [part[row] for row in long],
            truncation=True,
            max_length=limit,
            return_attention_mask=False,
        )
        for row, row_ids in zip(long, again["input_ids"], strict=True):
            ids[row] = row_ids
    order = sorted(range(len(part)), key=lambda row: len(ids[row]))
    start = 0
    while start < len(order):
        width = len(ids[order[start]])
        if width == 0:
            raise DataError("the tokenizer made no tokens", value=part[order[start]])
        stop = start + 1
        most = start + max(1, batch_tokens // width)
        while stop < min(most, len(order)) and len(ids[order[stop]]) == width:
            stop += 1
        chosen = order[start:stop]
        batch = torch.tensor([ids[row] for row in chosen], device=encoder.device)
        with torch.inference_mode():
            made = torch.nn.functional.normalize(encoder.forward(batch).float(), dim=-1)
        yield chosen, made.cpu().numpy(), len(set(chosen) & set(long))
        start = stop
