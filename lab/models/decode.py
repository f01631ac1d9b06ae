"""Token by token: how the next one is chosen, for many prompts at once.

Rows are padded on the left and leave the batch when they have stopped. Random numbers belong to a
row, not to a batch.

Source: nucleus sampling, arXiv:1904.09751; the repetition penalty, arXiv:1909.05858, section 4.1.
"""

import hashlib
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from lab.models.load import accepted


@dataclass(frozen=True)
class Decoding:
    """How the next token is chosen. A temperature of 0 is greedy.

    Examples
    --------
    >>> Decoding(temperature=0.7, samples=4).samples
    4
    """

    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0  # above 1 makes tokens that are there already less likely
    samples: int = 1
    seed: int = 0
    rows_at_once: int = 128  # changes speed and memory, not answers
    bf16: bool = False  # half the memory; rounding may then depend on the batch

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
        if self.rows_at_once < 1:
            raise ValueError(f"rows_at_once must be at least 1, got {self.rows_at_once}")


GREEDY = Decoding()


@dataclass(frozen=True, eq=False)
class Job:
    """One answer to write.

    Examples
    --------
    >>> Job(prompt=[1, 2, 3], sample=0, limit=8).limit
    8
    """

    prompt: Sequence[int]  # ids
    sample: int
    limit: int  # tokens


@dataclass(frozen=True, eq=False)
class Written:
    """One answer, without its stop token.

    Examples
    --------
    >>> Written(job=0, ids=[5, 6], stopped=True).ids
    [5, 6]
    """

    job: int  # its place among the jobs
    ids: list[int]
    stopped: bool  # False: cut at the limit


def decode(
    model: Any, jobs: Sequence[Job], decoding: Decoding, *, stop: AbstractSet[int]
) -> Iterator[list[Written]]:
    """Write the answers, a batch at a time; the longest prompts come first.

    What does not fit into memory thus fails at once, and rows of a batch need little padding.

    Examples
    --------
    >>> from lab import models, paths
    >>> found = models.causal(paths.base_model(), device="cpu")
    >>> jobs = [Job(prompt=[2, 30, 31], sample=0, limit=4)]
    >>> (written,) = [w for batch in decode(found.model, jobs, Decoding(), stop={3}) for w in batch]
    >>> len(written.ids) <= 4
    True
    """
    import torch

    for places in _together(jobs, decoding.rows_at_once, padded=not _recurrent(model)):
        with torch.inference_mode():
            batch = _Batch(model, [jobs[place] for place in places], decoding, stop)
            while batch.advance():
                pass
        yield [Written(place, *answer) for place, answer in zip(places, batch.answers, strict=True)]


