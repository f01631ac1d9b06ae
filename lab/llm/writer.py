"""Groups what is to be stored: while one group is committed, the next gathers.

So a quiet client commits each reply at once, and a busy one commits hundreds with one sync.
"""

import asyncio

from lab.errors import StoreError
from lab.llm.store import Failure, Reply, Store


class Writer:
    """Writes to a store from one event loop, without blocking it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._replies: list[tuple[Reply, asyncio.Future[None]]] = []
        self._failures: list[Failure] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, reply: Reply) -> None:
        """Store a reply; returns when it is committed.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._replies.append((reply, done))
        self._start()
        await asyncio.shield(done)

    def note(self, failure: Failure) -> None:
        """Store a failed try some time soon."""
        self._failures.append(failure)
        self._start()

    async def flush(self) -> None:
        """Wait until all that was handed in is committed."""
        while self._task is not None:
            await asyncio.shield(self._task)

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._replies or self._failures:
                replies, self._replies = self._replies, []
                failures, self._failures = self._failures, []
                rows = [reply for reply, _ in replies]
                try:
                    await asyncio.to_thread(self.store.add, rows, failures)
                except BaseException as error:
                    for _, done in replies:  # nobody is left waiting, whatever it was
                        done.set_exception(error)
                    if not replies or not isinstance(error, StoreError):
                        raise
                else:
                    for _, done in replies:
                        done.set_result(None)
        finally:
            self._task = None
