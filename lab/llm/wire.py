"""One try of one call, by the official client; what comes back is read by `lab.llm.protocol`.

The client's own retries are off: a retry belongs to the window (`lab.llm.window`), where it is
counted and paid for. No key stands in what comes back.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lab.errors import CallError
from lab.llm import protocol
from lab.llm.protocol import Answer, Trouble

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_KEY = "OPENAI_API_KEY"
NO_KEY = "none"  # what the official client sends to servers that ask for no key
HIDDEN = "[key]"

# What the official client tells of this machine with each call: no server needs it, and without it
# a call takes a sixth less of this machine's time.
UNSAID = (
    *("X-Stainless-Lang", "X-Stainless-Package-Version", "X-Stainless-OS", "X-Stainless-Arch"),
    *("X-Stainless-Runtime", "X-Stainless-Runtime-Version", "X-Stainless-Async"),
)
HEADERS = {b"content-type", b"date", b"retry-after", b"retry-after-ms"}
UNREACHED = {"ConnectError", "ClientConnectorError", "ClientConnectorDNSError"}


class Here:
    """The way to a server in this process; another process that gets it makes one by the same call.

    Parameters
    ----------
    make : class or function of a module
        Gives the transport.
    given
        What it is called with, once, when the first call is made.

    Examples
    --------
    >>> import httpx2
    >>> way = Here(httpx2.MockTransport, print)
    >>> way() is way()
    True
    """

    def __init__(self, make: "Callable[..., httpx2.AsyncBaseTransport]", *given: Any) -> None:
        self._call = (make, *given)

    def __call__(self) -> "httpx2.AsyncBaseTransport":
        """Return the transport."""
        return self._made

    def __reduce__(self) -> tuple[Any, ...]:
        """Hand over what is called, not what it made."""
        return Here, self._call

    @cached_property
    def _made(self) -> "httpx2.AsyncBaseTransport":
        make, *given = self._call
        made: httpx2.AsyncBaseTransport = make(*given)
        return made


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
        Gives the HTTP transport, for servers in this process; `Here` can be handed to another.
    origin : str, optional
        Who answers, as `lab.origins` notes it; by default what a server of this package says in
        its replies, or the model's name and the server's.

    Examples
    --------
    >>> Server("http://me:secret@localhost:8000/v1/").provider
    'http://localhost:8000/v1'
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
        told = hidden(error.response.text, client.api_key)
        trouble = protocol.refused(error.status_code, told, error.response.headers)
        return replace(trouble, sent=body)
    except (openai.APIConnectionError, httpx2.HTTPError, OSError) as error:
        return _broken(error)
    text = hidden(response.text, client.api_key)
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    outcome = protocol.read(found, text, limits_told(response.headers.raw))
    return replace(outcome, sent=body) if isinstance(outcome, Trouble) else outcome


def limits_told(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers that tell rate limits and waits, and the kind of content."""
    return {
        name.decode("ascii").lower(): value.decode("latin-1")
        for name, value in headers
        if name[:2].lower() == b"x-" or name.lower() in HEADERS
    }


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


def named(error: Exception, key: str) -> str:
    """Return an error as one text without the key in it."""
    return hidden(f"{type(error).__name__}: {error}", key)


def hidden(text: str, key: str) -> str:
    """Take the key out of a text that a server sent back."""
    return text.replace(key, HIDDEN) if key != NO_KEY else text
