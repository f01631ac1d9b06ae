"""In a real Jupyter kernel: start, interrupt, restart, attach again, finish."""

import time

import pytest
from jupyter_client.manager import start_new_kernel

from lab import testbed
from lab.llm import Store
from lab.testbed import serve
from lab.testbed.teacher import TeacherServer

SET_UP = """
from lab import llm
requests = [
    llm.Request([{"role": "user", "content": f"What is {n} plus {n % 7}?"}]) for n in range(300)
]
limits = llm.Limits(max_in_flight=8)
client = llm.Client("teacher", base_url=URL, store=PATH, limits=limits)
"""


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code, *, on_start=None, timeout=30):
    """Execute a cell; return its printed text, its error's name, and its seconds."""
    message, text, error, start = client.execute(code), "", None, time.monotonic()
    while True:
        found = client.get_iopub_msg(timeout=timeout)
        if found["parent_header"].get("msg_id") != message:
            continue
        kind, content = found["msg_type"], found["content"]
        if kind == "stream" and content["name"] == "stdout":
            text += content["text"]
        elif kind == "error":
            error = content["ename"]
        elif kind == "status" and content["execution_state"] == "busy" and on_start:
            start = on_start()
        elif kind == "status" and content["execution_state"] == "idle":
            return text, error, time.monotonic() - start


@pytest.mark.slow
def test_start_interrupt_restart_attach_finish(kernel, tmp_path):
    manager, client = kernel
    path = tmp_path / "replies.sqlite"
    traffic = testbed.Traffic(latency_s=0.2)
    server = TeacherServer(testbed.Teacher(), traffic, models=("teacher",))
    with serve.background(server) as url:
        head = SET_UP.replace("URL", repr(url)).replace("PATH", repr(str(path)))
        assert run(client, head)[1] is None

        def interrupt():
            until = time.monotonic() + 20
            while server.log.paid < 40 and time.monotonic() < until:
                time.sleep(0.01)
            manager.interrupt_kernel()
            return time.monotonic()

        _, error, seconds = run(client, "client.complete(requests)", on_start=interrupt)
        assert error == "KeyboardInterrupt"
        assert seconds < 3.0  # under a second on a quiet machine; the rest would take six
        shown, *_ = run(
            client, "import time; time.sleep(1.0); print(client.job.state, len(client.store))"
        )
        state, stored = shown.split()
        assert state == "paused"
        assert 40 <= int(stored) == server.log.paid < 300

        shown, error, seconds = run(
            client, "job = client.start(requests)\nprint(job.snapshot().state)"
        )
        assert (shown.strip(), error) == ("running", None)
        assert seconds < 3.0  # the cell is free while the job runs
        while server.log.paid < 120:
            time.sleep(0.01)
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=30)
        with Store(path) as store:
            kept = len(store)
        paid = server.log.paid
        assert paid - kept <= 8 + 8  # the paused job's window, and this one's
        finish = "replies = client.complete(requests)\nprint(sum(r.cached for r in replies))"
        shown, error, _ = run(client, head + finish, timeout=60)
        assert error is None
        assert int(shown) >= kept
        assert server.log.paid == paid + 300 - int(shown)
