"""Work that ends cleanly when it is stopped: by Ctrl-C (SIGINT) or by SIGTERM.

Notebooks are executed in a thread of its own, since what executes them takes the signals to itself
in the main one and ends only its last kernel. The main thread waits; what stops it cancels the
work, which ends its kernels first.
"""

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

POLL_SECONDS = 0.5  # Windows wakes a waiting thread for no signal


class Stopped(BaseException):
    """The process was asked to end by a signal; `code` is what a shell expects it to exit with."""

    def __init__(self, number: int) -> None:
        self.name = signal.Signals(number).name
        self.code = 128 + number
        super().__init__(f"stopped by {self.name}")


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise Stopped where Ctrl-C or SIGTERM comes within the block.

    In another thread than the main one, which no signal reaches, the block is left alone.

    Examples
    --------
    >>> with stoppable():
    ...     signal.raise_signal(signal.SIGTERM)
    Traceback (most recent call last):
    lab.report.stopping.Stopped: stopped by SIGTERM
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def finish(work: Coroutine[Any, Any, Any]) -> Any:
    """Run `work` to its end in a thread, and cancel it where this one is stopped.

    The work's own ending (`finally`) is waited for; then what stopped it is raised again.

    Examples
    --------
    >>> finish(asyncio.sleep(0, "done"))
    'done'
    """
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()

    async def held() -> Any:
        task = asyncio.current_task()
        if task is not None:
            begun.set_result((asyncio.get_running_loop(), task))
        return await work

    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(asyncio.run, held())
        try:
            return _result(made)
        except BaseException:
            if not made.done():
                loop, task = begun.result()
                loop.call_soon_threadsafe(task.cancel)
                with suppress(CancelledError, asyncio.CancelledError):
                    _result(made)
            raise


def _result(made: "Future[Any]") -> Any:
    while not made.done():
        wait([made], timeout=POLL_SECONDS)
    return made.result()


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped(number)
