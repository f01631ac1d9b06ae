import subprocess
import sys

import pytest

from lab import llm, origins, records, testbed
from lab.testbed import serve
from lab.testbed.teacher import TeacherServer


@pytest.fixture(scope="module")
def requests():
    return [llm.Request(records.prompt(row)) for _, row in testbed.pool(40, seed=5).iterrows()]


def test_a_perfect_teacher_knows_the_world(requests):
    pool = testbed.pool(40, seed=5)
    replies = testbed.client().complete(requests)
    assert [reply.text for reply in replies] == pool["output"].tolist()
    assert all(reply.cost_usd > 0 for reply in replies)


def test_the_teacher_is_noted_as_the_testbeds(requests):
    origins.forget()
    testbed.client().complete(requests[:2])
    assert origins.used() == {"teacher": ["testbed"]}


def test_the_teacher_over_http_is_noted_as_the_testbeds_stored_replies_too(requests, tmp_path):
    server = TeacherServer(testbed.Teacher(), testbed.Traffic(), models=("teacher",))
    store, limits = llm.Store(tmp_path / "replies.sqlite"), llm.Limits()
    with serve.background(server) as url:
        for _ in range(2):
            origins.forget()
            asking = llm.Client("teacher", base_url=url, store=store, limits=limits)
            replies = asking.complete(requests[:2])
            assert origins.used() == {"teacher": ["testbed"]}
    assert all(reply.cached for reply in replies)


def test_equal_settings_share_replies_and_others_do_not(requests):
    first = testbed.client(testbed.Teacher(skill=0.5))
    first.complete(requests)
    assert first.server_log.paid == len(requests)
    again = testbed.client(testbed.Teacher(skill=0.5))
    again.complete(requests)
    assert again.server_log.paid == 0
    other = testbed.client(testbed.Teacher(skill=0.6))
    other.complete(requests)
    assert other.server_log.paid == len(requests)


def test_replies_depend_neither_on_order_nor_on_traffic(requests):
    teacher = testbed.Teacher(skill=0.5, noise=1.0)
    drawn = [llm.Request(r.messages, temperature=1.0, draw=1) for r in requests]
    rough = testbed.Traffic(latency_s=0.002, latency_spread=1.0, faults=testbed.Faults(0.2))
    straight = testbed.client(teacher, store=":memory:").complete(drawn)
    turned = testbed.client(teacher, traffic=rough, store=":memory:").complete(drawn[::-1])
    assert [r.text for r in straight] == [r.text for r in turned[::-1]]


def test_draws_differ_only_when_sampled(requests):
    client = testbed.client(testbed.Teacher(skill=0.5))

    def texts(temperature):
        messages = requests[0].messages
        asked = [llm.Request(messages, temperature=temperature, draw=n) for n in range(12)]
        return {reply.text for reply in client.complete(asked)}

    assert len(texts(0.0)) == 1
    assert len(texts(1.0)) > 1


def test_nothing_is_left_behind_at_exit():
    code = (
        "from lab import llm, testbed\n"
        "client = testbed.client(store=':memory:', traffic=testbed.Traffic(latency_s=30.0))\n"
        "job = client.start([llm.Request([{'role': 'user', 'content': 'What is 2 plus 3?'}])])\n"
        "while not job.snapshot().in_flight: pass\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
