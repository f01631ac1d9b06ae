"""Hard times: a storm of faults, and processes that are killed, against a real server."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import httpx2
import pytest

from lab import llm, testbed
from lab.llm import window
from lab.testbed import serve
from lab.testbed.teacher import TeacherServer, policy

STORM = testbed.Faults(
    too_many=0.1,
    too_many_bare=0.1,
    server_error=0.03,
    unavailable=0.02,
    hung=0.02,
    malformed=0.01,
    wrong_type=0.01,
    dropped=0.02,
    truncated=0.01,
)


def questions(number):
    return [
        llm.Request([{"role": "user", "content": f"What is {n} plus {n % 7}?"}])
        for n in range(number)
    ]


@pytest.mark.slow
def test_every_request_survives_a_storm_or_is_counted(tmp_path):
    traffic = testbed.Traffic(faults=STORM, retry_after_s=0.01, seed=1)
    server = TeacherServer(testbed.Teacher(), traffic, models=("teacher",))
    asked = questions(2_000)
    with serve.background(server) as url:
        client = llm.Client(
            "teacher",
            base_url=url,
            store=tmp_path / "replies.sqlite",
            # patient: a reply that a busy machine brings too late is paid for, and not stored
            limits=llm.Limits(max_in_flight=128, max_tries=5, timeout_s=4.0),
        )
        replies = client.complete(asked)
    good = [reply for reply in replies if reply.error is None]
    assert len(replies) == 2_000
    assert all((reply.text is None) == (reply.error is not None) for reply in replies)
    right = [policy.answer(testbed.Teacher(), one.messages[-1]["content"]) for one in asked]
    assert all(reply.text in (None, text) for reply, text in zip(replies, right, strict=True))
    assert client.job.snapshot().done == 2_000
    assert len(good) > 1_950
    assert client.job.snapshot().failed == 2_000 - len(good)
    # the server's account and the store's agree: nothing was paid for twice, or lost
    assert server.log.paid == len(client.store) == len(good)
    assert server.log.summary()["paid_requests"] == len(good)
    [row] = client.store.summary()
    assert row["failed_tries"] == server.log.faults.total()
    assert set(server.log.faults) == set(vars(STORM))


def test_waits_double_with_jitter_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(window, "MAX_BACKOFF_S", 30.0)
    for tries, longest in ((1, 0.5), (2, 1.0), (3, 2.0), (20, 30.0)):
        waits = [window.backoff_s(tries) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest


ASK = """
import sys
from lab import llm
requests = [
    llm.Request([{"role": "user", "content": f"What is {n} plus {n % 7}?"}])
    for n in range(int(sys.argv[4]))
]
limits = llm.Limits(max_in_flight=int(sys.argv[3]))
client = llm.Client("teacher", base_url=sys.argv[1], store=sys.argv[2], limits=limits)
client.complete(requests)
"""


@pytest.mark.slow
def test_a_kill_loses_no_stored_reply_and_buys_at_most_what_was_under_way(tmp_path):
    number, in_flight, kills = 200, 16, 4
    traffic = testbed.Traffic(latency_s=0.02, latency_spread=0.5)
    server = TeacherServer(testbed.Teacher(), traffic, models=("teacher",))
    path = tmp_path / "replies.sqlite"
    rng = random.Random(4)
    with serve.background(server) as url:
        command = [sys.executable, "-c", ASK, url, str(path), str(in_flight)]
        kept = 0
        for kill in range(kills):
            goal = server.log.paid + rng.randint(10, 30)
            process = subprocess.Popen([*command, str(number)])
            until = time.monotonic() + 30
            while server.log.paid < goal and time.monotonic() < until:
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            process.wait()
            with llm.Store(path) as store:
                rows = {row.key for row in store.rows()}
                assert len(rows) >= kept  # nothing that was stored is gone
                kept = len(rows)
            with closing(sqlite3.connect(path)) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            bought_again = server.log.paid - kept
            assert bought_again <= (kill + 1) * in_flight
        subprocess.run([*command, str(number)], check=True, timeout=60)
    with llm.Store(path) as store:
        assert len(store) == number
    assert server.log.paid <= number + kills * in_flight


def test_two_processes_share_a_store(tmp_path):
    server = TeacherServer(testbed.Teacher(), testbed.Traffic(latency_s=0.005), models=("teacher",))
    path = tmp_path / "replies.sqlite"
    with serve.background(server) as url:
        command = [sys.executable, "-c", ASK, url, str(path), "8"]
        running = [subprocess.Popen([*command, number]) for number in ("120", "200")]
        assert [process.wait(timeout=60) for process in running] == [0, 0]
        account = httpx2.get(url.replace("/v1", "/log")).json()
        subprocess.run([*command, "200"], check=True, timeout=60)
        after = httpx2.get(url.replace("/v1", "/log")).json()
    with llm.Store(path) as store:
        assert len(store) == account["paid_requests"] == account["paid"] == 200
        told = sorted(str(row.reply["text"]) for row in store.rows())
    right = [
        policy.answer(testbed.Teacher(), one.messages[-1]["content"]) for one in questions(200)
    ]
    assert told == sorted(right)
    assert after["paid"] == account["paid"], "what either of them stored is not asked again"
