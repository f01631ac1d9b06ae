"""The sliding window: as one call ends the next begins, and retries happen inside it.

Each reply is in the store before its place in the window is free again, so a killed process has
lost at most as many replies as it had calls under way.
"""

import asyncio
import random
import time
from typing import TYPE_CHECKING

from lab.errors import BudgetError
from lab.llm import pricing, wire
from lab.llm.request import Call

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from lab.llm.job import Job
    from lab.llm.limiter import Limiter

MAX_BACKOFF_S = 30.0
FIRST_BACKOFF_S = 0.5


async def run(job: "Job") -> None:
    """Make all pending calls of a job."""
    most = job.client.limits.max_in_flight
    async with wire.connect(job.client.server, max_in_flight=most) as http:
        number = min(len(job.pending), 2 * most)  # some wait for their next try meanwhile
        workers = [asyncio.create_task(_work(job, http)) for _ in range(number)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


async def _work(job: "Job", http: "AsyncOpenAI") -> None:
    """Take one call after the other, until there are no more."""
    while job.pending and job.reason is None:
        await _settle(job, http, job.pending.popleft())


async def _settle(job: "Job", http: "AsyncOpenAI", call: Call) -> None:
    """Try until there is a reply or a final failure."""
    client = job.client
    tries = 0
    while True:
        trouble = await _try(job, http, call)
        if trouble is None:
            return
        if trouble.kind == "bad_request" and client.learn(trouble.sent, trouble):
            continue
        tries += 1
        if trouble.kind not in wire.RETRIED or tries >= client.limits.max_tries:
            break
        job.retried += 1
        await asyncio.sleep(backoff_s(tries) if trouble.wait_s is None else trouble.wait_s)
    job.fail(call, trouble, tries=tries)


async def _try(job: "Job", http: "AsyncOpenAI", call: Call) -> wire.Trouble | None:
    """Make one try inside the window; return its trouble, or None if there is no more to do."""
    client = job.client
    limiter = client.limiter(call.model)
    await _enter(job, limiter, pricing.guess_tokens(call.body))
    reserved = 0.0
    under_way = False
    try:
        if job.reason is not None:
            return None
        reserved = await client.ledger.reserve(call.body)
        job.in_flight += 1
        under_way = True
        started = time.monotonic()
        body = client.sent(call.body)
        outcome = await wire.attempt(http, body, timeout_s=client.limits.timeout_s)
        if isinstance(outcome, wire.Answer):
            limiter.succeeded(outcome.headers)
            await job.keep(call, outcome, reserved)
            return None
        if outcome.kind in ("rate_limit", "server"):
            limiter.pushed_back(started, outcome.wait_s, outcome.headers)
        job.book(call, outcome, reserved)
    except BudgetError as error:
        job.halt(error)
        return None
    except asyncio.CancelledError:
        if under_way:
            job.broke_off(reserved, may_be_billed=True)
        raise
    else:
        return outcome
    finally:
        job.in_flight -= under_way
        limiter.leave()


async def _enter(job: "Job", limiter: "Limiter", tokens: int) -> None:
    """Wait until the job goes on and the window has a place, and take it."""
    while True:
        await job.go.wait()
        await limiter.enter(tokens)
        if job.go.is_set():
            return
        limiter.leave()


def backoff_s(tries: int) -> float:
    """Return a jittered wait that doubles with each try."""
    longest = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** (tries - 1))
    return random.uniform(0.5, 1.0) * longest
