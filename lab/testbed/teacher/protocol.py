"""The protocol's side of a reply: tokens, stops, log-probabilities, usage, and the stream."""

import base64
import hashlib
import json
import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from lab import hashing, origins
from lab.testbed.teacher import policy
from lab.testbed.teacher.settings import Teacher

TOKEN = re.compile(r"\s*(?:\w+|[^\w\s])|\s+")
PER_MESSAGE = 4  # tokens that a chat template adds to a message
SURE = 0.99  # probability of a token that could hardly have been another
DIMENSIONS = 64  # of an embedding, unless the request names a number
CREATED = 1_700_000_000


class BadRequestError(Exception):
    """A request that the protocol does not allow."""

    def __init__(self, message: str, parameter: str | None = None) -> None:
        self.parameter = parameter
        super().__init__(message)


def tokens(text: str) -> list[str]:
    """Cut a text into words and signs, each with the white space before it."""
    return TOKEN.findall(text)


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """Return the number of tokens of a request's messages."""
    return sum(len(tokens(str(m["content"]))) + PER_MESSAGE for m in body["messages"])


def check(body: Any, *, takes_schema: bool) -> None:
    """Raise BadRequestError if a chat request is none."""
    if not isinstance(body, dict):
        raise BadRequestError("the body must be a JSON object")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("messages must be a list of at least one message", "messages")
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            raise BadRequestError("a message needs a role and a text", "messages")
    if not isinstance(body.get("model"), str):
        raise BadRequestError("model must be a text", "model")
    if body.get("response_format") is not None and not takes_schema:
        raise BadRequestError("this server does not know response_format", "response_format")
    for name, low in (("n", 1), ("max_tokens", 1), ("temperature", 0)):
        value = body.get(name)
        if value is not None and (not isinstance(value, (int, float)) or value < low):
            raise BadRequestError(f"{name} must be {low} or more, got {value!r}", name)


def completion(teacher: Teacher, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole reply to a chat request."""
    choices = [_choice(teacher, body, index) for index in range(int(body.get("n") or 1))]
    asked = prompt_tokens(body)
    made = sum(len(tokens(choice["message"]["content"])) for choice in choices)
    return {
        "id": "chatcmpl-" + hashing.digest(dict(body), digits=24),
        "object": "chat.completion",
        "created": CREATED,
        "model": body["model"],
        "system_fingerprint": origins.MARK + origins.TESTBED,
        "choices": choices,
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": made,
            "total_tokens": asked + made,
        },
    }


def stream(reply: Mapping[str, Any], *, usage: bool) -> Iterator[bytes]:
    """Yield a reply as server-sent events, one token each."""
    head = {name: reply[name] for name in ("id", "created", "model", "system_fingerprint")}
    head["object"] = "chat.completion.chunk"
    for choice in reply["choices"]:
        logprobs = (choice["logprobs"] or {}).get("content")
        for place, token in enumerate(tokens(choice["message"]["content"])):
            delta = {"content": token} | ({"role": "assistant"} if place == 0 else {})
            part = {"index": choice["index"], "delta": delta, "finish_reason": None}
            if logprobs:
                part["logprobs"] = {"content": [logprobs[place]]}
            yield _event({**head, "choices": [part]})
        last = {"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}
        yield _event({**head, "choices": [last]})
    if usage:
        yield _event({**head, "choices": [], "usage": reply["usage"]})
    yield b"data: [DONE]\n\n"


def embeddings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return unit vectors of texts: hashed counts of words, so that shared words are near."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadRequestError("input must be a text or a list of texts", "input")
    width = int(body.get("dimensions") or DIMENSIONS)
    vectors = [_vector(text, width) for text in texts]
    packed = body.get("encoding_format") == "base64"
    count = sum(len(tokens(text)) for text in texts)
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": base64.b64encode(struct.pack(f"<{width}f", *vector)).decode()
            if packed
            else vector,
        }
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "data": data, "model": body.get("model"), "usage": usage}


def _choice(teacher: Teacher, body: Mapping[str, Any], index: int) -> dict[str, Any]:
    drawn = bool(body.get("temperature", 1.0))
    salt = [body.get("seed"), index] if drawn else None
    output = policy.respond(teacher, body["messages"], salt=salt)
    text, first = _in_format(output, body.get("response_format")), output.first_token
    text, finish = _cut(text, body)
    wanted = int(body.get("top_logprobs") or 0) if body.get("logprobs") else None
    logprobs = None
    if wanted is not None:
        content = [
            _logprob(token, first if place == 0 else None, wanted)
            for place, token in enumerate(tokens(text))
        ]
        logprobs = {"content": content}
    message = {"role": "assistant", "content": text, "refusal": None}
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}


def _in_format(output: policy.Output, shape: Mapping[str, Any] | None) -> str:
    kind = (shape or {}).get("type", "text")
    if shape is None or kind == "text":
        return output.text
    if kind == "json_object":
        return json.dumps({"answer": output.text}, ensure_ascii=False)
    return policy.shaped(output, shape["json_schema"]["schema"])


def _cut(text: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """Cut at the first stop text and at the most tokens; say why it ended."""
    stops = body.get("stop") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.partition(stop)[0]
    most = body.get("max_tokens") or body.get("max_completion_tokens")
    parts = tokens(text)
    if most is not None and len(parts) > most:
        return "".join(parts[:most]), "length"
    return text, "stop"


def _logprob(token: str, chances: Mapping[str, float] | None, most: int) -> dict[str, Any]:
    """Return a token's log-probability, and those of the likeliest in its place."""
    chances = chances or {token: SURE}
    ranked = sorted(chances.items(), key=lambda item: (-item[1], item[0]))[:most]
    tops = [{"token": each, "logprob": _log(chance), "bytes": None} for each, chance in ranked]
    own = _log(chances.get(token, 1 - SURE))
    return {"token": token, "logprob": own, "bytes": None, "top_logprobs": tops}


def _log(chance: float) -> float:
    return math.log(chance) if chance > 0 else -9999.0


def _event(chunk: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def _vector(text: str, width: int) -> list[float]:
    vector = [0.0] * width
    for token in tokens(text.lower()):
        code = int.from_bytes(hashlib.sha256(token.strip().encode()).digest()[:8], "big")
        vector[code % width] += 1.0 if code >> 63 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
