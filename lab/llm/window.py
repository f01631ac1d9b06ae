"""The sliding window: as one call ends the next begins, and retries happen inside it.

Each reply is in the store before its place in the window is free again, so a killed process has
lost at most as many replies as it had calls under way. What another process or another job of the
same store has under way is not asked a second time: the other calls go first.
"""

import asyncio
import random
import time
from typing import TYPE_CHECKING

from lab.errors import BudgetError
from lab.llm import claims, parameters, pricing, wire
from lab.llm.board import Board
from lab.llm.limiter import Limiter
from lab.llm.protocol import RETRIED, Answer, Trouble
from lab.llm.request import Call
from lab.llm.session import Session

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_BACKOFF_S = 30.0
FIRST_BACKOFF_S = 0.5


async def run(session: Session, board: Board) -> None:
    """Make all pending calls of a board."""
    most = session.limits.max_in_flight
    async with wire.connect(session.server, max_in_flight=most) as http:
        number = min(len(board.pending), 2 * most)  # some wait for their next try meanwhile
        workers = [asyncio.create_task(_work(session, board, http)) for _ in range(number)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


async def _work(session: Session, board: Board, http: "AsyncOpenAI") -> None:
    """Take one call after the other, until there are no more."""
    while board.pending and board.reason is None:
        await _settle(session, board, http, board.pending.popleft())


async def _settle(session: Session, board: Board, http: "AsyncOpenAI", call: Call) -> None:
    """Try until there is a reply or a final failure."""
    tries = 0
    while True:
        trouble = await _try(session, board, http, call)
        if trouble is None:
            return
        if trouble.kind == claims.ELSEWHERE:
            board.pending.append(call)
            await asyncio.sleep(claims.LOOK_S)
            return
        if session.learn(trouble):
            continue
        tries += 1
        if trouble.kind not in RETRIED or tries >= session.limits.max_tries:
            break
        board.retried += 1
        await asyncio.sleep(backoff_s(tries) if trouble.wait_s is None else trouble.wait_s)
    board.fail(call, trouble, tries=tries)


async def _try(session: Session, board: Board, http: "AsyncOpenAI", call: Call) -> Trouble | None:
    """Make one try inside the window; return its trouble, or None if there is no more to do."""
    limiter, taken = session.limiter(call.model), session.store.claims
    await _enter(board, limiter, pricing.guess_tokens(call.body))
    try:
        if board.reason is not None:
            return None
        if not taken.take(call.key):
            return Trouble(claims.ELSEWHERE, "another job makes this call now")
        try:
            if (bought := session.store.now(call.key)) is None:
                return await _ask(session, board, http, call)
            board.found(call, bought)
            return None
        finally:
            taken.leave(call.key)
    finally:
        limiter.leave()


async def _ask(session: Session, board: Board, http: "AsyncOpenAI", call: Call) -> Trouble | None:
    """Ask the server once, and account for what it may cost."""
    limiter = session.limiter(call.model)
    reserved = 0.0
    under_way = False
    try:
        reserved = await session.ledger.reserve(call.body)
        board.in_flight += 1
        under_way = True
        started = time.monotonic()
        body = session.adapted(call.body)
        outcome = await wire.attempt(http, body, timeout_s=session.limits.timeout_s)
        if isinstance(outcome, Answer):
            limiter.succeeded(outcome.headers)
            parameters.mark(outcome.reply, asked=call.body, sent=body)
            await board.reply(call, outcome, reserved)
            return None
        if outcome.kind in ("rate_limit", "server"):
            limiter.pushed_back(started, outcome.wait_s, outcome.headers)
        board.failed_try(call, outcome, reserved)
    except BudgetError as error:
        board.stop(error)
        return None
    except asyncio.CancelledError:
        if under_way:
            board.broke_off(reserved, may_be_billed=True)
        raise
    else:
        return outcome
    finally:
        board.in_flight -= under_way


async def _enter(board: Board, limiter: Limiter, tokens: int) -> None:
    """Wait until the job goes on and the window has a place, and take it."""
    while True:
        await board.go.wait()
        await limiter.enter(tokens)
        if board.go.is_set():
            return
        limiter.leave()


def backoff_s(tries: int) -> float:
    """Return a jittered wait that doubles with each try."""
    longest = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** (tries - 1))
    return random.uniform(0.5, 1.0) * longest
