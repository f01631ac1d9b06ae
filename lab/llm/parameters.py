"""Parameters that a model does not take: which one a refusal means, and the body without it.

Models and servers differ in what they take: reasoning models refuse `temperature` and `top_p`,
newer ones know `max_tokens` under another name, strict ones refuse what they do not know. What is
refused is left out of what is sent; the key in the store still says what was asked.
"""

import re
from typing import Any

from lab.llm.protocol import Trouble

# in the order in which they are given up, where a refusal names several
OPTIONAL = ("top_p", "temperature", "seed", "logprobs", "top_logprobs", "stop", "response_format")
NAMES = (*OPTIONAL, "max_tokens")
DEFAULTS = {"temperature": 1, "top_p": 1}  # of the protocol: left out, they mean the same
REFUSAL = re.compile(
    r"""unsupported | not\ (?:be\ )?support | unknown
    | do(?:es\ not|esn't)\ (?:support|know|accept|allow|take)
    | unrecogni[sz]ed | unexpected | not\ (?:permitted|allowed|available|accepted)
    | cannot\ (?:both|be\ (?:used|set|specified)) | only\ one | only\ the\ default
    | extra[_\ ](?:inputs|fields|forbidden) | deprecated | not\ implemented | 不支持 | 未知""",
    re.IGNORECASE | re.VERBOSE,
)
# models that know `max_tokens` as `max_completion_tokens` alone (OpenAI, reasoning models)
RENAMED = re.compile(r"(?:.*/)?(?:o\d|gpt-[5-9])(?!\d)")


def known(model: str) -> set[str]:
    """Return the parameters that a model is known not to take before it is asked.

    Examples
    --------
    >>> known("gpt-5-mini"), known("openai/o3"), known("gpt-4.1")
    ({'max_tokens'}, {'max_tokens'}, set())
    """
    return {"max_tokens"} if RENAMED.match(model) else set()


def refused_by(trouble: Trouble) -> str | None:
    """Return the parameter of a failed try that the server does not take; None if it is another.

    A value that is out of bounds is no refusal of the parameter.

    Examples
    --------
    >>> sent = {"temperature": 0.0, "top_p": 1.0}
    >>> text = "`temperature` and `top_p` cannot both be specified. Use only one."
    >>> refused_by(Trouble("bad_request", text, sent=sent))
    'top_p'
    >>> refused_by(Trouble("bad_request", "temperature must be below 2", sent=sent)) is None
    True
    """
    if trouble.kind != "bad_request" or not REFUSAL.search(f"{trouble.message} {trouble.raw}"):
        return None
    for text in (trouble.parameter or "", trouble.message):
        named = [name for name in NAMES if name in trouble.sent and _names(text, name)]
        if named:
            return min(named, key=lambda name: trouble.sent[name] != DEFAULTS.get(name))
    return None


def adapted(body: dict[str, Any], refused: set[str]) -> dict[str, Any]:
    """Return `body` without what a model refuses; `body` itself where that is nothing.

    Examples
    --------
    >>> adapted({"max_tokens": 8, "top_p": 1.0}, {"max_tokens", "top_p"})
    {'max_completion_tokens': 8}
    """
    if refused.isdisjoint(body):
        return body
    sent = {name: value for name, value in body.items() if name not in refused}
    if "max_tokens" in body and "max_tokens" in refused:
        sent["max_completion_tokens"] = body["max_tokens"]
    if not {"logprobs", "top_logprobs"}.isdisjoint(refused):  # one is nothing without the other
        sent.pop("logprobs", None)
        sent.pop("top_logprobs", None)
    return sent


def mark(reply: dict[str, Any], *, asked: dict[str, Any], sent: dict[str, Any]) -> None:
    """Note in a reply what was asked for and not sent; `max_tokens` is sent under another name."""
    if sent is not asked and (left := asked.keys() - sent.keys() - {"max_tokens"}):
        reply["left_out"] = sorted(left)


def loss(model: str, name: str, value: Any) -> str | None:
    """Return what it means that a parameter is left out; None if replies stay as asked for."""
    if name in ("max_tokens", "response_format") or value == DEFAULTS.get(name):
        return None
    text = f"{model} does not take {name}: it is left out, where {value!r} was asked for"
    if name == "temperature" and value == 0:
        text += "; replies are drawn at the server's own temperature, so they differ between draws"
    return text


def _names(text: str, parameter: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9_]){parameter}(?![A-Za-z0-9_])", text) is not None
