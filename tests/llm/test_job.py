"""Scheduling: windows, retries, pauses, stops, and what a job says about itself."""

import asyncio
import json
import threading
import time

import pytest

from lab import llm
from lab.errors import CallError, StoreError


def fails(number_of_times, trouble, chat):
    """Answer each question only after it has failed so often."""
    seen = {}

    def answer(body, _):
        text = body["messages"][-1]["content"]
        seen[text] = seen.get(text, 0) + 1
        return trouble if seen[text] <= number_of_times else chat(f"echo {text}")

    return answer


def wait_until(ready, *, patience_s=60):
    until = time.monotonic() + patience_s
    while not ready():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.002)


def test_the_window_slides_and_is_never_passed(client, ask):
    there = client(delay_s=0.01, limits=llm.Limits(max_in_flight=8))
    there.complete([ask(f"q{n}") for n in range(80)])
    assert there.scripted.most_in_flight == 8


def test_one_slow_call_is_no_barrier(client, ask, chat):
    held = threading.Event()

    async def answer(body, _):
        if body["messages"][-1]["content"] == "q0":
            await asyncio.to_thread(held.wait, 60)
        return chat("fine")

    there = client(answer, limits=llm.Limits(max_in_flight=4))
    job = there.start([ask(f"q{n}") for n in range(60)])
    wait_until(lambda: job.snapshot().done == 59)
    assert 0 not in job.rows_so_far
    held.set()
    assert len(job.result(30)) == 60


@pytest.mark.parametrize(
    "trouble",
    [
        (429, {"error": {"message": "slow down"}}, {}),
        (500, {"error": {"message": "oops"}}, {}),
        (503, "<html>busy</html>", {}),
        (200, '{"choices": [', {}),
        (200, "<html>hello</html>", {"content-type": "text/html"}),
        (200, {"choices": []}, {}),
        (200, [], {}),
        ConnectionResetError("gone"),
    ],
    ids=["429", "500", "503", "cut", "html", "no choice", "a list", "reset"],
)
def test_what_may_pass_is_tried_again(client, ask, chat, trouble):
    there = client(fails(2, trouble, chat))
    replies = there.complete([ask(f"q{n}") for n in range(5)])
    assert [r.text for r in replies] == [f"echo q{n}" for n in range(5)]
    assert there.job.snapshot().retried == 10
    assert sum(row["failed_tries"] for row in there.store.summary()) == 10


def test_tries_are_counted_and_have_an_end(client, ask):
    there = client(lambda *_: (500, {"error": {"message": "oops"}}, {}))
    [reply] = there.complete([ask("q")])
    assert reply.error == "server: Error code: 500 - oops (after 6 tries)"
    assert "oops" in reply.raw
    assert len(there.scripted.bodies) == 6


@pytest.mark.parametrize("status", [400, 403, 413, 422])
def test_what_cannot_succeed_is_not_tried_again(client, ask, status):
    there = client(lambda *_: (status, {"error": {"message": "no"}}, {}))
    assert there.complete([ask("q")])[0].kind == "bad_request"
    assert len(there.scripted.bodies) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "invalid_api_key"), (404, "model_not_found"), (429, "insufficient_quota")],
)
def test_what_no_call_can_pass_stops_the_job(client, ask, status, code):
    failure = {"error": {"message": "no way", "code": code}}
    there = client(
        lambda *_: (status, failure, {}), delay_s=0.002, limits=llm.Limits(max_in_flight=2)
    )
    with pytest.raises(CallError, match="no call can succeed: .*no way"):
        there.complete([ask(f"q{n}") for n in range(50)])
    assert len(there.scripted.bodies) <= 4
    assert there.job.state == "stopped"


def test_the_servers_wait_is_obeyed(client, ask, chat):
    times = []

    def answer(body, number):
        times.append(time.perf_counter())
        return (
            (429, {"error": {"message": "wait"}}, {"retry-after": "0.3"})
            if number == 0
            else (chat("fine"))
        )

    client(answer).complete([ask("q")])
    assert times[1] - times[0] >= 0.3


