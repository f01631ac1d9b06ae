"""One try of one call: the official client, and what its answer or its failure means.

The body that is sent is exactly the body that is hashed for the store. The client's own retries
are off: a retry belongs to the window (`lab.llm.job`), where it is counted and paid for.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lab import hashing
from lab.errors import CallError

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_KEY = "OPENAI_API_KEY"
NO_KEY = "none"  # what the official client sends to servers that ask for no key
RAW_CHARACTERS = 2_000  # of a reply that cannot be read, kept with its failure
HIDDEN = "[key]"

RETRIED = {"timeout", "connection", "unreachable", "rate_limit", "server", "malformed"}
HOPELESS = {"denied", "no_model", "no_quota"}  # the next call cannot succeed either
# What the official client tells of this machine with each call: no server needs it, and without it
# a call takes a sixth less of this machine's time.
UNSAID = (
    *("X-Stainless-Lang", "X-Stainless-Package-Version", "X-Stainless-OS", "X-Stainless-Arch"),
    *("X-Stainless-Runtime", "X-Stainless-Runtime-Version", "X-Stainless-Async"),
)
UNREACHED = {"ConnectError", "ClientConnectorError", "ClientConnectorDNSError"}
REPLACEABLE = ("max_tokens", "response_format")  # what can be said in another way
STATUS = {
    400: "bad_request",
    401: "denied",
    404: "no_model",
    408: "timeout",
    409: "server",
    429: "rate_limit",
}


@dataclass(frozen=True)
class Server:
    """Where calls go, where that needs more than a URL.

    Parameters
    ----------
    base_url : str
        Such as `http://localhost:8000/v1`.
    key_variable : str, optional
        The environment variable that holds the API key; None sends none.
    provider : str, optional
        The server's name in the store's keys; by default its URL without a user's name. Two
        servers with the same name are taken to give the same replies.
    transport : callable, optional
        Gives the HTTP transport, for servers in this process.
    origin : str, optional
        Who answers, as `lab.origins` notes it; by default the model's name and the server's.
    """

    base_url: str
    key_variable: str | None = None
    provider: str = ""
    transport: Callable[[], "httpx2.AsyncBaseTransport"] | None = field(default=None, repr=False)
    origin: str = ""

    def __post_init__(self) -> None:
        """Name the provider after the URL."""
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"base_url must be an http or https URL, got {self.base_url!r}")
        if not self.provider:
            host = parts.hostname + (f":{parts.port}" if parts.port else "")
            name = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
            object.__setattr__(self, "provider", name)

    def api_key(self) -> str:
        """Return the key, from the environment and nowhere else.

        Raises
        ------
        CallError
            If the variable is not set.
        """
        if self.key_variable is None:
            return NO_KEY
        found = os.environ.get(self.key_variable)
        if not found:
            raise CallError(
                f"{self.base_url} needs an API key; set the environment variable"
                f" {self.key_variable}"
            )
        return found


@dataclass(frozen=True)
class Answer:
    """A reply that could be read."""

    reply: dict[str, Any]  # text, refusal, finish_reason, logprobs, served_by
    prompt_tokens: int
    completion_tokens: int
    headers: Mapping[str, str]  # those that tell rate limits


@dataclass(frozen=True)
class Trouble:
    """A try that failed."""

    kind: str
    message: str
    raw: str | None = None
    wait_s: float | None = None  # what the server asks to wait
    parameter: str | None = None  # that the server does not take
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict, repr=False)  # the body of the try

    @property
    def error(self) -> str:
        """Return the kind and the message as one text."""
        return hashing.mended(f"{self.kind}: {self.message}")

    @property
    def may_be_billed(self) -> bool:
        """Say whether the server may have done the work: it did not refuse it."""
        return self.kind in ("timeout", "connection", "malformed")


def adapted(body: Mapping[str, Any], refused: set[str]) -> dict[str, Any]:
    """Return `body` without what the server has refused; it still means the same question."""
    sent = dict(body)
    if "max_tokens" in refused:  # newer models know it under another name
        sent["max_completion_tokens"] = sent.pop("max_tokens")
    if "response_format" in refused:  # the parser reads plain text too
        sent.pop("response_format", None)
    return sent


@asynccontextmanager
async def connect(server: Server, *, max_in_flight: int) -> AsyncIterator["AsyncOpenAI"]:
    """Open the official client on its aiohttp transport, and close it after use."""
    import httpx2
    from openai import AsyncOpenAI, DefaultAioHttpClient, Omit

    transport = server.transport() if server.transport is not None else None
    limits = httpx2.Limits(
        max_connections=max_in_flight, max_keepalive_connections=max_in_flight, keepalive_expiry=30
    )
    if transport is not None:
        http = httpx2.AsyncClient(transport=transport)
    else:
        verify = server.base_url.startswith("https")  # a plain URL needs no certificates
        http = DefaultAioHttpClient(limits=limits, verify=verify)
    unsaid: dict[str, Any] = dict.fromkeys(UNSAID, Omit())
    async with AsyncOpenAI(
        base_url=server.base_url,
        api_key=server.api_key(),
        http_client=http,
        max_retries=0,
        default_headers=unsaid,
    ) as client:
        yield client


async def attempt(
    client: "AsyncOpenAI", body: Mapping[str, Any], *, timeout_s: float
) -> Answer | Trouble:
    """Make one try; whatever happens on the way comes back as a value."""
    import httpx2
    import openai

    try:
        async with asyncio.timeout(timeout_s):
            response = await client.post(
                "/chat/completions", body=body, cast_to=httpx2.Response, options={"timeout": None}
            )
    except TimeoutError:
        return Trouble("timeout", f"no reply within timeout_s={timeout_s:g}")
    except openai.APIStatusError as error:
        return _refused(error, client.api_key, body)
    except (openai.APIConnectionError, httpx2.HTTPError, OSError) as error:
        return _broken(error)
    try:
        found = json.loads(response.text)
    except ValueError:
        found = None
    return read(found, response.text, limits_told(response.headers.raw))


def limits_told(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers that tell rate limits, and the kind of content."""
    return {
        name.decode("ascii").lower(): value.decode("latin-1")
        for name, value in headers
        if name[:2].lower() == b"x-" or name.lower() == b"content-type"
    }


