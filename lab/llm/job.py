"""A job: requests under way, in a sliding window, with its progress, pause and resume.

There are no barriers: as one call ends the next begins, and retries happen inside the window.
Each reply is in the store before its place in the window is free again, so a killed process has
lost at most as many replies as it had calls under way.
"""

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lab.errors import BudgetError, CallError, StoreError, WinnowError
from lab.llm import loop, pricing, request, wire
from lab.llm.gate import Gate
from lab.llm.request import Completion, Request
from lab.llm.store import Failure, Reply

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from lab.llm.client import Client

State = Literal["running", "paused", "finished", "stopped"]
SAMPLES = 5  # last replies shown
RATE_OVER = 1_000  # last calls that the rate is taken over
MAX_BACKOFF_S = 30.0


@dataclass(frozen=True)
class Progress:
    """Where a job stands; what a progress bar or a widget shows."""

    state: State
    total: int  # requests
    done: int  # with a reply or a final failure
    cached: int  # of these, found in the store
    failed: int  # of these, failures (refusals and empty replies among them)
    in_flight: int  # calls under way now
    retried: int  # tries that failed and were made again
    rate_per_s: float  # calls that end in a second, lately
    eta_s: float | None  # until all are done, None if it cannot be said
    elapsed_s: float
    spent_usd: float  # on replies of this job
    uncertain_usd: float  # on tries that broke off and may have been billed
    samples: tuple[tuple[str, str], ...]  # last questions and replies, model-made: untrusted text
    reason: str | None  # why it stopped


@dataclass
class _Call:
    """One distinct request of a job, and the rows that wait for it."""

    key: str
    body: dict[str, object]
    rows: list[int]

    @property
    def model(self) -> str:
        return str(self.body["model"])


