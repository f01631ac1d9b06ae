import copy
import pickle
import re

import pytest

from lab import llm, origins
from lab.errors import CallError
from lab.llm.request import Completion


def test_replies_come_in_the_order_of_the_requests(client, ask):
    there = client(delay_s=0.01)
    replies = there.complete([ask(f"q{n}") for n in range(30)])
    assert [reply.text for reply in replies] == [f"echo q{n}" for n in range(30)]
    assert all(reply.error is None and not reply.cached for reply in replies)


def test_a_reply_says_what_it_took_and_what_it_cost(client, ask):
    [reply] = client().complete([ask("q")])
    assert (reply.prompt_tokens, reply.completion_tokens, reply.finish_reason) == (100, 10, "stop")
    assert reply.cost_usd == pytest.approx((100 * 1 + 10 * 2) / 1e6)
    assert reply.kind == "reply"


def test_who_answers_is_noted_without_a_users_name(client, ask):
    client().complete([ask("q")])
    (teacher,) = origins.used()["teacher"]
    assert re.fullmatch(r"\S+ at [^@]+", teacher)


def test_finished_then_reordered_extended_edited(client, ask):
    there = client()
    requests = [ask(f"q{n}") for n in range(1_000)]
    there.complete(requests)
    assert len(there.scripted.bodies) == 1_000
    for changed, calls in (
        (requests[::-1], 0),
        ([*requests, ask("one more")], 1),
        ([ask("edited"), *requests[1:]], 1),
        (requests, 0),
    ):
        before = len(there.scripted.bodies)
        replies = there.complete(changed)
        assert len(there.scripted.bodies) - before == calls
        assert [r.text for r in replies] == [f"echo {q.messages[-1]['content']}" for q in changed]


def test_another_client_finds_what_the_first_has_paid_for(client, ask):
    requests = [ask("a"), ask("b")]
    first = client().complete(requests)
    second = client()
    again = second.complete(requests)
    assert second.scripted.bodies == []
    assert [r.text for r in again] == [r.text for r in first]
    assert all(r.cached and r.cost_usd == 0 for r in again)
    assert second.spent_usd == 0


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"max_tokens": 7},
        {"stop": ["x"]},
        {"seed": 3},
        {"top_logprobs": 2},
        {"response_format": SCHEMA},
        {"draw": 1},
        {"model": "other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_request_is_a_new_call(client, ask, change):
    there = client()
    there.complete([ask("q")])
    [reply] = there.complete([ask("q", **change)])
    assert not reply.cached
    assert len(there.scripted.bodies) == 2


def test_a_changed_system_prompt_schema_server_or_model_is_a_new_call(client):
    def asked(system, schema=SCHEMA):
        messages = [{"role": "system", "content": system}, {"role": "user", "content": "q"}]
        return llm.Request(messages, response_format=schema)

    here = client()
    here.complete([asked("Be brief.")])
    assert not here.complete([asked("Be long.")])[0].cached
    assert not here.complete([asked("Be brief.", {**SCHEMA, "title": "Other"})])[0].cached
    for elsewhere in (client(model="m2"), client(base_url="http://other/v1", provider="")):
        assert not elsewhere.complete([asked("Be brief.")])[0].cached
    assert here.complete([asked("Be brief.")])[0].cached


def test_the_same_question_twice_is_one_call_and_draws_are_several(client, ask):
    there = client()
    replies = there.complete([ask("q"), ask("q"), ask("q", draw=1), ask("q", draw=2)])
    assert len(there.scripted.bodies) == 3
    assert [reply.cached for reply in replies] == [False, True, False, False]
    assert {body.get("seed") for body in there.scripted.bodies} == {None, 1, 2}  # in any order


def test_a_failed_call_is_a_value(client, ask, chat):
    def answer(body, _):
        bad = body["messages"][-1]["content"] == "bad"
        return (400, {"error": {"message": "too long"}}, {}) if bad else chat("fine")

    good, bad = client(answer).complete([ask("good"), ask("bad")])
    assert good == Completion("fine", None, "stop", 100, 10, good.cost_usd, key=good.key)
    assert bad.text is None
    assert bad.kind == "bad_request"
    assert "too long" in bad.error
    assert bad.cost_usd == 0


def test_only_requests_are_taken(client):
    with pytest.raises(TypeError, match=r"requests must hold Request, got 'hello' at 0"):
        client().complete(["hello"])


def test_openai_needs_its_key(monkeypatch, ask):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(CallError, match="set the environment variable OPENAI_API_KEY"):
        llm.Client("gpt-4.1-mini").complete([ask("q")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_in_flight": 0}, "max_in_flight must be 1 or more, got 0"),
        ({"max_tries": 0}, "max_tries must be 1 or more, got 0"),
        ({"timeout_s": 0}, "timeout_s must be above 0, got 0"),
        ({"max_failure_rate": 2}, "max_failure_rate must be from 0 to 1, got 2"),
    ],
)
def test_limits_have_bounds(change, message):
    with pytest.raises(ValueError, match=message):
        llm.Limits(**change)


def test_a_request_that_no_file_could_hold_is_refused_before_it_is_sent(ask):
    with pytest.raises(ValueError, match="a message holds half of a surrogate pair"):
        ask("q \ud83d")


def test_another_process_gets_a_client_by_its_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-secret")
    server = llm.Server("http://127.0.0.1:1/v1", key_variable="MY_KEY")
    price = {"m": llm.Price(input_usd=1.0, output_usd=2.0)}
    limits = llm.Limits(max_in_flight=3)
    ours = llm.Client(
        "m", base_url=server, store=tmp_path / "r.sqlite", prices=price, limits=limits
    )
    assert b"sk-secret" not in pickle.dumps(ours)
    theirs = copy.copy(ours)  # by the same way, without the bytes
    assert theirs.identity == ours.identity
    assert theirs.store.path == ours.store.path
    assert theirs.session.limits == limits
    assert theirs.session.ledger.prices == price


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"budget_usd": 2.0}, r"a budget of 2.0 \$ is kept by one process"),
        ({"store": ":memory:"}, "its store is in the memory of this process"),
        (
            {"base_url": llm.Server("http://a/v1", transport=object)},
            "its server runs in this process; serve it over HTTP",
        ),
    ],
)
def test_what_processes_cannot_share_is_not_handed_over(more, message):
    client = llm.Client("m", **({"base_url": "http://127.0.0.1:1/v1"} | more))
    with pytest.raises(TypeError, match=rf"Client\('m'.*cannot be handed to another.*{message}"):
        pickle.dumps(client)
