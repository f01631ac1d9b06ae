"""The provider's batches: hand in a file of requests, come back later, pay half.

A batch that was handed in is written to the store at once, so a process that starts again finds
it and fetches it, and hands in only what no batch holds. Replies go to the same store under the
same keys as those of single calls.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lab import hashing
from lab.errors import BudgetError, CallError
from lab.llm import claims, parameters, pricing, protocol, wire
from lab.llm.board import Board
from lab.llm.protocol import RETRIED, Answer, Trouble
from lab.llm.request import Call
from lab.llm.session import Session

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

ENDPOINT: Final = "/v1/chat/completions"
WINDOW: Final = "24h"
MAX_REQUESTS = 50_000  # in one file
MAX_BYTES = 190_000_000  # of one file
OVER = {"completed", "expired", "cancelled", "failed"}
FIRST_POLL_S, LAST_POLL_S = 1.0, 60.0
LATE = "batch_expired"


async def run(session: Session, board: Board) -> None:
    """Get all pending calls of a board answered in batches, in as many rounds as may be tried."""
    waiting = {call.key: call for call in board.pending}
    board.pending.clear()
    async with wire.connect(session.server, max_in_flight=session.limits.max_in_flight) as http:
        tries = 0
        failed: set[str] = set()
        while waiting and board.reason is None:
            troubles = await _round(session, board, http, waiting, failed)
            failed |= troubles.keys()
            learned = {key for key, trouble in troubles.items() if session.learn(trouble)}
            tries += len(learned) < len(troubles)
            for key in troubles.keys() - learned:
                trouble = troubles[key]
                retry = trouble.kind in RETRIED or trouble.kind == LATE
                if not retry or tries >= session.limits.max_tries:
                    board.fail(waiting.pop(key), trouble, tries=tries)
            if waiting and not troubles and board.reason is None:
                raise CallError(f"{len(waiting)} requests came back in no batch")
            board.retried += len(waiting)


async def _round(
    session: Session, board: Board, http: "AsyncOpenAI", waiting: dict[str, Call], failed: set[str]
) -> dict[str, Trouble]:
    """Hand in what no open batch holds, wait for all, and fetch; return what went wrong."""
    store = session.store
    async with _alone(session):
        for key, bought in (await asyncio.to_thread(store.find, list(waiting))).items():
            board.found(waiting.pop(key), bought)  # by another job, meanwhile
        batches, sent = await _under_way(session, http, waiting, failed)
    troubles: dict[str, Trouble] = {}
    board.in_flight = len(waiting)
    for name, keys in batches.items():
        over = await _wait(session, board, http, name)
        if over is None:
            break
        for key, outcome in await _outcomes(http, over):
            if key not in waiting:
                continue
            if isinstance(outcome, Answer):
                call = waiting.pop(key)
                parameters.mark(outcome.reply, asked=call.body, sent=sent[key])
                await board.reply(call, outcome, 0.0)
            else:
                troubles[key] = replace(outcome, sent=sent[key])
                board.failed_try(waiting[key], outcome, 0.0)
        board.in_flight = len(waiting)
        known = await asyncio.to_thread(store.find, keys)
        if all(key in known or key in troubles for key in keys):
            await asyncio.to_thread(store.close_batch, name)  # else another job will want the rest
    board.in_flight = 0
    return troubles


@asynccontextmanager
async def _alone(session: Session) -> AsyncIterator[None]:
    """Let one job at a time hand in what no batch holds."""
    taken, door = session.store.claims, hashing.digest(["batches", session.server.provider])
    while not taken.take(door):  # noqa: ASYNC110 - another process sets no event
        await asyncio.sleep(claims.LOOK_S)
    try:
        yield
    finally:
        taken.leave(door)


async def _under_way(
    session: Session, http: "AsyncOpenAI", waiting: Mapping[str, Call], failed: set[str]
) -> tuple[dict[str, list[str]], dict[str, dict[str, Any]]]:
    """Hand in what no open batch holds; return the keys of each batch, and what each key sent."""
    store, provider = session.store, session.server.provider
    batches = await asyncio.to_thread(store.open_batches, provider)
    held = {key for keys in batches.values() for key in keys} - failed
    new = [call for key, call in waiting.items() if key not in held]
    batches = {name: keys for name, keys in batches.items() if not waiting.keys().isdisjoint(keys)}
    _check_budget(session, new)
    sent = {key: session.adapted(call.body) for key, call in waiting.items()}
    for lines, part in _files(new, sent):
        name = await _hand_in(http, lines)
        batches[name] = [call.key for call in part]
        await asyncio.to_thread(store.add_batch, name, provider, part[0].model, batches[name])
    return batches, sent


def _check_budget(session: Session, calls: Iterable[Call]) -> None:
    """Refuse to hand in what could pass the cap: a batch cannot be stopped half way."""
    ledger = session.ledger
    if ledger.budget_usd is None:
        return
    most = 0.0
    for call in calls:
        price = ledger.price(call.model)
        if price is not None:
            most += pricing.most_usd(call.body, price) * price.batch_share
    used = session.ledger.used_usd
    if used + most > ledger.budget_usd:
        raise BudgetError(
            f"budget_usd={ledger.budget_usd:g} could be passed: {used:.4f} is spent, and this"
            f" batch can cost up to {most:.4f}"
        )


def _files(
    calls: list[Call], sent: dict[str, dict[str, Any]]
) -> Iterator[tuple[list[str], list[Call]]]:
    """Yield the lines and the calls of each file: one model a file, within the limits."""
    models: dict[str, list[Call]] = {}
    for call in calls:
        models.setdefault(call.model, []).append(call)
    for part in models.values():
        lines: list[str] = []
        size = first = 0
        for number, call in enumerate(part):
            row = {"custom_id": call.key, "method": "POST", "url": ENDPOINT}
            line = json.dumps(row | {"body": sent[call.key]})
            if lines and (len(lines) == MAX_REQUESTS or size + len(line) > MAX_BYTES):
                yield lines, part[first:number]
                lines, size, first = [], 0, number
            lines.append(line)
            size += len(line) + 1
        yield lines, part[first:]


async def _hand_in(http: "AsyncOpenAI", lines: list[str]) -> str:
    import openai

    text = ("\n".join(lines) + "\n").encode()
    try:
        file = await http.files.create(file=("batch.jsonl", text), purpose="batch")
        batch = await http.batches.create(
            input_file_id=file.id, endpoint=ENDPOINT, completion_window=WINDOW
        )
    except openai.OpenAIError as error:
        why = wire.named(error, http.api_key)
        raise CallError(f"the batch could not be handed in: {why}") from None
    return batch.id


async def _wait(session: Session, board: Board, http: "AsyncOpenAI", batch: str) -> "Batch | None":
    """Ask for a batch until it is over; None if the job stops meanwhile."""
    import openai

    wait_s, failed = FIRST_POLL_S, 0
    while board.reason is None:
        await board.go.wait()
        try:
            found = await http.batches.retrieve(batch)
        except openai.OpenAIError as error:
            failed += 1
            if failed >= session.limits.max_tries:
                why = wire.named(error, http.api_key)
                raise CallError(f"{batch} could not be asked for: {why}") from None
        else:
            failed = 0
            if found.status in OVER:
                return found
        await asyncio.sleep(wait_s)
        wait_s = min(LAST_POLL_S, 2 * wait_s)
    return None


async def _outcomes(http: "AsyncOpenAI", batch: "Batch") -> list[tuple[str, Answer | Trouble]]:
    """Return (key, answer or trouble) for each line of a batch's files."""
    if batch.status == "failed":
        listed = (batch.errors.data if batch.errors else None) or []
        why = "; ".join(str(error.message) for error in listed[:3]) or "no reason given"
        raise CallError(f"{batch.id} failed: {why}")
    found = []
    for name in (batch.output_file_id, batch.error_file_id):
        if name is not None:
            text = wire.hidden((await http.files.content(name)).text, http.api_key)
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
            found += [(row["custom_id"], outcome(row)) for row in rows]
    return found


def outcome(row: dict[str, Any]) -> Answer | Trouble:
    """Read one line of a batch's files."""
    response, error = row.get("response"), row.get("error")
    if not isinstance(response, dict):
        told = error if isinstance(error, dict) else {"message": error}
        code, message = str(told.get("code") or "server"), str(told.get("message") or "no reply")
        return Trouble(LATE if code == LATE else "server", message)
    body, status = response.get("body"), response.get("status_code")
    text = body if isinstance(body, str) else json.dumps(body)
    if status == 200:
        return protocol.read(body, text, {"content-type": "application/json"})
    return protocol.refused(protocol.count(status), text, {})
