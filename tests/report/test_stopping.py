import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import nbformat
import psutil
import pytest

from lab.report import stopping

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def test_work_gives_its_value_and_its_error():
    async def fail():
        raise TimeoutError("own")

    assert stopping.finish(asyncio.sleep(0, 3)) == 3
    with pytest.raises(TimeoutError, match="own"):
        stopping.finish(fail())


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_stops_the_waiting_thread_cancels_the_work_and_waits_for_its_ending(number):
    ended = []

    async def work():
        threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            ended.append(True)

    before = signal.getsignal(number)
    with pytest.raises(stopping.Stopped, match=number.name) as told, stopping.stoppable():
        stopping.finish(work())
    assert ended == [True]
    assert told.value.code == 128 + number
    assert signal.getsignal(number) is before


def test_another_thread_is_left_alone():
    seen = []

    def inside():
        with stopping.stoppable():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


@pytest.mark.slow
@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_report_ends_in_a_line_and_leaves_no_process(tmp_path, number, code):
    mark = tmp_path / "pid"
    source = f"import os, pathlib, time\npathlib.Path({str(mark)!r}).write_text(str(os.getpid()))"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"{source}\ntime.sleep(99)")])
    nbformat.write(book, tmp_path / "sleeper.ipynb")
    environment = {**os.environ, "WINNOW_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-c", "from lab.cli import main; main()", "run"]
    lab = subprocess.Popen(
        [*command, str(tmp_path / "sleeper.ipynb")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    try:
        limit = time.monotonic() + 60
        while not (mark.exists() and mark.read_text()):
            assert lab.poll() is None, lab.stderr.read()
            assert time.monotonic() < limit
            time.sleep(0.05)
        kernel = psutil.Process(int(mark.read_text()))
        lab.send_signal(number)
        _, told = lab.communicate(timeout=60)
    finally:
        lab.kill()
    assert lab.returncode == code
    assert told.strip() == (
        f"stopped by {number.name}; finished pages are kept; the same command goes on from there"
    )
    gone, alive = psutil.wait_procs([kernel], timeout=5)
    assert (gone, alive) == ([kernel], [])
