"""Groups what is to be stored: while one group is committed, the next gathers.

So a quiet client commits each reply at once, and a busy one commits hundreds with one sync.
"""

import asyncio

from lab.llm.store import Failure, Reply, Store


class Writer:
    """Writes to a store from one event loop, without blocking it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._replies: list[Reply] = []
        self._failures: list[Failure] = []
        self._gathering: asyncio.Task[None] | None = None  # will commit what is handed in now
        self._committing: asyncio.Task[None] | None = None

    async def add(self, reply: Reply) -> None:
        """Store a reply; returns when it is committed.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        self._replies.append(reply)
        await asyncio.shield(self._group())

    def note(self, failure: Failure) -> None:
        """Store a failed try some time soon."""
        self._failures.append(failure)
        self._group()

    async def flush(self) -> None:
        """Wait until all that was handed in is committed."""
        if (last := self._gathering or self._committing) is not None:
            await asyncio.shield(last)

    def _group(self) -> "asyncio.Task[None]":
        """Return the task that commits what is handed in now; all who wait share how it ends."""
        if self._gathering is None:
            self._gathering = asyncio.get_running_loop().create_task(self._commit(self._committing))
        return self._gathering

    async def _commit(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait([before])  # however it ended
        self._committing, self._gathering = self._gathering, None
        replies, self._replies = self._replies, []
        failures, self._failures = self._failures, []
        try:
            await asyncio.to_thread(self.store.add, replies, failures)
        finally:
            self._committing = None