def test_a_hung_server_costs_a_timeout_and_another_try(client, ask, chat):
    async def answer(_, number):
        if number == 0:
            await asyncio.sleep(60)
        return chat("fine")

    there = client(answer, limits=llm.Limits(timeout_s=0.1))
    assert there.complete([ask("q")])[0].text == "fine"
    silent = client(lambda *_: asyncio.sleep(60), limits=llm.Limits(timeout_s=0.05, max_tries=2))
    [reply] = silent.complete([ask("other")])
    assert reply.error == "timeout: no reply within timeout_s=0.05 (after 2 tries)"


def test_a_job_has_a_time_limit_and_keeps_what_is_there(client, ask, chat):
    async def answer(body, _):
        await asyncio.sleep(0 if body["messages"][-1]["content"] == "fast" else 60)
        return chat("fine")

    there = client(answer, limits=llm.Limits(job_timeout_s=2.0))
    job = there.start([ask("fast"), ask("slow")])
    with pytest.raises(CallError, match="job_timeout_s=2"):
        job.result(60)
    assert {row: reply.text for row, reply in job.rows_so_far.items()} == {0: "fine"}
    assert job.snapshot().uncertain_usd > 0


def test_too_many_failures_stop_the_job_early(client, ask):
    bad = (400, {"error": {"message": "never"}}, {})
    there = client(lambda *_: bad, delay_s=0.001, limits=llm.Limits(max_in_flight=4))
    with pytest.raises(CallError, match=r"20 of 20 calls failed, above max_failure_rate=0.5"):
        there.complete([ask(f"q{n}") for n in range(500)])
    assert len(there.scripted.bodies) < 40
    patient = client(lambda *_: bad, limits=llm.Limits(max_failure_rate=1.0))
    assert all(reply.error for reply in patient.complete([ask(f"q{n}") for n in range(60)]))


def test_a_pause_sends_nothing_more_and_resume_goes_on(client, ask):
    there = client(delay_s=0.02, limits=llm.Limits(max_in_flight=4))
    job = there.start([ask(f"q{n}") for n in range(60)])
    wait_until(lambda: len(job.rows_so_far) >= 8)
    job.pause()
    time.sleep(0.05)
    wait_until(lambda: job.snapshot().in_flight == 0)
    sent, seen = len(there.scripted.bodies), job.snapshot()
    assert (job.state, seen.state, seen.in_flight) == ("paused", "paused", 0)
    assert seen.done == sent < 60
    time.sleep(0.1)
    assert len(there.scripted.bodies) == sent
    job.resume()
    assert len(job.result(60)) == 60
    assert job.state == "finished"


