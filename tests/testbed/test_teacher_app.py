"""The server as other programs see it: the official client over a real connection."""

import json
import time

import numpy as np
import openai
import pytest

from lab import llm, testbed
from lab.testbed import serve
from lab.testbed.teacher import TeacherServer
from lab.testbed.teacher.limits import RateLimits

ASKED = [{"role": "user", "content": "What is 2 plus 3?"}]
ANSWER = "2 plus 3 is 5. Answer: 5."


@pytest.fixture
def served():
    """Serve a teacher, and give its server and an official client: `served(**traffic)`."""
    open_ones = []

    def make(teacher=None, **traffic):
        server = TeacherServer(
            teacher or testbed.Teacher(), testbed.Traffic(**traffic), models=("teacher",)
        )
        running = serve.background(server)
        url = running.__enter__()
        client = openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=5)
        open_ones.append((running, client))
        return server, client

    yield make
    for running, client in open_ones:
        client.close()
        running.__exit__(None, None, None)


def test_chat_with_choices_logprobs_and_usage(served):
    _, client = served()
    reply = client.chat.completions.create(
        model="teacher", messages=ASKED, n=2, logprobs=True, top_logprobs=3, temperature=0
    )
    assert [choice.message.content for choice in reply.choices] == [ANSWER, ANSWER]
    content = reply.choices[0].logprobs.content
    assert "".join(token.token for token in content) == ANSWER
    assert reply.usage.completion_tokens == 2 * len(content)
    assert all(token.logprob <= 0 for token in content)


def test_a_stream_holds_the_same_text(served):
    server, client = served()
    chunks = list(
        client.chat.completions.create(
            model="teacher", messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == ANSWER
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage.completion_tokens == server.log.entries[0].completion_tokens


def test_stops_and_lengths_cut(served):
    _, client = served()
    create = client.chat.completions.create
    stopped = create(model="teacher", messages=ASKED, stop=[" Answer"]).choices[0]
    assert (stopped.message.content, stopped.finish_reason) == ("2 plus 3 is 5.", "stop")
    cut = create(model="teacher", messages=ASKED, max_tokens=3).choices[0]
    assert (cut.message.content, cut.finish_reason) == ("2 plus 3", "length")


def test_response_formats(served):
    _, client = served()
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    for shape in (form, {"type": "json_object"}):
        reply = client.chat.completions.create(
            model="teacher", messages=ASKED, response_format=shape
        )
        assert json.loads(reply.choices[0].message.content) == {"answer": ANSWER}
    _, plain = served(takes_schema=False)
    with pytest.raises(openai.BadRequestError, match="does not know response_format") as caught:
        plain.chat.completions.create(model="teacher", messages=ASKED, response_format=form)
    assert caught.value.param == "response_format"


def test_embeddings_are_unit_rows_and_near_for_shared_words(served):
    _, client = served()
    texts = ["the red house", "the red mouse", "seven hungry wolves"]
    found = client.embeddings.create(model="teacher", input=texts, dimensions=128)
    X = np.array([row.embedding for row in found.data])
    assert X.shape == (3, 128)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, atol=1e-6)
    assert X[0] @ X[1] > 0.5 > X[0] @ X[2]
    plain = client.embeddings.create(
        model="teacher", input=texts[0], dimensions=128, encoding_format="float"
    )
    np.testing.assert_allclose(plain.data[0].embedding, X[0], atol=1e-6)


def test_models_and_the_servers_account(served):
    server, client = served()
    assert [model.id for model in client.models.list()] == ["teacher"]
    client.chat.completions.create(model="teacher", messages=ASKED)
    client.chat.completions.create(model="teacher", messages=ASKED)
    summary = server.log.summary()
    assert (summary["calls"], summary["paid"], summary["paid_requests"]) == (2, 2, 1)
    assert [row["status"] for row in server.log.rows()] == [200, 200]


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": [{"role": "user"}]},
        {"messages": "hello"},
        {"messages": ASKED, "n": 0},
        {"messages": ASKED, "max_tokens": 0},
    ],
)
def test_bad_requests_are_refused_and_free(served, body):
    server, client = served()
    with pytest.raises(openai.BadRequestError):
        client.post("/chat/completions", body={"model": "teacher", **body}, cast_to=object)
    assert server.log.paid == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("too_many", openai.RateLimitError),
        ("too_many_bare", openai.RateLimitError),
        ("server_error", openai.InternalServerError),
        ("unavailable", openai.InternalServerError),
        ("dropped", openai.APIConnectionError),
        ("truncated", openai.APIConnectionError),
        ("hung", openai.APITimeoutError),
        ("malformed", json.JSONDecodeError),
    ],
)
def test_each_fault_is_what_it_says(served, fault, error):
    server, client = served(faults=testbed.Faults(**{fault: 1.0}))
    ask = client.with_options(timeout=0.3).chat.completions.create
    with pytest.raises(error) as caught:
        ask(model="teacher", messages=ASKED)
    if isinstance(caught.value, openai.RateLimitError):
        assert ("retry-after" in caught.value.response.headers) == (fault == "too_many")
    assert server.log.faults == {fault: 1}
    assert server.log.paid == 0


