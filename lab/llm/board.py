"""What a job has to do, and what has come of it: read by its handle, written by the private loop.

Calls wait in `pending`; a call ends by `reply` or `fail`, and each try that brings nothing is
written down by `failed_try`. `stop` ends the job before its time.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from lab import origins
from lab.errors import CallError, StoreError, WinnowError
from lab.llm import replies
from lab.llm.protocol import HOPELESS, Answer, Trouble
from lab.llm.request import Call, Completion, Request
from lab.llm.session import Session
from lab.llm.store import Failure, Reply

State = Literal["running", "paused", "finished", "stopped"]
SAMPLES = 5  # last replies shown
RATE_OVER = 1_000  # last calls that the rate is taken over


@dataclass(frozen=True)
class Progress:
    """Where a job stands; what a progress bar or a widget shows.

    Examples
    --------
    >>> from lab import llm
    >>> job = llm.Client("m", base_url="http://localhost:8000/v1", store=":memory:").start([])
    >>> _ = job.wait()
    >>> now = job.snapshot()
    >>> now.state, now.done, now.total
    ('finished', 0, 0)
    """

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


class Board:
    """The work of one job."""

    def __init__(self, session: Session, requests: Sequence[Request], *, batch: bool) -> None:
        self.pending: deque[Call] = deque()
        self.go = asyncio.Event()  # cleared while the job is paused
        self.go.set()
        self.in_flight = self.retried = self.done = 0
        self.reason: WinnowError | None = None
        self.results: list[Completion | None] = [None] * len(requests)
        self._session, self._requests, self._batch = session, requests, batch
        self._cached = self._failed = 0
        self._broken = 0  # failures of a call, not of its reply
        self._spent_usd = self._uncertain_usd = 0.0
        self._ends: deque[float] = deque(maxlen=RATE_OVER)
        self._samples: deque[tuple[str, str]] = deque(maxlen=SAMPLES)
        self._started = time.monotonic()
        self._stopped: float | None = None

    def snapshot(self, state: State) -> Progress:
        """Return where the work stands."""
        now = self._stopped or time.monotonic()
        ends = list(self._ends)
        span = now - ends[0] if len(ends) > 1 else 0.0
        rate = len(ends) / span if span > 0 else 0.0
        left = len(self.results) - self.done
        return Progress(
            state=state,
            total=len(self.results),
            done=self.done,
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

    async def look_up(self) -> None:
        """Fill in what the store has, and queue the rest, each distinct request once."""
        session = self._session
        calls = session.calls(self._requests)
        for model in {call.model for call in calls.values()}:
            session.ledger.price(model)  # a cap without a price fails before the first call
        known = await asyncio.to_thread(session.store.find, list(calls))
        for call in calls.values():
            if call.key in known:
                self.found(call, known[call.key])
            else:
                self.pending.append(call)

    def found(self, call: Call, row: Reply) -> None:
        """Hand a stored reply to its rows."""
        self._note(row)
        self._finish(call, replies.completion(row, cached=True))
        self._cached += len(call.rows)

    async def reply(self, call: Call, answer: Answer, reserved_usd: float) -> None:
        """Count a reply, store it, and hand it to its rows."""
        session = self._session
        price = session.ledger.price(call.model)
        row = replies.row(call, answer, price, provider=session.server.provider, batch=self._batch)
        session.ledger.settle(reserved_usd, row.cost_usd)
        self._spent_usd += row.cost_usd or 0.0
        try:
            await session.writer.add(row)
        except StoreError as error:
            self.stop(error)
        self._note(row)
        self._finish(call, replies.completion(row, cached=False))
        self._ends.append(time.monotonic())

    def failed_try(self, call: Call, trouble: Trouble, reserved_usd: float) -> None:
        """Write a failed try down, with what it may have cost."""
        cost = self.broke_off(reserved_usd, may_be_billed=trouble.may_be_billed)
        where = (call.key, self._session.server.provider, call.model)
        self._session.writer.note(Failure(*where, trouble.error, cost))

    def broke_off(self, reserved_usd: float, *, may_be_billed: bool) -> float:
        """Count what a try that brought nothing may have cost, and return it."""
        cost = self._session.ledger.broke_off(reserved_usd, may_be_billed=may_be_billed)
        self._uncertain_usd += cost
        return cost

    def fail(self, call: Call, trouble: Trouble, *, tries: int) -> None:
        """Give up on a call; stop the job if no other can succeed, or too many have failed."""
        self._broken += len(call.rows)
        error = trouble.error + (f" (after {tries} tries)" if tries > 1 else "")
        self._finish(call, Completion(None, error, key=call.key, raw=trouble.raw))
        limits, ended = self._session.limits, self.done - self._cached
        if trouble.kind in HOPELESS:
            self.stop(CallError(f"no call can succeed: {trouble.error}"))
        elif ended >= limits.failures_after and self._broken > limits.max_failure_rate * ended:
            self.stop(
                CallError(
                    f"{self._broken} of {ended} calls failed, above max_failure_rate="
                    f"{limits.max_failure_rate:g}; the last: {error}"
                )
            )

    def stop(self, reason: WinnowError) -> None:
        """Send nothing more, and say why."""
        self.reason = self.reason or reason
        self.go.set()

    def close(self) -> bool:
        """Stop the clock; say whether all is done."""
        self._stopped = time.monotonic()
        return self.done == len(self.results) and self.reason is None

    def _note(self, row: Reply) -> None:
        """Note who answered: as the server says, or by its model and place."""
        server = self._session.server
        where = urlsplit(server.base_url).netloc.rpartition("@")[2]
        told = server.origin or row.reply.get("origin")
        origins.note("teacher", str(told or f"{row.model} at {where}"))

    def _finish(self, call: Call, found: Completion) -> None:
        again = found
        if found.error is None:  # asked twice in one job, and paid for once
            again = replace(found, cached=True, cost_usd=0.0)
        for number, row in enumerate(call.rows):
            self.results[row] = again if number else found
        self.done += len(call.rows)
        self._failed += len(call.rows) * (found.error is not None)
        asked = str(self._requests[call.rows[0]].messages[-1]["content"])
        self._samples.append((asked, found.text if found.text is not None else str(found.error)))