def test_an_interrupt_frees_the_caller_and_leaves_the_job_paused(client, ask, monkeypatch):
    there = client(delay_s=0.02, limits=llm.Limits(max_in_flight=2))
    waited = llm.Job.wait

    def interrupted(self, timeout_s=None):
        if self.snapshot().done >= 4:
            raise KeyboardInterrupt
        return waited(self, 0.01)

    monkeypatch.setattr(llm.Job, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        there.complete([ask(f"q{n}") for n in range(50)])
    monkeypatch.undo()
    monkeypatch.setattr("lab.llm.window.MAX_BACKOFF_S", 0.01)
    assert there.job.state == "paused"
    time.sleep(0.05)
    wait_until(lambda: there.job.snapshot().in_flight == 0)
    kept = len(there.store)
    assert 4 <= kept == len(there.scripted.bodies) < 50
    there.job.resume()
    assert len(there.job.result(60)) == 50


def test_a_snapshot_says_where_the_job_stands(client, ask, chat):
    def answer(body, _):
        text = body["messages"][-1]["content"]
        return (400, {"error": {"message": "no"}}, {}) if text == "q3" else chat(f"<b>{text}</b>")

    there = client(answer)
    there.complete([ask("q0")])
    job = there.start([ask(f"q{n}") for n in range(10)])
    job.result(60)
    now = job.snapshot()
    assert (now.total, now.done, now.cached, now.failed, now.in_flight) == (10, 10, 1, 1, 0)
    assert (now.state, now.eta_s, now.reason) == ("finished", 0.0, None)
    assert now.rate_per_s > 0
    assert now.spent_usd == pytest.approx(8 * 120e-6)
    assert len(now.samples) == 5
    assert ("q9", "<b>q9</b>") in now.samples
    assert repr(job) == "Job(finished: 10 of 10 done)"


def test_a_job_that_stops_says_why_and_goes_on_when_asked_again(client, ask, chat):
    broken = {"now": True}

    def answer(body, _):
        if broken["now"] and body["messages"][-1]["content"] >= "q30":
            return 401, {"error": {"message": "expired"}}, {}
        return chat("fine")

    there = client(answer, delay_s=0.001, limits=llm.Limits(max_in_flight=1))
    asked = [ask(f"q{n}") for n in range(10, 60)]
    with pytest.raises(CallError, match="expired"):
        there.complete(asked)
    assert "expired" in there.job.snapshot().reason
    kept = len(there.store)
    assert 18 <= kept <= 20
    broken["now"] = False
    before = len(there.scripted.bodies)
    assert all(reply.text == "fine" for reply in there.complete(asked))
    assert len(there.scripted.bodies) - before == 50 - kept


def test_waiting_has_a_limit_of_its_own(client, ask):
    job = client(delay_s=0.3).start([ask("q")])
    with pytest.raises(TimeoutError, match="is not over after timeout_s=0.01"):
        job.result(0.01)
    assert len(job.result(60)) == 1


def test_it_works_in_threads_and_inside_a_running_loop(client, ask):
    there = client(delay_s=0.005)
    found = {}

    def work(name):
        found[name] = there.complete([ask(f"{name}{n}") for n in range(20)])

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()

    async def cell():
        return there.complete([ask(f"c{n}") for n in range(20)])

    found["c"] = asyncio.run(cell())
    for thread in threads:
        thread.join()
    for name in "abc":
        assert [reply.text for reply in found[name]] == [f"echo {name}{n}" for n in range(20)]


def test_no_requests_are_no_work(client):
    assert client().complete([]) == []


def test_an_answer_without_counts_is_estimated(client, ask, chat):
    def answer(*_):
        return {**chat("four words are here"), "usage": None}

    [reply] = client(answer).complete([ask("q" * 400)])
    assert (reply.prompt_tokens, reply.completion_tokens) == (104, 4)
    assert reply.cost_usd > 0


def test_half_a_character_in_a_reply_is_kept_as_it_came_and_shown_as_a_box(client, ask, chat):
    there = client(lambda *_: (200, json.dumps(chat("a \ud83d b")), {}))
    job = there.start([ask("q")])
    [reply] = job.result(30)
    assert reply.text == "a \ufffd b"
    [row] = there.store.rows()
    assert row.reply["text"] == "a \ud83d b"
    [again] = there.complete([ask("q")])
    assert (again.text, again.cached) == (reply.text, True)


def test_an_error_nobody_thought_of_ends_the_job_instead_of_hanging_it(client, ask, monkeypatch):
    there = client()
    monkeypatch.setattr(there.store, "add", lambda *_: 1 / 0)
    job = there.start([ask("q"), ask("r")])
    with pytest.raises(ZeroDivisionError):
        job.result(30)
    assert job.state == "stopped"


def test_half_a_character_in_an_error_is_no_error_of_its_own(client, ask):
    body = json.dumps({"error": {"message": "bad \ud83d", "code": "x"}})
    there = client(lambda *_: (500, body, {}), limits=llm.Limits(max_tries=2))
    [reply] = there.start([ask("q")]).result(30)
    assert reply.error == "server: Error code: 500 - bad \ufffd (after 2 tries)"
    [row] = there.store.summary()
    assert row["failed_tries"] == 2


def test_a_job_that_cannot_write_its_failures_down_ends(client, ask, monkeypatch):
    there = client(lambda *_: (400, {"error": {"message": "no"}}, {}))

    def full(*_):
        time.sleep(0.05)  # so that it is still under way when the job ends
        raise StoreError("disk full")

    monkeypatch.setattr(there.store, "add", full)
    with pytest.raises(StoreError, match="disk full"):
        there.start([ask("q")]).result(30)
    monkeypatch.undo()
    there.scripted.answer = lambda *_: {"choices": [{"message": {"content": "fine"}}]}
    assert there.start([ask("r")]).result(30)[0].text == "fine"  # an old error is not raised again
