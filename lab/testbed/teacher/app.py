"""The teacher's server: an ASGI app that speaks the OpenAI protocol.

Chat completions (`n`, `logprobs`, streaming, `response_format`), embeddings, models, files and
batches under `/v1`; the server's own account under `/log`.
"""

import asyncio
import json
from functools import partial
from random import Random
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from lab import hashing
from lab.testbed.teacher import protocol
from lab.testbed.teacher.batches import Batches
from lab.testbed.teacher.limits import RateLimits
from lab.testbed.teacher.log import Entry, Log
from lab.testbed.teacher.protocol import BadRequestError
from lab.testbed.teacher.settings import Teacher, Traffic

JSON = [(b"content-type", b"application/json")]
HTML = [(b"content-type", b"text/html")]
PAGE = b"<html><body><h1>Welcome to the gateway</h1></body></html>"
STATUS = {"too_many": 429, "too_many_bare": 429, "server_error": 500, "unavailable": 503}
CHAT = "/v1/chat/completions"


class BrokenOffError(ConnectionError):
    """Raised on purpose: the server closes the connection in the middle."""


class TeacherServer:
    """A teacher behind the protocol; `app` is the ASGI app, `log` what it has seen."""

    def __init__(self, teacher: Teacher, traffic: Traffic, *, models: tuple[str, ...]) -> None:
        self.teacher, self.traffic, self.models = teacher, traffic, models
        self.log = Log()
        self._rng = Random(traffic.seed)
        self._limits = RateLimits(traffic.requests_per_minute, traffic.tokens_per_minute)
        self._batches = Batches(teacher, traffic, self.log)
        self.app = Starlette(
            routes=[
                Route(CHAT, endpoint=_Raw(self, chat=True)),
                Route("/v1/embeddings", endpoint=_Raw(self, chat=False)),
                Route("/v1/models", endpoint=self._models),
                Route("/log", endpoint=self._log),
                *self._batches.routes(),
            ]
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Hand over the settings: another process makes a server of its own, with its own log."""
        return partial(TeacherServer, models=self.models), (self.teacher, self.traffic)

    async def call(self, body: Any, receive: Receive, send: Send, *, chat: bool) -> None:
        """Answer one call to the chat or the embeddings endpoint."""
        path = CHAT if chat else "/v1/embeddings"
        request = hashing.digest(body) if isinstance(body, dict) else ""
        fault = self.traffic.faults.draw(self._rng.random())
        try:
            if chat:
                protocol.check(body, takes_schema=self.traffic.takes_schema)
            count = protocol.prompt_tokens(body) if chat else 0
        except BadRequestError as error:
            self.log.add(Entry(path, 400, None, paid=False, request=request))
            await _reply(send, 400, _error(str(error), "invalid_request", error.parameter))
            return
        allowed, headers, wait_s = self._limits.take(count)
        if not allowed:
            fault = "over_limit"
            headers = [*headers, (b"retry-after-ms", str(int(1000 * wait_s) + 1).encode())]
        await self._delay(fault)
        if fault in STATUS or fault == "over_limit":
            status = STATUS.get(fault, 429)
            self.log.add(Entry(path, status, fault, paid=False, request=request))
            if fault == "too_many":
                headers = [*headers, (b"retry-after", f"{self.traffic.retry_after_s:g}".encode())]
            await _reply(send, status, _error(f"planted: {fault}", fault), headers)
        elif fault in ("dropped", "hung"):
            self.log.add(Entry(path, 0, fault, paid=False, request=request))
            await _break_off(receive, send, hang=fault == "hung")
        else:
            await self._answer(body, send, fault, headers, chat=chat)

    async def _answer(
        self,
        body: dict[str, Any],
        send: Send,
        fault: str | None,
        headers: list[tuple[bytes, bytes]],
        *,
        chat: bool,
    ) -> None:
        """Say what was asked for, whole or broken in a planned way."""
        reply = protocol.completion(self.teacher, body) if chat else protocol.embeddings(body)
        usage = reply["usage"]
        self.log.add(
            Entry(
                CHAT if chat else "/v1/embeddings",
                200,
                fault,
                paid=fault is None,
                prompt_tokens=usage["prompt_tokens"],
                completion_tokens=usage.get("completion_tokens", 0),
                request=hashing.digest(body),
            )
        )
        text = json.dumps(reply, ensure_ascii=False).encode()
        if fault == "wrong_type":
            await _send(send, 200, PAGE, HTML)
        elif fault == "malformed":
            await _send(send, 200, text[: len(text) // 2], [*JSON, *headers])
        elif chat and body.get("stream"):
            options = body.get("stream_options") or {}
            events = list(protocol.stream(reply, usage=bool(options.get("include_usage"))))
            await _stream(send, events, headers, cut=fault == "truncated")
        elif fault == "truncated":
            await _start(send, 200, [*JSON, *headers], len(text))
            half = text[: len(text) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            raise BrokenOffError(fault)
        else:
            await _send(send, 200, text, [*JSON, *headers])

    async def _delay(self, fault: str | None) -> None:
        """Take the time that a reply takes; a refusal is quick."""
        if self.traffic.latency_s > 0 and fault not in (*STATUS, "over_limit"):
            spread = self.traffic.latency_spread
            factor = self._rng.lognormvariate(-(spread**2) / 2, spread) if spread else 1.0
            await asyncio.sleep(self.traffic.latency_s * factor)

    async def _models(self, _: Request) -> Response:
        data = [{"id": name, "object": "model", "owned_by": "testbed"} for name in self.models]
        return JSONResponse({"object": "list", "data": data})

    async def _log(self, _: Request) -> Response:
        return JSONResponse(self.log.summary())


class _Raw:
    """An endpoint without the framework's request and response objects: these cost half a call."""

    def __init__(self, server: TeacherServer, *, chat: bool) -> None:
        self.server, self.chat = server, chat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _reply(send, 405, _error("use POST", "method_not_allowed"))
            return
        parts = []
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        try:
            body = json.loads(b"".join(parts))
        except ValueError:
            await _reply(send, 400, _error("the body is not JSON", "invalid_request"))
            return
        await self.server.call(body, receive, send, chat=self.chat)


def _error(message: str, kind: str, parameter: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": parameter, "code": kind}}


async def _start(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], length: int | None
) -> None:
    if length is not None:
        headers = [*headers, (b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _send(send: Send, status: int, text: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    await _start(send, status, headers, len(text))
    await send({"type": "http.response.body", "body": text})


async def _reply(
    send: Send, status: int, content: Any, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await _send(send, status, json.dumps(content).encode(), [*JSON, *(headers or [])])


async def _stream(
    send: Send, events: list[bytes], headers: list[tuple[bytes, bytes]], *, cut: bool
) -> None:
    kind = (b"content-type", b"text/event-stream")
    await _start(send, 200, [kind, *headers], None)
    for event in events[: len(events) // 2] if cut else events:
        await send({"type": "http.response.body", "body": event, "more_body": True})
    if cut:
        raise BrokenOffError("truncated")
    await send({"type": "http.response.body", "body": b""})


async def _break_off(receive: Receive, send: Send, *, hang: bool) -> None:
    """Close the connection without a reply, at once or when the caller has given up."""
    if hang:
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    await _start(send, 200, JSON, 1)  # a body is announced that never comes
    raise BrokenOffError("dropped")