class _Batch:
    """Rows that are written together; `rows` are the ones still alive."""

    def __init__(
        self, model: Any, jobs: Sequence[Job], decoding: Decoding, stop: AbstractSet[int]
    ) -> None:
        import torch

        self.model, self.decoding, self.stop = model, decoding, stop
        self.cache_name = "cache_params" if _recurrent(model) else "past_key_values"
        self.limits = [job.limit for job in jobs]
        self.answers: list[tuple[list[int], bool]] = [([], False) for _ in jobs]
        self.rows = list(range(len(jobs)))
        self.draws = _draws(jobs, decoding)
        width = max(len(job.prompt) for job in jobs)
        self.ids = torch.zeros((len(jobs), width), dtype=torch.long)
        self.mask = torch.zeros_like(self.ids)
        for row, job in enumerate(jobs):
            self.ids[row, width - len(job.prompt) :] = torch.tensor(job.prompt)
            self.mask[row, width - len(job.prompt) :] = 1
        self.ids, self.mask = self.ids.to(model.device), self.mask.to(model.device)
        self.positions = (self.mask.cumsum(1) - 1).clamp(min=0)
        self.cache: Any = None
        self.seen: Any = None  # bool (rows, vocabulary), for the repetition penalty
        self.step = 0

    def advance(self) -> bool:
        """Write one token to each row; return whether any row is still alive."""
        recurrent = self.cache_name == "cache_params"  # goes wrong by a mask longer than its input
        output = self.model(
            input_ids=self.ids,
            attention_mask=None if recurrent else self.mask,
            use_cache=True,
            **{self.cache_name: self.cache},
            **accepted(self.model, position_ids=self.positions, logits_to_keep=1),
        )
        self.cache = output[self.cache_name]
        chosen = self._choose(output.logits[:, -1].float())
        alive = []
        for place, (row, token) in enumerate(zip(self.rows, chosen.tolist(), strict=True)):
            ids = self.answers[row][0]
            if token in self.stop:
                self.answers[row] = (ids, True)
                continue
            ids.append(token)
            if len(ids) < self.limits[row]:
                alive.append(place)
        self.step += 1
        if alive:
            self._go_on(chosen, alive)
        return bool(alive)

    def _choose(self, logits: Any) -> Any:
        """Return the next token of each row, (rows,)."""
        import torch

        if self.decoding.repetition_penalty != 1:
            if self.seen is None:
                self.seen = torch.zeros_like(logits, dtype=torch.bool)
                # padding is id 0 with mask 0: add, so that a real 0 elsewhere in the row counts
                counts = torch.zeros_like(logits).scatter_add_(1, self.ids, self.mask.float())
                self.seen |= counts > 0
            logits = penalise(logits, self.seen, self.decoding.repetition_penalty)
        draws = None if self.draws is None else self.draws[self.rows, self.step]
        chosen = choose_token(logits, self.decoding, draws)
        if self.seen is not None:
            self.seen.scatter_(1, chosen[:, None], True)
        return chosen

    def _go_on(self, chosen: Any, alive: list[int]) -> None:
        """Make the tokens just written the next input, without the rows that have stopped."""
        import torch

        self.ids = chosen[:, None]
        self.positions = self.positions[:, -1:] + 1
        self.mask = torch.cat([self.mask, self.mask.new_ones((len(self.mask), 1))], dim=1)
        if len(alive) == len(self.rows):
            return
        keep = torch.tensor(alive, device=chosen.device)
        self.rows = [self.rows[place] for place in alive]
        self.ids, self.positions, self.mask = self.ids[keep], self.positions[keep], self.mask[keep]
        self.seen = None if self.seen is None else self.seen[keep]
        self.cache.reorder_cache(keep)


def _together(jobs: Sequence[Job], most: int, *, padded: bool) -> Iterator[list[int]]:
    """Yield the places of jobs that run together, the longest prompts first."""
    order = sorted(range(len(jobs)), key=lambda place: -len(jobs[place].prompt))
    batch: list[int] = []
    for place in order:
        alike = padded or not batch or len(jobs[place].prompt) == len(jobs[batch[0]].prompt)
        if len(batch) == most or not alike:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _recurrent(model: Any) -> bool:
    """Tell models with a state, such as Mamba: padding on the left would change it."""
    return bool(accepted(model, cache_params=None))


def _draws(jobs: Sequence[Job], decoding: Decoding) -> Any:
    """Return uniform numbers (rows, limit) that depend on seed, prompt and sample alone."""
    if decoding.temperature == 0:
        return None
    import numpy as np  # a client of servers alone does without its 13 MB

    found = np.zeros((len(jobs), max(job.limit for job in jobs)))
    for row, job in enumerate(jobs):
        name = f"{decoding.seed} {job.sample} {list(job.prompt)}"
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "big")
        found[row, : job.limit] = np.random.default_rng(key).random(job.limit)
    return found


def penalise(logits: Any, seen: Any, penalty: float) -> Any:
    """Divide positive and multiply negative logits of the tokens seen by `penalty`."""
    lowered = (logits / penalty).where(logits > 0, logits * penalty)
    return lowered.where(seen, logits)


def choose_token(logits: Any, decoding: Decoding, draws: Any) -> Any:
    """Return one token for each row of logits: the best, or the one that `draws` in [0, 1) hit.

    The nucleus is the fewest most likely tokens that hold at least `top_p` of the mass.
    """
    import torch

    if decoding.temperature == 0:
        return logits.argmax(dim=-1)
    chances = (logits.double() / decoding.temperature).softmax(dim=-1)
    chances, tokens = chances.sort(dim=-1, descending=True, stable=True)
    before = chances.cumsum(dim=-1) - chances  # mass of the tokens more likely than each
    inside = before < decoding.top_p
    nucleus = chances.where(inside, 0).cumsum(dim=-1)
    uniform = torch.as_tensor(draws, dtype=torch.float64, device=logits.device)[:, None]
    places = (nucleus <= uniform * nucleus[:, -1:]).sum(dim=-1, keepdim=True)
    last = inside.sum(dim=-1, keepdim=True) - 1  # a product may round up to the whole mass
    return tokens.gather(1, places.minimum(last))[:, 0]
