"""One forward pass of a causal model over many texts, with only the logits that are needed.

Rows are sorted by length and batched by tokens, padded on the right without a mask (a causal
model never looks right), and the hidden states of the wanted positions are gathered before they
meet the vocabulary. What comes out does not depend on the batches (1e-4 in fp32).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lab import hashing, models

LOGIT_BYTES = 256 * 2**20  # of one batch's gathered logits, in fp32
BATCH_TOKENS = {"cpu": 2048, "cuda": 32768}  # padded, a batch; about the fastest on a CPU


class Piece(NamedTuple):
    """Token ids of what is read first, and of what is scored."""

    context: list[int]
    target: list[int]


@dataclass(frozen=True)
class Causal:
    """A causal language model, ready to run: where it is, how long a text it takes, who it is."""

    model: Any
    tokenizer: Any
    device: str
    window: int
    name: str
    identity: str


def load(name: str, *, device: str | None = None) -> Causal:
    """Load a causal model by hub name or folder, in fp32 on a CPU and as stored on a GPU.

    Parameters
    ----------
    name : str
        Hub name or folder.
    device : str, optional
        As torch names it; the default is a GPU if there is one.
    """
    loaded = models.causal(name, device=device)
    window = loaded.window or int(loaded.tokenizer.model_max_length)
    known = identity(name, loaded.model)
    return Causal(loaded.model, loaded.tokenizer, loaded.device, window, str(name), known)


def encode(causal: Causal, contexts: Sequence[str], targets: Sequence[str]) -> list[Piece]:
    """Turn texts into pieces; the tokens of a target do not depend on its context.

    A context has what the tokenizer puts in front of a text, and never an end token.
    """
    if not contexts:
        return []
    before = causal.tokenizer(list(contexts))["input_ids"]
    after = causal.tokenizer(list(targets), add_special_tokens=False)["input_ids"]
    end = causal.tokenizer.eos_token_id
    return [
        Piece(ids[:-1] if len(ids) > 1 and ids[-1] == end else ids, target)
        for ids, target in zip(before, after, strict=True)
    ]


def batches(causal: Causal, lengths: Sequence[int], wanted: Sequence[int]) -> Iterator[list[int]]:
    """Yield positions of rows that fit one forward pass, in the order given.

    Parameters
    ----------
    causal : Causal
        Its device and vocabulary bound the padded tokens and the logits of a batch.
    lengths : sequence of int
        Tokens per row; sort the rows by it first, to pad little.
    wanted : sequence of int
        Positions per row whose logits are read.
    """
    vocabulary = models.head_of(causal.model).weight.shape[0]
    tokens = BATCH_TOKENS["cpu" if causal.device == "cpu" else "cuda"]
    yield from split(lengths, wanted, tokens=tokens, logits=LOGIT_BYTES // (4 * vocabulary))


def split(
    lengths: Sequence[int], wanted: Sequence[int], *, tokens: int, logits: int
) -> Iterator[list[int]]:
    """Yield runs of rows with at most `tokens` padded and `logits` gathered, or of one row."""
    batch: list[int] = []
    longest = gathered = 0
    for row, (length, want) in enumerate(zip(lengths, wanted, strict=True)):
        full = max(longest, length) * (len(batch) + 1) > tokens or gathered + want > logits
        if batch and full:
            yield batch
            batch, longest, gathered = [], 0, 0
        batch.append(row)
        longest, gathered = max(longest, length), gathered + want
    if batch:
        yield batch


def logits_at(
    causal: Causal, rows: Sequence[Sequence[int]], positions: Sequence[Sequence[int]]
) -> Any:
    """Return the logits (m, vocabulary) in fp32 at the wanted positions of all rows, in order."""
    import torch

    width = max(len(row) for row in rows)
    ids = np.zeros((len(rows), width), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
    flat = np.concatenate(
        [number * width + np.asarray(at, np.int64) for number, at in enumerate(positions)]
    )
    where = torch.from_numpy(flat).to(causal.device)
    tensor = torch.from_numpy(ids).to(causal.device)
    with models.only_at(models.head_of(causal.model), where):
        return causal.model(input_ids=tensor, use_cache=False).logits[0].float()


def identity(name: str, model: Any) -> str:
    """Name the weights and the precision in which they run: what a stored number depends on."""
    said = [models.identity(name), str(model.dtype)]
    return hashing.digest(said, digits=hashing.ID_DIGITS)
