"""What a server's JSON means: a reply, or trouble that is tried again, final, or final for all.

No type is taken on trust: a field of another type than the protocol's is read where its meaning is
plain, and left out where it is not. An error counts the same whether a status tells it or a body
with status 200.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lab import hashing, origins
from lab.llm import waits

RAW_CHARACTERS = 2_000  # of a reply that cannot be read, kept with its failure
RETRIED = {"timeout", "connection", "unreachable", "rate_limit", "server", "malformed"}
HOPELESS = {"denied", "no_model", "no_quota"}  # the next call cannot succeed either
STATUS = {
    400: "bad_request",
    401: "denied",
    402: "no_quota",
    404: "no_model",
    408: "timeout",
    409: "server",
    429: "rate_limit",
}
CODES = {  # parts of an error's code or type, the first that fits counts
    "insufficient_quota": "no_quota",
    "insufficient_balance": "no_quota",
    "model_not_found": "no_model",
    "api_key": "denied",
    "authentication": "denied",
    "rate_limit": "rate_limit",
    "too_many": "rate_limit",
    "throttl": "rate_limit",
    "invalid": "bad_request",
    "unsupported": "bad_request",
    "not_found": "bad_request",
    "context_length": "bad_request",
    "bad_request": "bad_request",
}
FINISH = {"max_tokens": "length", "model_length": "length", "sensitive": "content_filter"}
BROKEN_OFF = ("error", "network_error")  # reasons to finish that are none


@dataclass(frozen=True)
class Answer:
    """A reply that could be read."""

    reply: dict[str, Any]  # text, refusal, finish_reason, logprobs, served_by, and what else came
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
    counted: bool = False  # the server has counted tokens for it
    sent: Mapping[str, Any] = field(default_factory=dict, repr=False)  # the body of the try

    @property
    def error(self) -> str:
        """Return the kind and the message as one text."""
        return hashing.mended(f"{self.kind}: {self.message}")

    @property
    def may_be_billed(self) -> bool:
        """Say whether the server may have done the work: it did not refuse it."""
        return self.counted or self.kind in ("timeout", "connection", "malformed")


class Content(NamedTuple):
    """What stands in a message, whatever its form."""

    text: str | None
    thinking: str | None = None
    refusal: str | None = None


def read(found: Any, text: str, headers: Mapping[str, str]) -> Answer | Trouble:
    """Read a response with status 200: its JSON value, or None, and its text."""
    choices = found.get("choices") if isinstance(found, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    trouble = inner_error(found, text, headers)
    if trouble is not None:
        return trouble
    if not isinstance(message, dict):
        kind = headers.get("content-type", "no content type")
        why = f"not a chat completion (no message in it, {kind})"
        return Trouble("malformed", why, raw=text[:RAW_CHARACTERS], headers=headers)
    usage = _usage(found.get("usage"))
    reply = _reply(found, choice, message)
    more = {"reasoning_tokens": usage.reasoning, "cached_tokens": usage.cached}
    reply |= {name: number for name, number in more.items() if number}
    return Answer(reply, usage.prompt, usage.completion, headers)


def refused(status: int, text: str, headers: Mapping[str, str]) -> Trouble:
    """Say what an error status means: try again, give up on this call, or on all."""
    try:
        found = json.loads(text)
    except ValueError:
        found = text
    failure = (found.get("error") or found) if isinstance(found, dict) else found
    return _trouble(status, failure, text, headers)


def inner_error(found: Any, text: str, headers: Mapping[str, str]) -> Trouble | None:
    """Return the error that a response with status 200 tells inside; None if it tells none.

    The code inside counts as the status.

    Examples
    --------
    >>> inner_error({"error": {"message": "Slow down", "code": 429}}, "", {}).error
    'rate_limit: Slow down'
    """
    failure = _failure(found)
    if failure is None:
        return None
    return _trouble(None, failure, text, headers, counted=any(_usage(found.get("usage"))[:2]))


def content(value: Any) -> Content:
    """Return the text, the thoughts and the refusal of a message's content, of any type.

    Examples
    --------
    >>> content([{"type": "thinking", "thinking": "2 + 2"}, {"type": "text", "text": "4"}])
    Content(text='4', thinking='2 + 2', refusal=None)
    >>> content(4).text, content({"score": 5}).text, content(None).text
    ('4', '{"score": 5}', None)
    """
    if value is None or isinstance(value, str):
        return Content(value)
    parts = value if isinstance(value, list) else [value]
    if not parts or not all(isinstance(part, str) or _is_part(part) for part in parts):
        return Content(json.dumps(value, ensure_ascii=False) if parts else None)
    found: dict[str, list[str]] = {"text": [], "thinking": [], "refusal": []}
    for part in parts:
        kind = "text" if isinstance(part, str) else str(part.get("type", "text"))
        name = {"refusal": "refusal", "thinking": "thinking"}.get(kind, "text")
        name = "thinking" if kind.startswith("reasoning") else name
        found[name].append(part if isinstance(part, str) else _inside(part))
    text, thinking, refusal = ("".join(texts) or None for texts in found.values())
    return Content(text or "", thinking, refusal)


def logprobs(value: Any) -> list[dict[str, Any]] | None:
    """Return each token's log-probability and those of the likeliest; None if one is unreadable.

    Examples
    --------
    >>> logprobs({"content": [{"token": "a", "logprob": -0.1, "top_logprobs": None}]})
    [{'token': 'a', 'logprob': -0.1, 'top_logprobs': []}]
    >>> logprobs({"content": [{"token": "a", "logprob": None}]}) is None
    True
    """
    tokens = value.get("content") if isinstance(value, dict) else value
    if not isinstance(tokens, list) or not tokens or not all(map(_is_token, tokens)):
        return None
    return [
        one | {"top_logprobs": [top for top in _listed(one.get("top_logprobs")) if _is_token(top)]}
        for one in tokens
    ]


def count(value: Any) -> int:
    """Return a number of tokens; 0 where none is told."""
    if isinstance(value, str):
        value = waits.seconds(value)
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return max(0, int(value)) if good else 0


class _Usage(NamedTuple):
    prompt: int
    completion: int  # those of the thoughts among them
    reasoning: int
    cached: int  # of the prompt's


def _usage(value: Any) -> _Usage:
    """Read what was counted; a server that leaves thoughts out of the reply's tokens is set right.

    Where the total says that thoughts came on top, they are added; else they are in it already.
    """
    told = value if isinstance(value, dict) else {}
    details = [told.get(f"{name}_tokens_details") for name in ("completion", "prompt")]
    of_reply, of_prompt = (each if isinstance(each, dict) else {} for each in details)
    prompt, made = count(told.get("prompt_tokens")), count(told.get("completion_tokens"))
    reasoning = count(of_reply.get("reasoning_tokens"))
    cached = count(of_prompt.get("cached_tokens")) or count(told.get("prompt_cache_hit_tokens"))
    if reasoning and count(told.get("total_tokens")) == prompt + made + reasoning:
        made += reasoning
    return _Usage(prompt, made, min(reasoning, made), min(cached, prompt))


def _reply(found: Any, choice: Any, message: dict[str, Any]) -> dict[str, Any]:
    """Return what is stored of a reply."""
    body, served_by = content(message.get("content")), found.get("model")
    thoughts = [content(message.get(name)).text for name in ("reasoning_content", "reasoning")]
    thinking = body.thinking or next(filter(None, thoughts), None)
    reply = {
        "text": body.text,
        "refusal": content(message.get("refusal") or None).text or body.refusal,
        "finish_reason": finish(choice.get("finish_reason")),
        "logprobs": logprobs(choice.get("logprobs")),
        "served_by": served_by if isinstance(served_by, str) else None,
    }
    calls = [call for call in _listed(message.get("tool_calls")) if isinstance(call, dict)]
    if isinstance(message.get("function_call"), dict):
        calls = calls or [{"function": message["function_call"]}]
    origin = origins.served(found.get("system_fingerprint"))
    more = {"thinking": thinking, "tool_calls": calls, "origin": origin}
    if isinstance(message.get("content"), list | dict):
        more["content"] = message["content"]  # as it came
    return reply | {name: value for name, value in more.items() if value}


def finish(value: Any) -> str | None:
    """Return why a reply ended, in the protocol's words where others are known."""
    return FINISH.get(value.lower(), value.lower()) if isinstance(value, str) else None


