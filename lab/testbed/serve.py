"""Serve the teacher over HTTP, for notebooks in other processes, other tools, and benchmarks."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from lab.testbed.client import MODEL
from lab.testbed.teacher import Teacher, TeacherServer, Traffic

START_S = 10.0
BACKLOG = 2048


def run(
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    teacher: Teacher | None = None,
    traffic: Traffic | None = None,
    model: str = MODEL,
) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    host, port
        Where to listen; 0 picks a free port.
    teacher, traffic, model
        As in `testbed.client`.
    """
    server = TeacherServer(teacher or Teacher(), traffic or Traffic(), models=(model,))
    _uvicorn(server, host, port).run()


@contextmanager
def background(server: TeacherServer) -> Iterator[str]:
    """Serve on a free loopback port in a thread; give the base URL, and stop on leaving."""
    # with its protocol named, or asyncio leaves Nagle's delay of 40 ms on each reply
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        running = _uvicorn(server, "127.0.0.1", 0)
        thread = threading.Thread(
            target=running.run, kwargs={"sockets": [listening]}, daemon=True, name="lab-teacher"
        )
        thread.start()
        until = time.monotonic() + START_S
        while not running.started:
            if time.monotonic() > until or not thread.is_alive():
                raise TimeoutError(f"the teacher's server did not start within {START_S:g} s")
            time.sleep(0.005)
        try:
            yield url
        finally:
            running.should_exit = True
            thread.join(timeout=START_S)


def _uvicorn(server: TeacherServer, host: str, port: int) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            server.app,
            host=host,
            port=port,
            log_level="critical",  # faults are planted, not news
            access_log=False,
            lifespan="off",
            backlog=BACKLOG,
            timeout_graceful_shutdown=1,
        )
    )
