import asyncio
import json

import httpx2
import pytest

from lab import llm, origins, paths
from lab.llm.serve import App


@pytest.fixture(scope="module")
def app():
    return App(llm.local(paths.base_model(), store=":memory:"))


def ask(app, method="POST", path="/v1/chat/completions", host="127.0.0.1:8000", **body):
    async def call():
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            answer = await client.request(method, path, json=body or None)
            return answer.status_code, answer.json()

    return asyncio.run(call())


HELLO = {"model": "base", "messages": [{"role": "user", "content": "What is the capital ?"}]}


def test_an_answer_is_that_of_the_local_client(app):
    status, reply = ask(app, **HELLO, temperature=0, max_tokens=6)
    request = llm.Request(HELLO["messages"], max_tokens=6, temperature=0.0)
    expected = llm.local(paths.base_model(), store=":memory:").complete([request])[0]
    assert status == 200
    assert reply["choices"][0]["message"]["content"] == expected.text
    assert reply["usage"]["completion_tokens"] == 6
    assert reply["object"] == "chat.completion"
    assert origins.served(reply["system_fingerprint"]) == "testbed"  # whose base model it is


def test_a_server_that_is_to_stop_gives_up_what_it_generates():
    stopped = App(llm.local(paths.base_model(), store=":memory:"))
    stopped.transport.stop_when(lambda: True)
    status, reply = ask(stopped, **HELLO, max_tokens=10_000)
    assert status == 500
    assert "the model was asked to stop" in reply["error"]["message"]


def test_the_model_is_listed(app):
    assert ask(app, "GET", "/v1/models")[1]["data"] == [{"id": "base", "object": "model"}]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"model": "gpt-5"}, 404, "has the model 'base', not 'gpt-5'"),
        ({"model": 5}, 400, "an object with a model"),
        ({"messages": []}, 400, "messages must be a list"),
        ({"messages": [{"role": "user", "content": [1]}]}, 400, "text as content"),
        ({"stream": True}, 400, "not streamed"),
        ({"n": 3}, 400, "one reply a request"),
        ({"messages": [{"role": "user", "content": "what " * 400}]}, 400, "tokens"),
    ],
)
def test_what_cannot_be_answered_is_told(app, change, status, message):
    found, reply = ask(app, **HELLO | change)
    assert found == status
    assert message in reply["error"]["message"]


def test_other_paths_and_other_names_of_this_machine_are_refused(app):
    assert ask(app, path="/v1/embeddings", **HELLO)[0] == 404
    assert ask(app, host="rebound.example", **HELLO)[0] == 403
    assert json.dumps(ask(app, host="localhost:1", **HELLO, max_tokens=1)[0]) == "200"
