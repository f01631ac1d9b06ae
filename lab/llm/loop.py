"""A private event loop in a daemon thread, one per process.

Calls run there, so that a notebook's own loop is never touched and plain code can simply wait.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
STOP_S = 5.0

_guard = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}  # by process: a fork has no running thread


def submit(work: Coroutine[Any, Any, T]) -> "Future[T]":
    """Run `work` on the private loop, and return at once."""
    return asyncio.run_coroutine_threadsafe(work, private())


def private() -> asyncio.AbstractEventLoop:
    """Return this process's private loop, started on first use."""
    with _guard:
        found = _loops.get(os.getpid())
        if found is None:
            found = _new()
            thread = threading.Thread(target=found.run_forever, name="lab-llm", daemon=True)
            thread.start()
            atexit.register(_stop, found, thread)
            _loops[os.getpid()] = found
        return found


def _new() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _stop(running: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    """Cancel what still runs and end the thread, so that nothing is left behind at exit."""
    if not thread.is_alive():  # in a fork
        return
    asyncio.run_coroutine_threadsafe(_cancel_all(), running).result(timeout=STOP_S)
    running.call_soon_threadsafe(running.stop)
    thread.join(timeout=STOP_S)
    running.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
