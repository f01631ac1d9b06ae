import time

import pytest

from lab import llm, testbed
from lab.errors import BudgetError, CallError
from lab.llm import Store, batches


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("lab.llm.batches.FIRST_POLL_S", 0.01)
    monkeypatch.setattr("lab.llm.batches.LAST_POLL_S", 0.02)


@pytest.fixture
def asked():
    return [llm.Request([{"role": "user", "content": f"What is {n} plus 4?"}]) for n in range(30)]


def client(*, store=":memory:", **traffic):
    limits = traffic.pop("limits", None)
    budget = traffic.pop("budget_usd", None)
    return testbed.client(
        traffic=testbed.Traffic(**traffic), store=store, limits=limits, budget_usd=budget
    )


def test_a_batch_gives_the_same_replies_for_half_the_price(asked):
    single, batched = client(), client(batch_s=0.05)
    one = single.complete(asked)
    many = batched.complete(asked, batch=True)
    assert [reply.text for reply in many] == [reply.text for reply in one]
    assert [reply.key for reply in many] == [reply.key for reply in one]
    assert batched.spent_usd == pytest.approx(single.spent_usd / 2)
    assert {entry.path for entry in batched.server_log.entries} == {"/v1/batches"}
    assert all(reply.cached for reply in batched.complete(asked))


def test_only_what_is_not_stored_is_handed_in(asked):
    there = client()
    there.complete(asked[:20])
    there.complete(asked, batch=True)
    assert sum(entry.path == "/v1/batches" for entry in there.server_log.entries) == 10


def test_a_restart_finds_the_batch_again(asked, tmp_path):
    first = client(batch_s=0.4, store=tmp_path / "replies.sqlite")
    job = first.start(asked, batch=True)
    until = time.monotonic() + 5
    while not first.store.open_batches(first.server.provider) and time.monotonic() < until:
        time.sleep(0.005)
    job.pause()  # as good as a kill: nothing of it is used below
    # another client on the same server, as after a restart
    again = llm.Client("teacher", base_url=first.server, store=Store(tmp_path / "replies.sqlite"))
    replies = again.complete(asked, batch=True)
    assert all(reply.error is None for reply in replies)
    assert first.server_log.paid == len(asked)  # bought once
    assert again.store.open_batches(first.server.provider) == {}
    job.resume()
    assert len(job.result(60)) == len(asked)
    assert first.server_log.paid == len(asked)


def test_other_requests_leave_an_open_batch_for_later(asked, tmp_path):
    first = client(batch_s=0.2, store=tmp_path / "replies.sqlite")
    first.start(asked, batch=True)
    while not first.store.open_batches(first.server.provider):
        time.sleep(0.005)
    again = llm.Client("teacher", base_url=first.server, store=Store(tmp_path / "replies.sqlite"))
    some = again.complete(asked[:5], batch=True)
    assert all(reply.error is None for reply in some)
    rest = again.complete(asked, batch=True)
    assert all(reply.error is None for reply in rest)
    assert first.server_log.paid == len(asked)


def test_what_expired_is_handed_in_again(asked):
    there = client(batch_share=0.5)
    replies = there.complete(asked, batch=True)
    left = 30
    for _ in range(6):
        left -= round(0.5 * left)
    assert sum(reply.error is not None for reply in replies) == left
    assert there.server_log.paid == 30 - left
    late = [reply for reply in replies if reply.error]
    assert all("expired (after 6 tries)" in reply.error for reply in late)


def test_a_refused_row_is_a_failure_and_the_others_are_not(asked):
    odd = llm.Request([{"role": "user", "content": ["parts that this server does not take"]}])
    replies = client().complete([*asked[:3], odd], batch=True)
    assert [reply.error is None for reply in replies] == [True, True, True, False]
    assert replies[3].kind == "bad_request"


def test_a_parameter_refused_in_a_batch_is_left_out_in_the_next(asked):
    there = client(takes_schema=False)
    shape = {"type": "json_object"}
    wishes = [llm.Request(one.messages, response_format=shape) for one in asked[:4]]
    replies = there.complete([*wishes, *asked[4:6]], batch=True)
    assert all(reply.error is None for reply in replies)
    assert there.job.snapshot().retried == 4
    assert there.server_log.paid == 6
    rows = {row.key: row for row in there.store.rows()}
    assert rows[replies[0].key].request["response_format"] == shape
    assert rows[replies[0].key].reply["left_out"] == ["response_format"]
    # what a batch has learned is known to single calls, too
    more = llm.Request(asked[9].messages, response_format=shape)
    assert there.complete([more])[0].error is None
    assert [e.status for e in there.server_log.entries if e.path != "/v1/batches"] == [200]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (
            {"response": None, "error": {"code": "batch_expired", "message": "late"}},
            "batch_expired",
        ),
        ({"response": None, "error": "odd"}, "server"),
        ({"response": None, "error": None}, "server"),
        ({"response": {"status_code": 200, "body": None}}, "malformed"),
        ({"response": {"status_code": 200, "body": {"error": {"code": 429}}}}, "rate_limit"),
        ({"response": {"status_code": 200, "body": {"choices": [], "error": "x"}}}, "server"),
        ({"response": {"status_code": 400, "body": "plain"}}, "bad_request"),
        ({"response": {"status_code": 400, "body": None}}, "bad_request"),
        ({"response": {"status_code": "429", "body": {}}}, "rate_limit"),
        ({"response": {"status_code": 500, "body": {"error": None}}}, "server"),
    ],
)
def test_a_line_of_a_batch_of_any_form_is_an_answer_or_trouble(row, kind):
    assert batches.outcome(row).kind == kind


def test_a_batch_that_could_pass_the_cap_is_not_handed_in(asked):
    there = client(budget_usd=0.001)
    with pytest.raises(BudgetError, match="could be passed.*this batch can cost up to"):
        there.complete(asked, batch=True)
    assert there.server_log.entries == []


def test_models_go_into_files_of_their_own(asked):
    there = client()
    other = [llm.Request(request.messages, model="other") for request in asked[:4]]
    replies = there.complete([*asked[:4], *other], batch=True)
    assert all(reply.error is None for reply in replies)
    assert len({reply.key for reply in replies}) == 8


def test_a_server_without_batches_is_an_error(client_without_batches, asked):
    with pytest.raises(CallError, match="the batch could not be handed in"):
        client_without_batches.complete(asked, batch=True)


@pytest.fixture
def client_without_batches(monkeypatch):
    there = client()
    router = there.server.transport().app.router
    monkeypatch.setattr(router, "routes", router.routes[:3])
    return there
