"""A local model over the OpenAI protocol on loopback, for any client that speaks it.

What answers is `lab.llm.local`: requests that come together are generated in one batch, and a reply
does not depend on its batch. `transformers serve` needs a web framework of its own, and
llama-cpp-python a compiler; this needs nothing that is not here.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import httpx2

from lab import origins
from lab.llm.client import Client
from lab.llm.local import local

HOSTS = ("127.0.0.1", "localhost", "[::1]")  # a page of the web may know other names for this one
LARGEST_BYTES = 4 * 2**20  # of a request
DEFAULTS = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 512, "stop": None, "top_logprobs": 0}
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def run(model: str | Path, *, port: int = 8000, batch_size: int = 16) -> None:
    """Serve a model on 127.0.0.1 until interrupted or terminated; a batch under way is given up.

    Parameters
    ----------
    model : str or Path
        As in `local`.
    port : int
        TCP port.
    batch_size : int
        Requests generated together.
    """
    import uvicorn

    app = App(local(model, batch_size=batch_size, store=":memory:"))
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    app.transport.stop_when(lambda: server.should_exit)  # a batch under way would hold it up
    server.run()


class App:
    """An ASGI app that answers chat completions by a local client's model.

    Examples
    --------
    >>> from lab import paths
    >>> App(local(paths.base_model(), store=":memory:")).model
    'base'
    """

    def __init__(self, client: Client) -> None:
        self.model = client.model
        self.mark = origins.MARK + client.server.origin
        make = client.server.transport
        if make is None:
            raise ValueError(f"client must be a local one, got {client!r}")
        self.transport: Any = make()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").rpartition(":")
        body = await _body(receive)
        status, reply = await self._reply(scope, host[0] or host[2], body)
        data = json.dumps(reply, ensure_ascii=False).encode()
        kind = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": data})

    async def _reply(self, scope: Message, host: str, body: bytes | None) -> tuple[int, Any]:
        if host not in HOSTS:
            return _error(403, f"this server answers on {', '.join(HOSTS)} only, not as {host!r}")
        if body is None:
            return _error(413, f"a request may have {LARGEST_BYTES:,} bytes")
        wanted = (scope["method"], scope["path"])
        if wanted == ("GET", "/v1/models"):
            return 200, {"object": "list", "data": [{"id": self.model, "object": "model"}]}
        if wanted != ("POST", "/v1/chat/completions"):
            return _error(404, f"no {' '.join(wanted)} here; there is POST /v1/chat/completions")
        asked = _asked(body)
        if isinstance(asked, str):
            return _error(400, asked)
        if asked.get("model") != self.model:
            return _error(404, f"this server has the model {self.model!r}, not {asked['model']!r}")
        sent = httpx2.Request("POST", "http://local/v1", content=json.dumps(asked))
        answer = await self.transport.handle_async_request(sent)
        reply = json.loads(await answer.aread())
        about = {"id": "local", "object": "chat.completion", "system_fingerprint": self.mark}
        return answer.status_code, {**about, **reply}


def _asked(body: bytes) -> dict[str, Any] | str:
    """Return a request with its defaults filled in, or what is wrong with it."""
    try:
        asked = json.loads(body)
    except ValueError as error:
        return f"the request is no JSON: {error}"
    if not isinstance(asked, dict) or not isinstance(asked.get("model"), str):
        return "a request must be an object with a model"
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages must be a list with one message or more"
    for turn in messages:
        if not isinstance(turn, dict) or not isinstance(turn.get("content"), str):
            return "every message must have a role and text as content"
    if asked.get("stream"):
        return "replies are not streamed here; leave out stream"
    if asked.get("n") not in (None, 1):
        return "one reply a request is given here; ask again with another seed"
    given = {name: value for name, value in asked.items() if value is not None}
    limit = given.pop("max_completion_tokens", DEFAULTS["max_tokens"])
    stop = given.get("stop")
    if isinstance(stop, str):
        given["stop"] = [stop]
    return {**DEFAULTS, "max_tokens": limit, **given}


async def _body(receive: Receive) -> bytes | None:
    """Return the whole request, or None if it is too large."""
    whole = b""
    while True:
        message = await receive()
        whole += bytes(message.get("body", b""))
        if len(whole) > LARGEST_BYTES:
            return None
        if not message.get("more_body"):
            return whole


def _error(status: int, message: str) -> tuple[int, Any]:
    return status, {"error": {"message": message, "type": "invalid_request_error", "code": status}}
