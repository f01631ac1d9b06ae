"""A job: requests under way, with progress, pause and resume.

The handle that a caller holds. What the store has is filled in first; the rest goes through a
sliding window (`lab.llm.window`) or the provider's batches (`lab.llm.batches`), on the private
loop.
"""

import asyncio
import threading
import warnings
from collections.abc import Sequence

from lab.errors import CallError, WinnowError
from lab.llm import batches, loop, window
from lab.llm.board import Board, Progress, State
from lab.llm.request import Completion, Request
from lab.llm.session import Session


class Job:
    """Requests under way; made by `Client.start`.

    Parameters
    ----------
    session : Session
        What the calls of a client share.
    requests : sequence of Request
        What is asked.
    batch : bool
        Whether the requests are handed in as batches.

    Examples
    --------
    >>> from lab import llm
    >>> job = llm.Client("m", base_url="http://localhost:8000/v1", store=":memory:").start([])
    >>> job.result(), job.state
    ([], 'finished')
    """

    def __init__(self, session: Session, requests: Sequence[Request], *, batch: bool) -> None:
        self._session, self._batch = session, batch
        self._board = Board(session, requests, batch=batch)
        self._state: State = "running"
        self._over = threading.Event()
        self._future = loop.submit(self._run())

    def __repr__(self) -> str:
        return f"Job({self._state}: {self._board.done} of {len(self._board.results)} done)"

    @property
    def state(self) -> State:
        """Return `running`, `paused`, `finished`, or `stopped` (before its end)."""
        return self._state

    @property
    def rows_so_far(self) -> dict[int, Completion]:
        """Return what is there by position in the requests, failures among them."""
        return {row: found for row, found in enumerate(self._board.results) if found is not None}

    def snapshot(self) -> Progress:
        """Return where the job stands."""
        return self._board.snapshot(self._state)

    def pause(self) -> None:
        """Send nothing more; what is under way ends, and is kept."""
        if self._state == "running":
            self._state = "paused"
            loop.private().call_soon_threadsafe(self._board.go.clear)

    def resume(self) -> None:
        """Go on after a pause."""
        if self._state == "paused":
            self._state = "running"
            loop.private().call_soon_threadsafe(self._board.go.set)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the job is over, or for `timeout_s`; say whether it is over."""
        return self._over.wait(timeout_s)

    def result(self, timeout_s: float | None = None) -> list[Completion]:
        """Wait for the end and return one completion per request, in their order.

        An interrupt (Ctrl-C, the stop button) pauses the job and frees the caller. A parameter
        that the model does not take is left out with a warning, where that changes the replies.

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
        for note in self._session.notes():
            warnings.warn(note, stacklevel=2)
        self._future.result()
        if self._board.reason is not None:
            raise self._board.reason
        return [found for found in self._board.results if found is not None]

    # The rest runs on the private loop.

    async def _run(self) -> None:
        try:
            try:
                await self._ask()
            finally:
                await self._session.writer.flush()
        except WinnowError as error:
            self._board.stop(error)
        finally:  # whatever happened, nobody is left waiting
            self._state = "finished" if self._board.close() else "stopped"
            self._over.set()

    async def _ask(self) -> None:
        limits = self._session.limits
        await self._board.look_up()
        run = batches.run if self._batch else window.run
        try:
            if self._board.pending:
                async with asyncio.timeout(limits.job_timeout_s):
                    await run(self._session, self._board)
        except TimeoutError:
            raise CallError(f"the job ran into job_timeout_s={limits.job_timeout_s:g}") from None
