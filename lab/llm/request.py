"""What is asked of a language model, and what comes back.

A request says all that can change its reply; with the server's name that is the key under which
the reply is stored, so that equal questions are paid for once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from pydantic import BaseModel

from lab import hashing
from lab.llm import thoughts

MAX_TOP_LOGPROBS = 20  # what the protocol allows
OWNED = {  # what a request says in its own words, and what would change the form of a reply
    *("model", "messages", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop"),
    *("seed", "logprobs", "top_logprobs", "response_format", "reasoning_effort", "verbosity"),
    *("stream", "n"),
}

Shape = Mapping[str, Any] | type[BaseModel]  # a JSON schema, or a pydantic model


@dataclass(frozen=True)
class Request:
    """One call: messages and everything else that can change the reply.

    Parameters
    ----------
    messages : sequence of {"role", "content"}
        The conversation to go on with; at least one message.
    temperature : float, optional
        0 (always the likeliest token) and up; None leaves it to the server.
    top_p : float, optional
        Share of the probability that is sampled from, above 0 and up to 1; None leaves it to the
        server.
    max_tokens : int
        Longest reply, at least 1.
    stop : sequence of str
        Texts at which the reply ends.
    seed : int, optional
        Sent to the server as `seed + draw`, so that draws differ.
    top_logprobs : int
        0 for none; else log-probabilities of each token and of this many likeliest, at most 20.
    response_format : mapping or pydantic model, optional
        The protocol's own mapping (with a `type`), a JSON schema, or a model class.
    draw : int
        Number of the sample, 0 and up: the same question asked again on purpose.
    model : str, optional
        Another model than the client's.
    reasoning_effort : str, optional
        Such as `low`, for models that think before they answer.
    verbosity : str, optional
        Such as `low`, for models that know it.
    extra : mapping, optional
        Further members of the body, such as `{"tools": […]}` or `{"top_k": 20}`.

    Examples
    --------
    >>> Request([{"role": "user", "content": "Hello"}], max_tokens=8).body("m")["max_tokens"]
    8
    """

    messages: Sequence[Mapping[str, Any]]
    _: KW_ONLY
    temperature: float | None = 0.0
    top_p: float | None = 1.0
    max_tokens: int = 512
    stop: Sequence[str] = ()
    seed: int | None = None
    top_logprobs: int = 0
    response_format: Shape | None = None
    draw: int = 0
    model: str | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    extra: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse what no server could answer."""
        if isinstance(self.stop, str):
            raise TypeError(f"stop must be a sequence of texts, got {self.stop!r}")
        if not self.messages:
            raise ValueError("messages must hold at least one message, got none")
        for message in self.messages:
            if not isinstance(message, Mapping) or not {"role", "content"} <= message.keys():
                raise ValueError(f"a message has a 'role' and a 'content', got {message!r}")
            if not hashing.encodable(str(message["content"])):
                raise ValueError(f"a message holds half of a surrogate pair, got {message!r}")
        self._check_bounds()
        if taken := OWNED & (self.extra or {}).keys():
            raise ValueError(
                f"extra must not hold what a request says elsewhere, or cannot say, got"
                f" {', '.join(sorted(taken))}"
            )

    def _check_bounds(self) -> None:
        temperature, top_p = self.temperature, self.top_p
        for name, good, bound in (
            ("temperature", temperature is None or temperature >= 0, "0 or more"),
            ("top_p", top_p is None or 0 < top_p <= 1, "above 0 and at most 1"),
            ("max_tokens", self.max_tokens >= 1, "1 or more"),
            ("draw", self.draw >= 0, "0 or more"),
            (
                "top_logprobs",
                0 <= self.top_logprobs <= MAX_TOP_LOGPROBS,
                f"from 0 to {MAX_TOP_LOGPROBS}",
            ),
        ):
            if not good:
                raise ValueError(f"{name} must be {bound}, got {getattr(self, name)}")

    def body(self, model: str) -> dict[str, Any]:
        """Return what is sent, for the client's `model` unless the request names one."""
        sent: dict[str, Any] = {
            "model": self.model or model,
            "messages": [dict(message) for message in self.messages],
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "reasoning_effort": self.reasoning_effort,
            "verbosity": self.verbosity,
        }
        sent = {name: value for name, value in sent.items() if value is not None}
        if self.stop:
            sent["stop"] = list(self.stop)
        if self.seed is not None or self.draw:
            sent["seed"] = (self.seed or 0) + self.draw
        if self.top_logprobs:
            sent |= {"logprobs": True, "top_logprobs": self.top_logprobs}
        if self.response_format is not None:
            sent["response_format"] = response_format(self.response_format)
        return sent | dict(self.extra or {})