class Job:
    """Requests under way; made by `Client.start`."""

    def __init__(self, client: "Client", requests: Sequence[Request], *, batch: bool) -> None:
        self._client = client
        self._batch = batch
        self._requests = requests
        self._results: list[Completion | None] = [None] * len(requests)
        self._state: State = "running"
        self._reason: WinnowError | None = None
        self._pending: deque[_Call] = deque()
        self._in_flight = self._retried = self._done = self._cached = self._failed = 0
        self._broken = 0  # failures of a call, not of its reply
        self._spent_usd = self._uncertain_usd = 0.0
        self._ends: deque[float] = deque(maxlen=RATE_OVER)
        self._samples: deque[tuple[str, str]] = deque(maxlen=SAMPLES)
        self._started = time.monotonic()
        self._stopped: float | None = None
        self._go = asyncio.Event()
        self._go.set()
        self._over = threading.Event()
        self._future = loop.submit(self._run())

    def __repr__(self) -> str:
        return f"Job({self._state}: {self._done} of {len(self._results)} done)"

    @property
    def state(self) -> State:
        """Return `running`, `paused`, `finished`, or `stopped` (before its end)."""
        return self._state

    @property
    def rows_so_far(self) -> dict[int, Completion]:
        """Return what is there by position in the requests, failures among them."""
        return {row: found for row, found in enumerate(self._results) if found is not None}

    def snapshot(self) -> Progress:
        """Return where the job stands."""
        now = self._stopped or time.monotonic()
        ends = list(self._ends)
        span = now - ends[0] if len(ends) > 1 else 0.0
        rate = len(ends) / span if span > 0 else 0.0
        left = len(self._results) - self._done
        return Progress(
            state=self._state,
            total=len(self._results),
            done=self._done,
            cached=self._cached,
            failed=self._failed,
            in_flight=self._in_flight,
            retried=self._retried,
            rate_per_s=rate,
            eta_s=0.0 if left == 0 else (left / rate if rate else None),
            elapsed_s=now - self._started,
            spent_usd=self._spent_usd,
            uncertain_usd=self._uncertain_usd,
            samples=tuple(self._samples),
            reason=str(self._reason) if self._reason else None,
        )

    def pause(self) -> None:
        """Send nothing more; what is under way ends, and is kept."""
        if self._state == "running":
            self._state = "paused"
            loop.private().call_soon_threadsafe(self._go.clear)

    def resume(self) -> None:
        """Go on after a pause."""
        if self._state == "paused":
            self._state = "running"
            loop.private().call_soon_threadsafe(self._go.set)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the job is over, or for `timeout_s`; say whether it is over."""
        return self._over.wait(timeout_s)

    def result(self, timeout_s: float | None = None) -> list[Completion]:
        """Wait for the end and return one completion per request, in their order.

        An interrupt (Ctrl-C, the stop button) pauses the job and frees the caller.

        Raises
        ------
        CallError
            If the job stopped before its end (BudgetError at the cap); what is finished is in
            `rows_so_far` and in the store, so that the same requests go on from there.
        TimeoutError
            If it is not over after `timeout_s`.
        """
        try:
            over = self.wait(timeout_s)
        except KeyboardInterrupt:
            self.pause()
            raise
        if not over:
            raise TimeoutError(f"{self!r} is not over after timeout_s={timeout_s:g}")
        self._future.result()
        if self._reason is not None:
            raise self._reason
        return [found for found in self._results if found is not None]

    # The rest runs on the private loop.

    async def _run(self) -> None:
        try:
            await self._look_up()
            if self._pending:
                await self._call_all()
        except WinnowError as error:
            self._halt(error)
        finally:
            self._stopped = time.monotonic()
            self._state = "finished" if self._done == len(self._results) else "stopped"
            self._over.set()

    async def _look_up(self) -> None:
        """Fill in what the store has, and queue the rest, each distinct request once."""
        client = self._client
        calls: dict[str, _Call] = {}
        for row, asked in enumerate(self._requests):
            body = asked.body(client.model)
            key = request.key(body, provider=client.server.provider, draw=asked.draw)
            calls.setdefault(key, _Call(key, body, [])).rows.append(row)
        for model in {call.model for call in calls.values()}:
            client.ledger.price(model)  # a cap without a price fails before the first call
        known = await asyncio.to_thread(client.store.find, list(calls))
        for call in calls.values():
            if call.key in known:
                self._finish(call, completion(known[call.key], cached=True))
                self._cached += len(call.rows)
            else:
                self._pending.append(call)

    async def _call_all(self) -> None:
        limits = self._client.limits
        try:
            async with (
                asyncio.timeout(limits.job_timeout_s),
                wire.connect(self._client.server, max_in_flight=limits.max_in_flight) as http,
            ):
                number = min(len(self._pending), 2 * limits.max_in_flight)
                workers = [asyncio.create_task(self._work(http)) for _ in range(number)]
                try:
                    await asyncio.gather(*workers)
                finally:
                    for worker in workers:
                        worker.cancel()
                    await asyncio.gather(*workers, return_exceptions=True)
        except TimeoutError:
            self._halt(CallError(f"the job ran into job_timeout_s={limits.job_timeout_s:g}"))
        finally:
            await self._client.writer.flush()

    async def _work(self, http: "AsyncOpenAI") -> None:
        """Take one request after the other, until there are no more."""
        while self._pending and self._reason is None:
            call = self._pending.popleft()
            await self._settle(http, call)

    async def _settle(self, http: "AsyncOpenAI", call: _Call) -> None:
        """Try until there is a reply or a final failure."""
        limits, client = self._client.limits, self._client
        tries = 0
        while True:
            outcome = await self._try(http, call)
            if outcome is None:
                return
            if outcome.kind == "bad_request" and client.learn(call.model, outcome):
                continue
            tries += 1
            if outcome.kind not in wire.RETRIED or tries >= limits.max_tries:
                break
            self._retried += 1
            wait = outcome.wait_s if outcome.wait_s is not None else _backoff_s(tries)
            await asyncio.sleep(wait)
        self._broken += len(call.rows)
        error = outcome.error + (f" (after {tries} tries)" if tries > 1 else "")
        self._finish(call, Completion(None, error, key=call.key, raw=outcome.raw))
        if outcome.kind in wire.HOPELESS:
            self._halt(CallError(f"no call can succeed: {outcome.error}"))
        self._check_failures(error)

    async def _try(self, http: "AsyncOpenAI", call: _Call) -> wire.Trouble | None:
        """Make one try inside the window; return its trouble, or None if there is no more to do."""
        client = self._client
        gate = client.gate(call.model)
        await self._enter(gate, pricing.guess_tokens(call.body))
        counted, reserved = False, 0.0
        try:
            if self._reason is not None:
                return None
            reserved = await client.ledger.reserve(call.body)
            self._in_flight += 1
            counted = True
            started = time.monotonic()
            outcome = await wire.attempt(
                http, client.sent(call.body), timeout_s=client.limits.timeout_s
            )
            if isinstance(outcome, wire.Answer):
                gate.succeeded(outcome.headers)
                await self._keep(call, outcome, reserved)
                return None
            if outcome.kind in ("rate_limit", "server"):
                gate.pushed_back(started, outcome.wait_s, outcome.headers)
            self._book(call, outcome, reserved)
        except BudgetError as error:
            self._halt(error)
            return None
        except asyncio.CancelledError:
            if counted:
                self._uncertain_usd += client.ledger.broke_off(reserved, may_be_billed=True)
            raise
        else:
            return outcome
        finally:
            self._in_flight -= counted
            gate.leave()

    async def _enter(self, gate: Gate, tokens: int) -> None:
        """Wait until the job goes on and the window has a place, and take it."""
        while True:
            await self._go.wait()
            await gate.enter(tokens)
            if self._go.is_set():
                return
            gate.leave()

    async def _keep(self, call: _Call, answer: wire.Answer, reserved: float) -> None:
        """Book a reply, store it, and hand it to its rows."""
        client = self._client
        prompt, made = answer.prompt_tokens, answer.completion_tokens
        if not prompt and not made:  # a server that does not count
            prompt = pricing.guess_tokens(call.body)
            made = len(answer.reply["text"] or "") // pricing.BYTES_PER_TOKEN
        price = client.ledger.price(call.model)
        cost = price.cost_usd(prompt, made) if price else None
        client.ledger.settle(reserved, cost)
        self._spent_usd += cost or 0.0
        where = (call.key, client.server.provider, call.model)
        row = Reply(*where, dict(call.body), answer.reply, prompt, made, cost)
        try:
            await client.writer.add(row)
        except StoreError as error:
            self._halt(error)
        self._finish(call, completion(row, cached=False))
        self._ends.append(time.monotonic())

    def _book(self, call: _Call, trouble: wire.Trouble, reserved: float) -> None:
        """Write a failed try down, with what it may have cost."""
        client = self._client
        cost = client.ledger.broke_off(reserved, may_be_billed=trouble.may_be_billed)
        self._uncertain_usd += cost
        where = (call.key, client.server.provider, call.model)
        client.writer.note(Failure(*where, trouble.error, cost))

    def _finish(self, call: _Call, found: Completion) -> None:
        for number, row in enumerate(call.rows):
            again = number > 0 and found.error is None
            self._results[row] = _as_stored(found) if again else found
        self._done += len(call.rows)
        self._failed += len(call.rows) * (found.error is not None)
        asked = self._requests[call.rows[0]].messages[-1]["content"]
        self._samples.append((asked, found.text if found.text is not None else str(found.error)))

    def _check_failures(self, last: str) -> None:
        limits, ended = self._client.limits, self._done - self._cached
        if ended >= limits.failures_after and self._broken > limits.max_failure_rate * ended:
            self._halt(
                CallError(
                    f"{self._broken} of {ended} calls failed, above max_failure_rate="
                    f"{limits.max_failure_rate:g}; the last: {last}"
                )
            )

    def _halt(self, reason: WinnowError) -> None:
        """Send nothing more, and say why."""
        self._reason = self._reason or reason
        self._go.set()


def completion(row: Reply, *, cached: bool) -> Completion:
    """Return a raw reply as a completion: a refusal or an empty reply is an error."""
    reply, finish = row.reply, row.reply["finish_reason"]
    text, error = reply["text"], None
    if reply["refusal"]:
        text, error = None, f"refusal: {reply['refusal']}"
    elif finish == "content_filter":
        text, error = None, "content_filter: the server's filter withheld the reply"
    elif not text or not text.strip():
        text, error = None, f"empty: the reply has no text (finish_reason={finish})"
    return Completion(
        text,
        error,
        finish,
        row.prompt_tokens,
        row.completion_tokens,
        0.0 if cached else row.cost_usd,
        reply["logprobs"],
        cached,
        row.key,
        raw=reply["text"] if error else None,
    )


def _as_stored(found: Completion) -> Completion:
    """Return the completion of a request that was asked twice in one job, and paid for once."""
    from dataclasses import replace

    return replace(found, cached=True, cost_usd=0.0)


def _backoff_s(tries: int) -> float:
    """Return a jittered wait that doubles with each try."""
    return random.uniform(0.5, 1.0) * min(MAX_BACKOFF_S, 0.25 * 2.0**tries)