def test_a_stream_can_break_and_a_page_can_come_instead(served):
    _, client = served(faults=testbed.Faults(truncated=1.0))
    stream = client.chat.completions.create(model="teacher", messages=ASKED, stream=True)
    with pytest.raises(openai.APIError):
        list(stream)
    _, other = served(faults=testbed.Faults(wrong_type=1.0))
    page = other.chat.completions.with_raw_response.create(model="teacher", messages=ASKED)
    assert page.headers["content-type"] == "text/html"
    assert "<html>" in page.text


def test_shares_of_faults_are_kept(served):
    server, client = served(faults=testbed.Faults(server_error=0.3, too_many=0.2), seed=1)
    for _ in range(200):
        try:
            client.chat.completions.create(model="teacher", messages=ASKED)
        except openai.APIStatusError:
            continue
    assert server.log.faults["server_error"] == pytest.approx(60, abs=25)
    assert server.log.faults["too_many"] == pytest.approx(40, abs=22)
    assert server.log.paid == 200 - server.log.faults.total()


def test_rate_limits_refill_and_tell():
    now = [0.0]
    limits = RateLimits(60, 600, clock=lambda: now[0])
    assert all(limits.take(10)[0] for _ in range(60))
    allowed, headers, wait_s = limits.take(10)
    assert not allowed
    assert wait_s == pytest.approx(1.0)
    assert (b"x-ratelimit-remaining-requests", b"0") in headers
    assert (b"x-ratelimit-reset-requests", b"60000ms") in headers
    now[0] = 1.01
    assert limits.take(10)[0]
    assert not limits.take(10)[0]


def test_latency_is_what_was_set(served):
    _, client = served(latency_s=0.1)
    start = time.perf_counter()
    client.chat.completions.create(model="teacher", messages=ASKED)
    assert 0.1 <= time.perf_counter() - start < 2.0


def test_a_batch_ends_with_its_replies_and_its_errors(served):
    server, client = served()
    rows = [
        {"custom_id": "good", "body": {"model": "teacher", "messages": ASKED}},
        {"custom_id": "bad", "body": {"model": "teacher", "messages": []}},
    ]
    batch = _batch(client, rows)
    assert batch.status == "completed"
    counts = batch.request_counts
    assert (counts.total, counts.completed, counts.failed) == (2, 1, 1)
    [good] = _lines(client, batch.output_file_id)
    assert good["response"]["body"]["choices"][0]["message"]["content"] == ANSWER
    [bad] = _lines(client, batch.error_file_id)
    assert (bad["custom_id"], bad["response"]["status_code"]) == ("bad", 400)
    assert server.log.paid == 1
    assert [b.id for b in client.batches.list()] == [batch.id]


def test_a_batch_can_expire_or_be_cancelled(served):
    rows = [
        {"custom_id": str(n), "body": {"model": "teacher", "messages": ASKED}} for n in range(4)
    ]
    server, client = served(batch_share=0.5)
    batch = _batch(client, rows)
    assert batch.status == "expired"
    late = _lines(client, batch.error_file_id)
    assert [row["error"]["code"] for row in late] == ["batch_expired"] * 2
    assert server.log.paid == 2
    server, client = served(batch_s=60)
    batch = _batch(client, rows)
    assert batch.status == "in_progress"
    assert client.batches.cancel(batch.id).status == "cancelled"
    assert server.log.paid == 0
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve("batch_9")
    with pytest.raises(openai.NotFoundError):
        client.files.content("file-9")


def test_our_client_over_http_gets_the_same_as_in_process(served):
    _, official = served(testbed.Teacher(skill=0.5))
    asked = [llm.Request([{"role": "user", "content": f"What is {n} plus 3?"}]) for n in range(20)]
    over = llm.Client("teacher", base_url=str(official.base_url), store=":memory:").complete(asked)
    inside = testbed.client(testbed.Teacher(skill=0.5), store=":memory:").complete(asked)
    assert [reply.text for reply in over] == [reply.text for reply in inside]
    assert over[0].cost_usd is None  # no price is known for it


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: testbed.Faults(hung=0.7, dropped=0.7), "sum to 1 at most"),
        (lambda: testbed.Faults(hung=-0.1), "0 or more"),
        (lambda: testbed.Traffic(latency_s=-1), "latency_s must be 0 or more, got -1"),
        (lambda: testbed.Traffic(requests_per_minute=0), "requests_per_minute must be above 0"),
        (lambda: testbed.Traffic(batch_share=2), "batch_share must be from 0 to 1, got 2"),
    ],
)
def test_settings_have_bounds(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def _batch(client, rows):
    lines = [{"method": "POST", "url": "/v1/chat/completions", **row} for row in rows]
    text = "\n".join(json.dumps(line) for line in lines).encode()
    file = client.files.create(file=("batch.jsonl", text), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    return client.batches.retrieve(batch.id)


def _lines(client, file):
    return [json.loads(line) for line in client.files.content(file).text.splitlines()]
