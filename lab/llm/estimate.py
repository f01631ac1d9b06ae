"""What a set of requests will cost: exact prompts where the tokenizer is known, and a pilot.

The pilot's replies are stored like any others, so they are not paid for twice. The interval is
that of a mean from a sample (Student's t), with the finite-population correction.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from lab import models
from lab.errors import CallError
from lab.llm import pricing
from lab.llm.request import Call, Completion, Request
from lab.llm.session import Session

CONFIDENCE = 0.95

Counter = Callable[[Sequence[dict[str, str]]], int]  # messages to their number of tokens


@dataclass(frozen=True)
class Estimate:
    """What is to be expected of requests that are not answered yet, the pilot included.

    Examples
    --------
    >>> told = Estimate(100, 20, 80, 8_000.0, 4_000.0, 0.5, 0.4, 0.6)
    >>> told.calls, told.usd
    (80, 0.5)
    """

    requests: int
    stored: int  # that cost nothing, before the pilot
    calls: int  # to be made, the pilot's among them
    prompt_tokens: float
    completion_tokens: float
    usd: float | None  # None if the price is not known
    usd_low: float | None  # 95 % interval
    usd_high: float | None


def estimate(
    session: Session,
    complete: Callable[[Sequence[Request]], list[Completion]],
    requests: Sequence[Request],
    *,
    pilot: int = 20,
    count_tokens: Counter | None = None,
    seed: int = 0,
) -> Estimate:
    """Ask `pilot` of the requests that are not stored, and say what all of them will cost.

    Parameters
    ----------
    session : Session
        Its store, prices and model count; requests with other models are priced by their own.
    complete : callable
        Asks the pilot: requests to completions.
    requests : sequence of Request
        What is to be asked.
    pilot : int
        Calls to make for it, 2 or more.
    count_tokens : callable, optional
        From messages to their exact number of tokens, such as `llm.tokenizer(folder)`; without
        it the pilot's own counts say how many tokens a byte is.
    seed : int
        Draws the pilot.

    Raises
    ------
    ValueError
        If `pilot` is below 2.
    CallError
        If fewer than 2 calls of the pilot brought a reply.
    """
    if pilot < 2:
        raise ValueError(f"pilot must be 2 or more, got {pilot}")
    calls = session.calls(requests)
    known = session.store.find(list(calls))
    new = [call for key, call in sorted(calls.items()) if key not in known]
    if not new:
        return Estimate(len(requests), len(known), 0, 0.0, 0.0, 0.0, 0.0, 0.0)
    drawn = Random(seed).sample(new, min(pilot, len(new)))
    replies = complete([requests[call.rows[0]] for call in drawn])
    told = [
        (call, reply) for call, reply in zip(drawn, replies, strict=True) if reply.completion_tokens
    ]
    if len(told) < min(2, len(new)):
        errors = {reply.error for reply in replies}
        raise CallError(f"the pilot of {len(drawn)} calls brought {len(told)} replies: {errors}")
    prompts = _prompt_tokens(new, told, count_tokens)
    return _priced(session, new, prompts, told, len(requests), len(known))


def tokenizer(model: str) -> Counter:
    """Return a counter of prompt tokens: that of a model's own tokenizer and chat template.

    Parameters
    ----------
    model : str
        A folder, a hub name or a name of `lab models`.

    Examples
    --------
    >>> from lab import paths
    >>> tokenizer(str(paths.base_model()))([{"role": "user", "content": "the capital"}])
    3
    """
    own = models.tokenizer(model)

    def count(messages: Sequence[dict[str, str]]) -> int:
        if own.chat_template is None:
            return sum(len(own(message["content"])["input_ids"]) for message in messages)
        ids = own.apply_chat_template(
            list(messages), add_generation_prompt=True, tokenize=True, return_dict=True
        )
        return len(ids["input_ids"])

    return count


def _prompt_tokens(
    new: list[Call], told: list[tuple[Call, Completion]], count_tokens: Counter | None
) -> list[float]:
    if count_tokens is not None:
        return [float(count_tokens(call.body["messages"])) for call in new]
    guessed = sum(pricing.guess_tokens(call.body) for call, _ in told)
    ratio = sum(reply.prompt_tokens for _, reply in told) / guessed
    return [ratio * pricing.guess_tokens(call.body) for call in new]


def _priced(
    session: Session,
    new: list[Call],
    prompts: list[float],
    told: list[tuple[Call, Completion]],
    requests: int,
    stored: int,
) -> Estimate:
    lengths = [reply.completion_tokens for _, reply in told]
    n, N = len(lengths), len(new)
    mean = sum(lengths) / n
    half = 0.0
    if 1 < n < N:
        variance = sum((length - mean) ** 2 for length in lengths) / (n - 1)
        spread = math.sqrt(variance / n * (1 - n / N))
        from scipy.stats import t as student

        half = spread * float(student.ppf((1 + CONFIDENCE) / 2, n - 1))
    usd: list[float | None] = []
    for length in (mean, mean - half, mean + half):
        costs = []
        for call, prompt in zip(new, prompts, strict=True):
            price = session.ledger.price(call.model)
            costs.append(price.cost_usd(prompt, max(length, 0.0)) if price else None)
        known = [cost for cost in costs if cost is not None]
        usd.append(sum(known) if len(known) == N else None)
    return Estimate(requests, stored, N, sum(prompts), mean * N, *usd)
