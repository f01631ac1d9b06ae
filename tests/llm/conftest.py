"""A server in this process that a test can script, and clients wired to it."""

import asyncio
import json

import httpx2
import openai  # noqa: F401 - imported before any clock starts
import pytest

from lab import llm

PRICE = llm.Price(input_usd=1.0, output_usd=2.0)


def chat(text, *, finish_reason="stop", prompt_tokens=100, completion_tokens=10, **message):
    """A well-formed reply of a server."""
    return {
        "model": "served",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": finish_reason,
            }
        ],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens},
    }


class Scripted(httpx2.AsyncBaseTransport):
    """Answers with what `answer(body, number)` gives: a reply, or (status, body, headers)."""

    def __init__(self, answer=None, delay_s=0.0):
        self.answer = answer or (lambda body, _: chat("echo " + body["messages"][-1]["content"]))
        self.delay_s = delay_s
        self.bodies, self.headers = [], []
        self.in_flight = self.most_in_flight = 0

    async def handle_async_request(self, request):
        body = json.loads(await request.aread())
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            found = self.answer(body, len(self.bodies) - 1)
            if asyncio.iscoroutine(found):
                found = await found
        finally:
            self.in_flight -= 1
        if isinstance(found, Exception):
            raise found
        status, content, headers = found if isinstance(found, tuple) else (200, found, {})
        if isinstance(content, str):
            return httpx2.Response(status, text=content, headers=headers)
        return httpx2.Response(status, json=content, headers=headers)


@pytest.fixture
def client(tmp_path):
    """Make a client and its scripted server: `client(answer, delay_s=…, budget_usd=…, …)`."""

    def make(answer=None, *, delay_s=0.0, provider="scripted", store=None, **settings):
        server = answer if isinstance(answer, Scripted) else Scripted(answer, delay_s)
        made = llm.Client(
            settings.pop("model", "m"),
            base_url=llm.Server(
                settings.pop("base_url", "http://scripted/v1"),
                provider=provider,
                transport=lambda: server,
            ),
            store=store if store is not None else tmp_path / "replies.sqlite",
            prices={"m": PRICE} if "prices" not in settings else settings.pop("prices"),
            **settings,
        )
        made.scripted = server
        return made

    return make


@pytest.fixture
def ask():
    """Make a request from a text: `ask("hello", temperature=1.0)`."""

    def make(text, **settings):
        return llm.Request([{"role": "user", "content": text}], **settings)

    return make


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """Back off for milliseconds instead of seconds."""
    monkeypatch.setattr("lab.llm.window.MAX_BACKOFF_S", 0.01)


@pytest.fixture(name="chat")
def _chat():
    return chat
