"""Token by token: how the next one is chosen, for many prompts at once.

Rows are padded on the left and leave the batch when they have stopped. Random numbers belong to a
row, not to a batch.

Source: nucleus sampling, arXiv:1904.09751; the repetition penalty, arXiv:1909.05858, section 4.1.
"""

import hashlib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Decoding:
    """How the next token is chosen. A temperature of 0 is greedy."""

    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0  # above 1 makes tokens already there less likely
    samples: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ValueError(f"temperature must be at least 0, got {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1], got {self.top_p}")
        if self.repetition_penalty <= 0:
            raise ValueError(f"repetition_penalty must be above 0, got {self.repetition_penalty}")
        if self.samples < 1 or (self.samples > 1 and self.temperature == 0):
            raise ValueError(
                "samples must be 1, or more at a temperature above 0, "
                f"got {self.samples} at {self.temperature}"
            )


GREEDY = Decoding()


def decode(
    model: Any,
    prompts: Sequence[Sequence[int]],
    decoding: Decoding,
    *,
    stop: AbstractSet[int],
    max_new_tokens: int,
    batch_size: int,
) -> list[list[int]]:
    """Return the ids written after each prompt, without the stop token.

    All samples of a prompt stand together. Longest prompts come first, so that what does not fit
    into memory fails at once.
    """
    import torch

    rows = [number for number in range(len(prompts)) for _ in range(decoding.samples)]
    order = sorted(range(len(rows)), key=lambda place: -len(prompts[rows[place]]))
    written: list[list[int]] = [[] for _ in rows]
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            places = order[start : start + batch_size]
            draws = _draws(prompts, rows, places, decoding, max_new_tokens)
            batch = [list(prompts[rows[place]]) for place in places]
            answers = _batch(model, batch, draws, decoding, stop=stop, limit=max_new_tokens)
            for place, answer in zip(places, answers, strict=True):
                written[place] = answer
    return written


def _draws(
    prompts: Sequence[Sequence[int]],
    rows: Sequence[int],
    places: Sequence[int],
    decoding: Decoding,
    limit: int,
) -> Any:
    """Return uniform numbers (rows, limit) that depend on seed, prompt and sample alone."""
    import torch

    if decoding.temperature == 0:
        return None
    found = np.empty((len(places), limit), dtype=np.float64)
    for number, place in enumerate(places):
        name = f"{decoding.seed} {place % decoding.samples} {list(prompts[rows[place]])}"
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "big")
        found[number] = np.random.default_rng(key).random(limit)
    return torch.from_numpy(found)


def _batch(
    model: Any,
    prompts: list[list[int]],
    draws: Any,
    decoding: Decoding,
    *,
    stop: AbstractSet[int],
    limit: int,
) -> list[list[int]]:
    import torch

    device = next(model.parameters()).device
    width = max(len(prompt) for prompt in prompts)
    ids = torch.zeros((len(prompts), width), dtype=torch.long, device=device)
    mask = torch.zeros_like(ids)
    for number, prompt in enumerate(prompts):
        ids[number, width - len(prompt) :] = torch.tensor(prompt)
        mask[number, width - len(prompt) :] = 1
    stops = torch.tensor(sorted(stop), dtype=torch.long, device=device)
    written = torch.zeros((len(prompts), limit), dtype=torch.long, device=device)
    lengths = torch.full((len(prompts),), limit, device=device)
    rows = torch.arange(len(prompts), device=device)  # (alive,) what each row of the batch answers
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    seen = None
    cache = None
    for step in range(limit):
        output = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = output.past_key_values
        logits = output.logits[:, -1].float()
        if decoding.repetition_penalty != 1:
            if seen is None:
                seen = torch.zeros(logits.shape, dtype=torch.bool, device=device)
                seen = seen.scatter(1, ids, mask.bool()) if step == 0 else seen
            logits = _penalise(logits, seen, decoding.repetition_penalty)
        chosen = _choose(logits, decoding, None if draws is None else draws[rows.cpu(), step])
        written[rows, step] = chosen
        if seen is not None:
            seen[torch.arange(len(rows), device=device), chosen] = True
        ended = torch.isin(chosen, stops)
        lengths[rows[ended]] = step
        positions = positions[:, -1:] + 1
        ids = chosen[:, None]
        mask = torch.cat([mask, mask.new_ones((len(mask), 1))], dim=1)
        if ended.any():
            alive = torch.nonzero(~ended)[:, 0]
            if len(alive) == 0:
                break
            rows, ids, mask, positions = rows[alive], ids[alive], mask[alive], positions[alive]
            seen = None if seen is None else seen[alive]
            cache.batch_select_indices(alive)
    return [row[:length] for row, length in zip(written.tolist(), lengths.tolist(), strict=True)]


def _penalise(logits: Any, seen: Any, penalty: float) -> Any:
    """Divide positive and multiply negative logits of tokens seen by `penalty`."""
    lowered = logits.where(logits < 0, logits / penalty).where(logits > 0, logits * penalty)
    return lowered.where(seen, logits)


def _choose(logits: Any, decoding: Decoding, draws: Any) -> Any:
    """Return the next token of each row."""
    if decoding.temperature == 0:
        return logits.argmax(dim=-1)
    chances = (logits.double() / decoding.temperature).softmax(dim=-1)
    chances, tokens = chances.sort(dim=-1, descending=True, stable=True)
    below = chances.cumsum(dim=-1) - chances  # mass of the tokens more likely than each
    chances = chances.where(below < decoding.top_p, 0)
    totals = chances.cumsum(dim=-1)
    places = (totals < draws.to(totals.device)[:, None] * totals[:, -1:]).sum(dim=-1)
    return tokens.gather(1, places[:, None])[:, 0]
