"""A job: requests under way, with progress, pause and resume.

What the store has is filled in first; the rest goes through a sliding window (`lab.llm.window`) or
the provider's batches (`lab.llm.batches`), on the private loop.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lab.errors import CallError, StoreError, WinnowError
from lab.llm import batches, loop, replies, request, window, wire
from lab.llm.request import Call, Completion, Request
from lab.llm.store import Failure

if TYPE_CHECKING:
    from lab.llm.client import Client

State = Literal["running", "paused", "finished", "stopped"]
SAMPLES = 5  # last replies shown
RATE_OVER = 1_000  # last calls that the rate is taken over


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


class Job:
    """Requests under way; made by `Client.start`."""

    def __init__(self, client: "Client", requests: Sequence[Request], *, batch: bool) -> None:
        self.client = client
        self.batch = batch
        self.pending: deque[Call] = deque()
        self.go = asyncio.Event()
        self.go.set()
        self.in_flight = self.retried = 0
        self.reason: WinnowError | None = None
        self._requests = requests
        self._results: list[Completion | None] = [None] * len(requests)
        self._state: State = "running"
        self._done = self._cached = self._failed = 0
        self._broken = 0  # failures of a call, not of its reply
        self._spent_usd = self._uncertain_usd = 0.0
        self._ends: deque[float] = deque(maxlen=RATE_OVER)
        self._samples: deque[tuple[str, str]] = deque(maxlen=SAMPLES)
        self._started = time.monotonic()
        self._stopped: float | None = None
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
            in_flight=self.in_flight,
            retried=self.retried,
            rate_per_s=rate,
            eta_s=0.0 if left == 0 else (left / rate if rate else None),
            elapsed_s=now - self._started,
            spent_usd=self._spent_usd,
            uncertain_usd=self._uncertain_usd,
            samples=tuple(self._samples),
            reason=str(self.reason) if self.reason else None,
        )

    def pause(self) -> None:
        """Send nothing more; what is under way ends, and is kept."""
        if self._state == "running":
            self._state = "paused"
            loop.private().call_soon_threadsafe(self.go.clear)

    def resume(self) -> None:
        """Go on after a pause."""
        if self._state == "paused":
            self._state = "running"
            loop.private().call_soon_threadsafe(self.go.set)

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
        StoreError
            If a reply could not be stored; it is in `rows_so_far`.
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
        if self.reason is not None:
            raise self.reason
        return [found for found in self._results if found is not None]

    # The rest runs on the private loop.

    async def _run(self) -> None:
        try:
            try:
                await self._ask()
            finally:
                await self.client.writer.flush()
        except WinnowError as error:
            self.halt(error)
        finally:  # whatever happened, nobody is left waiting
            self._stopped = time.monotonic()
            whole = self._done == len(self._results) and self.reason is None
            self._state = "finished" if whole else "stopped"
            self._over.set()

    async def _ask(self) -> None:
        limits = self.client.limits
        await self._look_up()
        try:
            if self.pending:
                async with asyncio.timeout(limits.job_timeout_s):
                    await (batches.run(self) if self.batch else window.run(self))
        except TimeoutError:
            raise CallError(f"the job ran into job_timeout_s={limits.job_timeout_s:g}") from None

    async def _look_up(self) -> None:
        """Fill in what the store has, and queue the rest, each distinct request once."""
        client = self.client
        calls: dict[str, Call] = {}
        for row, asked in enumerate(self._requests):
            call = request.call(asked, client.model, provider=client.server.provider)
            calls.setdefault(call.key, call).rows.append(row)
        for model in {call.model for call in calls.values()}:
            client.ledger.price(model)  # a cap without a price fails before the first call
        known = await asyncio.to_thread(client.store.find, list(calls))
        for call in calls.values():
            if call.key in known:
                self._finish(call, replies.completion(known[call.key], cached=True))
                self._cached += len(call.rows)
            else:
                self.pending.append(call)

    async def keep(self, call: Call, answer: wire.Answer, reserved_usd: float) -> None:
        """Book a reply, store it, and hand it to its rows."""
        client = self.client
        price = client.ledger.price(call.model)
        row = replies.row(call, answer, price, provider=client.server.provider, batch=self.batch)
        client.ledger.settle(reserved_usd, row.cost_usd)
        self._spent_usd += row.cost_usd or 0.0
        try:
            await client.writer.add(row)
        except StoreError as error:
            self.halt(error)
        self._finish(call, replies.completion(row, cached=False))
        self._ends.append(time.monotonic())

    def book(self, call: Call, trouble: wire.Trouble, reserved_usd: float) -> None:
        """Write a failed try down, with what it may have cost."""
        cost = self.broke_off(reserved_usd, may_be_billed=trouble.may_be_billed)
        where = (call.key, self.client.server.provider, call.model)
        self.client.writer.note(Failure(*where, trouble.error, cost))

    def broke_off(self, reserved_usd: float, *, may_be_billed: bool) -> float:
        """Count what a try that brought nothing may have cost, and return it."""
        cost = self.client.ledger.broke_off(reserved_usd, may_be_billed=may_be_billed)
        self._uncertain_usd += cost
        return cost

    def fail(self, call: Call, trouble: wire.Trouble, *, tries: int) -> None:
        """Give up on a call; stop the job if no other can succeed, or too many have failed."""
        self._broken += len(call.rows)
        error = trouble.error + (f" (after {tries} tries)" if tries > 1 else "")
        self._finish(call, Completion(None, error, key=call.key, raw=trouble.raw))
        limits, ended = self.client.limits, self._done - self._cached
        if trouble.kind in wire.HOPELESS:
            self.halt(CallError(f"no call can succeed: {trouble.error}"))
        elif ended >= limits.failures_after and self._broken > limits.max_failure_rate * ended:
            self.halt(
                CallError(
                    f"{self._broken} of {ended} calls failed, above max_failure_rate="
                    f"{limits.max_failure_rate:g}; the last: {error}"
                )
            )

    def halt(self, reason: WinnowError) -> None:
        """Send nothing more, and say why."""
        self.reason = self.reason or reason
        self.go.set()

    def _finish(self, call: Call, found: Completion) -> None:
        again = found
        if found.error is None:  # asked twice in one job, and paid for once
            again = replace(found, cached=True, cost_usd=0.0)
        for number, row in enumerate(call.rows):
            self._results[row] = again if number else found
        self._done += len(call.rows)
        self._failed += len(call.rows) * (found.error is not None)
        asked = str(self._requests[call.rows[0]].messages[-1]["content"])
        self._samples.append((asked, found.text if found.text is not None else str(found.error)))
