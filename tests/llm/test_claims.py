"""Nothing is bought twice: by jobs of one process, by two processes, after a kill."""

import subprocess
import sys
import time

import httpx2
import pytest

from lab import llm, testbed
from lab.llm import claims, store
from lab.testbed import serve
from lab.testbed.teacher import TeacherServer

HOLD = """
import sys, time
from pathlib import Path
from lab.llm import claims
held = claims.of(Path(sys.argv[1]))
assert held.take("1" * 64)
print("held", flush=True)
time.sleep(60)
"""


def test_a_claim_of_another_process_goes_with_it(tmp_path):
    mine = claims.of(tmp_path / "replies.sqlite")
    command = [sys.executable, "-c", HOLD, str(tmp_path / "replies.sqlite")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        assert not mine.take("1" * 64)
        assert mine.take("2" * 64)
        other.kill()
        other.wait()
    assert mine.take("1" * 64)
    mine.leave("1" * 64)
    assert mine.take("1" * 64)


def test_where_no_file_can_be_made_jobs_of_this_process_are_told_apart(tmp_path):
    mine = claims.Claims(tmp_path / "missing" / "file")
    assert mine.take("1" * 64)
    assert not mine.take("1" * 64)
    mine.leave("1" * 64)
    assert mine.take("1" * 64)


def test_two_stores_of_one_file_share_claims_in_a_process(tmp_path):
    one, two = (store.Store(tmp_path / "replies.sqlite") for _ in range(2))
    assert one.claims is two.claims
    assert store.Store(":memory:").claims is not store.Store(":memory:").claims


def questions(number):
    return [
        llm.Request([{"role": "user", "content": f"What is {n} plus 3?"}]) for n in range(number)
    ]


@pytest.fixture
def teacher():
    server = TeacherServer(testbed.Teacher(), testbed.Traffic(latency_s=0.1), models=("teacher",))
    with serve.background(server) as url:
        yield server, url


def test_jobs_of_one_process_share_the_work(teacher, tmp_path):
    server, url = teacher
    asked = questions(60)
    limits = llm.Limits(max_in_flight=4)
    where = {"base_url": url, "store": tmp_path / "replies.sqlite", "limits": limits}
    jobs = [llm.Client("teacher", **where).start(asked) for _ in range(2)]
    first, second = (job.result() for job in jobs)
    assert [reply.text for reply in first] == [reply.text for reply in second]
    assert None not in {reply.text for reply in first}
    assert server.log.paid == 60
    cached = [job.snapshot().cached for job in jobs]
    assert sum(cached) == 60
    assert min(cached) > 10  # neither waited for the other to do it all


def test_a_paused_job_keeps_nothing_from_others(teacher, tmp_path):
    server, url = teacher
    where = {"base_url": url, "store": tmp_path / "replies.sqlite"}
    where["limits"] = llm.Limits(max_in_flight=2)
    paused = llm.Client("teacher", **where).start(questions(12))
    while not server.log.paid:
        time.sleep(0.01)
    paused.pause()
    assert llm.Client("teacher", **where).start(questions(12)).result(30)
    paused.resume()
    assert len(paused.result(30)) == 12
    assert server.log.paid == 12


def test_a_call_that_failed_elsewhere_is_tried_here(client, ask):
    refuses = client(lambda *_: (400, {"error": {"message": "not today"}}, {}), delay_s=0.2)
    answers = client(delay_s=0.01)
    first = refuses.start([ask("hello")])
    while not refuses.scripted.bodies:
        time.sleep(0.005)
    second = answers.start([ask("hello")])
    assert "not today" in first.result(10)[0].error
    assert second.result(10)[0].text == "echo hello"


ASK = """
import sys
from lab import llm
requests = [llm.Request([{"role": "user", "content": f"What is {n} plus 3?"}]) for n in range(40)]
client = llm.Client("teacher", base_url=sys.argv[1], store=sys.argv[2])
client.complete(requests, batch=len(sys.argv) > 3)
"""


@pytest.mark.parametrize("batch", [[], ["batch"]])
def test_processes_that_ask_the_same_at_once_pay_once(teacher, tmp_path, batch):
    _, url = teacher
    command = [sys.executable, "-c", ASK, url, str(tmp_path / "replies.sqlite"), *batch]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    account = httpx2.get(url.replace("/v1", "/log")).json()
    assert account["paid"] == account["paid_requests"] == 40