def _failure(found: Any) -> Any:
    """Return the error object inside a response with status 200, or None."""
    if not isinstance(found, dict):
        return None
    choices = _listed(found.get("choices"))
    inner = choices[0] if choices and isinstance(choices[0], dict) else {}
    for one in (inner.get("error"), found.get("error")):
        if one:
            return one
    if finish(inner.get("finish_reason")) in BROKEN_OFF:
        return {"message": f"the reply broke off (finish_reason={inner['finish_reason']})"}
    if found.get("object") == "error" or ("choices" not in found and _says(found)):
        return found
    return None


def _trouble(
    status: int | None,
    failure: Any,
    text: str,
    headers: Mapping[str, str],
    *,
    counted: bool = False,
) -> Trouble:
    """Return an error object, or what stands in its place, as trouble."""
    told = failure if isinstance(failure, dict) else {}
    code, parameter = told.get("code"), told.get("param")
    message = _says(failure) or text[:RAW_CHARACTERS].strip() or "no reason given"
    if status is not None:
        message = f"Error code: {status} - {message}"
    return Trouble(
        _kind(status, code, told.get("type")),
        message,
        raw=text[:RAW_CHARACTERS],
        wait_s=waits.retry_after_s(headers),
        parameter=parameter if isinstance(parameter, str) else None,
        headers=headers,
        counted=counted,
    )