@dataclass(frozen=True)
class Completion:
    r"""One answer, or one failure; `text` is None exactly when `error` is set.

    `error` starts with its kind: `refusal`, `empty`, `content_filter` (a reply that is no answer),
    `thoughts` (a reply that ends inside its thoughts), `malformed` (a reply that cannot be read),
    or `timeout`, `connection`, `unreachable`, `rate_limit`, `server`, `bad_request`, `denied` …
    (no reply). `finish_reason` is `length` where the text was cut.

    A reply that calls tools may have the text `""`.

    What a model thinks aloud before its answer (`<think>…</think>` and its like, see
    `lab.llm.thoughts`) never stands in `text`, whoever makes the completion.

    Examples
    --------
    >>> reply = Completion("<think>2? No, 4.</think>\n\n4")
    >>> reply.text, reply.thinking
    ('4', '2? No, 4.')
    >>> Completion("<think>Is it [[A]] or").error
    'thoughts: the reply was cut inside its thoughts'
    """

    text: str | None
    error: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0  # of this call: 0 if it was stored, None if the price is not known
    logprobs: list[dict[str, Any]] | None = None  # as in the protocol: token, logprob, top_logprobs
    cached: bool = False
    key: str = ""
    raw: str | None = None  # all that came, where `text` is not all of it
    thinking: str | None = None  # what the model thought before it answered, where it is told
    tool_calls: tuple[dict[str, Any], ...] = ()  # id, name, arguments (an object where it is one)
    reasoning_tokens: int = 0  # of the completion's, those of its thoughts
    cached_tokens: int = 0  # of the prompt's, those that the server had read before

    def __post_init__(self) -> None:
        """Take the thoughts out of the text."""
        if self.text is None:
            return
        answer, thinking = thoughts.split(self.text, self.finish_reason)
        if answer == self.text:
            return
        changed: dict[str, str | None] = {"raw": self.text, "text": answer}
        changed["thinking"] = "\n\n".join(filter(None, (self.thinking, thinking))) or None
        if answer is None:
            changed["error"] = thoughts.CUT
        elif not answer and not self.tool_calls:
            changed |= {"text": None, "error": "empty: the reply has no text after its thoughts"}
        for name, value in changed.items():
            object.__setattr__(self, name, value)

    @property
    def kind(self) -> str:
        """Return `reply`, `length` (a reply that was cut), or the kind of failure."""
        if self.error is not None:
            return self.error.partition(":")[0]
        return "length" if self.finish_reason == "length" else "reply"


@dataclass
class Call:
    """A distinct request of a job: its name in the store, its body, and the rows that wait."""

    key: str
    body: dict[str, Any]
    rows: list[int]

    @property
    def model(self) -> str:
        """Return the model that is asked."""
        return str(self.body["model"])


def call(asked: Request, model: str, *, provider: str) -> Call:
    """Return a request as a call; its key hashes all that can change the reply."""
    body = asked.body(model)
    key = hashing.digest({"provider": provider, "body": body, "draw": asked.draw})
    return Call(key, body, [])


def response_format(shape: Shape) -> dict[str, Any]:
    """Return `shape` as the protocol's mapping; one that already has a `json_…` type stays."""
    if isinstance(shape, type):
        return _schema(shape.__name__, shape.model_json_schema())
    if shape.get("type") in ("json_object", "json_schema", "text"):
        return dict(shape)
    return _schema(str(shape.get("title", "reply")), dict(shape))


def _schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema}}