def read(found: Any, text: str, headers: Mapping[str, str]) -> Answer | Trouble:
    """Read a successful response: its JSON value, or None, and its text."""
    try:
        choice = found["choices"][0]
        message, usage = choice["message"], found.get("usage") or {}
        logprobs = (choice.get("logprobs") or {}).get("content")
        reply = {
            "text": message.get("content"),
            "refusal": message.get("refusal"),
            "finish_reason": choice.get("finish_reason"),
            "logprobs": logprobs,
            "served_by": found.get("model"),
        }
        prompt = int(usage.get("prompt_tokens") or 0)
        made = int(usage.get("completion_tokens") or 0)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        kind = headers.get("content-type", "no content type")
        message = f"not a chat completion ({type(error).__name__}, {kind})"
        return Trouble("malformed", message, raw=text[:RAW_CHARACTERS], headers=headers)
    return Answer(reply, prompt, made, headers)


def seconds(text: str | None) -> float | None:
    """Read a duration such as `1.5`, `20ms`, `6m0s` or `1h2m`; None if it is none.

    Examples
    --------
    >>> seconds("6m0.5s"), seconds("20ms"), seconds("7"), seconds("soon")
    (360.5, 0.02, 7.0, None)
    """
    if not text:
        return None
    total, rest = 0.0, text.strip().lower()
    while rest:
        number = ""
        while rest and (rest[0].isdigit() or rest[0] == "."):
            number, rest = number + rest[0], rest[1:]
        unit = next((unit for unit in ("ms", "h", "m", "s") if rest.startswith(unit)), "")
        if not number or (rest and not unit):
            return None
        total += float(number) * {"ms": 0.001, "h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0}[unit]
        rest = rest[len(unit) :]
    return total


def _broken(error: BaseException) -> Trouble:
    """Tell a server that was not reached from a connection that broke."""
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    reached = type(cause).__name__ not in UNREACHED and not isinstance(
        cause, ConnectionRefusedError
    )
    message = f"{type(cause).__name__}: {cause}".rstrip(": ")
    return Trouble("connection" if reached else "unreachable", message)


def _refused(error: Any, key: str, sent: Mapping[str, Any]) -> Trouble:
    """Say what an error status means: try again, give up on this call, or on all."""
    status, headers = error.status_code, error.response.headers
    kind = STATUS.get(status, "server" if status >= 500 else "bad_request")
    if error.code == "insufficient_quota":
        kind = "no_quota"
    elif status == 404 and error.code not in ("model_not_found", None):
        kind = "bad_request"
    wait_s = seconds(headers.get("retry-after"))
    if (precise := headers.get("retry-after-ms")) is not None:
        wait_s = (seconds(precise) or 0.0) / 1000
    return Trouble(
        kind,
        hidden(str(error.message), key),
        raw=hidden(error.response.text, key)[:RAW_CHARACTERS],
        wait_s=wait_s,
        parameter=error.param if status == 400 else None,
        headers=headers,
        sent=sent,
    )


def named(error: Exception, key: str) -> str:
    """Return an error as one text without the key in it."""
    return hidden(f"{type(error).__name__}: {error}", key)


def hidden(text: str, key: str) -> str:
    """Take the key out of a text that a server sent back."""
    return text.replace(key, HIDDEN) if key != NO_KEY else text