def _kind(status: int | None, code: Any, of_type: Any) -> str:
    """Say what an error is, by its status, or by the code inside where the status says 200."""
    words = " ".join(str(each).lower() for each in (code, of_type) if each is not None)
    named = next((kind for part, kind in CODES.items() if part in words), None)
    if status is None:
        inner = count(code)
        if not 400 <= inner < 600:
            return named or "server"
        status = inner
    if named == "no_quota":
        return named
    if status == 404 and code is not None and named != "no_model":
        return "bad_request"  # something else is missing, or one route of a proxy: others may do
    return STATUS.get(status, "server" if status >= 500 else "bad_request")


def _says(failure: Any) -> str | None:
    """Return the text of an error object of any form; None if it has none."""
    if isinstance(failure, str):
        return failure.strip() or None
    if isinstance(failure, list):
        return "; ".join(filter(None, map(_says, failure))) or None
    if not isinstance(failure, dict):
        return None
    texts = (_says(failure.get(name)) for name in ("message", "detail", "msg", "error"))
    found = next(filter(None, texts), None)
    where = failure.get("loc")  # a validator's list of places
    return f"{'.'.join(map(str, where))}: {found}" if found and isinstance(where, list) else found


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and any(
        isinstance(value.get(name), str) for name in ("type", "text")
    )


def _inside(part: dict[str, Any]) -> str:
    """Return the text of one part of a content, or of the parts inside it; an image has none."""
    for name in ("text", "thinking", "reasoning", "summary", "refusal", "content"):
        if part.get(name):
            inner = content(part[name])
            return inner.text or inner.thinking or ""
    return ""


def _is_token(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    number = value.get("logprob")
    return isinstance(value.get("token"), str) and (
        isinstance(number, int | float) and not isinstance(number, bool) and not math.isnan(number)
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
