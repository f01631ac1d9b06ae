"""One message in any spelling, to ours: role, content, and thinking, calls, names where given.

Spellings: OpenAI (`tool_calls`, `function_call`, role `developer`, content in parts), transformers
(`reasoning_content`, arguments as objects), ShareGPT (`from`, `value`, `function_call`,
`observation`), LLaMA-Factory's typed parts, Hermes' tags, `<think>` inside the text.
"""

from dataclasses import dataclass, field
from typing import Any

from lab.errors import DataError
from lab.load import calls, thoughts
from lab.records import Message

ROLES = {
    "system": ("system",),
    "developer": ("developer",),
    "user": ("user", "human", "prompter"),
    "assistant": ("assistant", "gpt", "model", "chatgpt", "function_call"),
    "tool": ("tool", "observation", "function", "function_response", "toolResult", "ipython"),
}
MARK = "<image>"  # where an image stands in the text
_ROLE = {spelling: role for role, names in ROLES.items() for spelling in names}
_CONTENT = ("content", "value", "text")
_THINKING = ("reasoning_content", "thinking", "reasoning", "reasoningContent")
_CALLS = ("tool_calls", "function_call", "toolCalls")
_CALL_ID = ("tool_call_id", "toolCallId")
_WEIGHT = ("weight", "loss_weight", "loss", "train", "loss_mask")
_KNOWN = {"role", "from", "name", *_CONTENT, *_THINKING, *_CALLS, *_CALL_ID, *_WEIGHT}
_TEXT = ("text", "input_text", "output_text")
_IMAGE = ("image", "image_url", "input_image")
_REPLY = "tool_result"  # in the user's message, as Anthropic writes it
_CALL = ("tool_call", "toolCall", "tool_use", "function_call")


@dataclass
class Turn:
    """A message in our form, the images it shows, and the keys that have no place in it."""

    message: Message
    rest: dict[str, Any] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)


@dataclass
class _Parts:
    text: str = ""
    thinking: str = ""
    called: list[calls.Call] = field(default_factory=list)
    images: list[str] = field(default_factory=list)


def read(given: Any) -> list[Turn]:
    """Read one message; a tool's turn with several `<tool_response>` tags becomes several.

    Raises
    ------
    DataError
        If its role is unknown, it holds a part other than text, image, thinking or call, or its
        content is no text.
    """
    if not isinstance(given, dict):
        raise DataError("a message must be an object", field="messages", value=given)
    spelled = given.get("role", given.get("from"))
    role = _ROLE.get(spelled) if isinstance(spelled, str) else None
    if role is None:
        raise DataError(f"role must be one of {', '.join(ROLES)}", field="messages", value=spelled)
    content = _first(given, _CONTENT)
    if role == "user" and isinstance(content, list) and any(map(_is_reply, content)):
        return _replies(given, content)
    if spelled == "function_call":
        thinking, called = thoughts.split(content if isinstance(content, str) else "")
        parts = _Parts(thinking=thinking, called=calls.calls(called or content))
    else:
        parts = _parts(content, has_calls=_first(given, _CALLS) not in (None, [], ""))
    rest = {k: v for k, v in given.items() if k not in _KNOWN and v not in (None, "", [], {})}
    if role == "assistant":
        return [Turn(_answer(given, parts), rest, parts.images)]
    if parts.thinking or parts.called or _first(given, _CALLS):
        raise DataError(f"a {role}'s message cannot think or call", field="messages", value=given)
    if _weight(given) == 1:
        raise DataError(
            f"only answers are trained on, this weight is a {role}'s",
            field="messages",
            value=given,
        )
    named = {name: given[name] for name in ("name",) if isinstance(given.get(name), str)}
    call_id = _first(given, _CALL_ID)
    if call_id is not None:
        named = {"tool_call_id": str(call_id), **named}
    texts = calls.replies(parts.text) if role == "tool" else [parts.text]
    return [Turn({"role": role, "content": text, **named}, rest, parts.images) for text in texts]


def _is_reply(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == _REPLY


def _replies(given: dict[str, Any], content: list[Any]) -> list[Turn]:
    """Return replies of tools in a user's message as the tools' own, before what the user says."""
    made: list[Turn] = []
    for part in filter(_is_reply, content):
        said = part.get("content", "")
        key = {"tool_call_id": part["tool_use_id"]} if "tool_use_id" in part else {}
        made += read({"role": "tool", "content": said if said is not None else "", **key})
    rest = [part for part in content if not _is_reply(part)]
    return [*made, *(read({**given, "content": rest}) if rest else [])]


def _answer(given: dict[str, Any], parts: _Parts) -> Message:
    text, thinking, found = parts.text, parts.thinking, list(parts.called)
    said = _first(given, _THINKING)
    if isinstance(said, str) and said:
        if thinking:
            raise DataError("thinks in two places", field="messages", value=given)
        thinking = said
    if not thinking:
        thinking, text = thoughts.split(text)
    if not found:
        text, found = calls.tagged(text)
    listed = _first(given, _CALLS)
    if listed not in (None, [], ""):
        found += calls.calls(listed)
    message: Message = {"role": "assistant", "content": text}
    if thinking:
        message["thinking"] = thinking
    if found:
        message["tool_calls"] = found
    if isinstance(given.get("name"), str):
        message["name"] = given["name"]
    if _weight(given) == 0:
        message["weight"] = 0
    return message


def _weight(given: dict[str, Any]) -> int | None:
    value = _first(given, _WEIGHT)
    if value is None:
        return None
    if value not in (0, 1):  # True and False are, too
        raise DataError("the weight of a message must be 0 or 1", field="messages", value=value)
    return int(value)


def _parts(content: Any, *, has_calls: bool) -> _Parts:
    if content is None and has_calls:
        return _Parts()
    if isinstance(content, str):
        return _Parts(content)
    if not isinstance(content, list):
        raise DataError("content must be text", field="messages", value=content)
    found = _Parts()
    for part in content:
        _add(found, {"type": "text", "text": part} if isinstance(part, str) else part)
    return found


def _add(found: _Parts, part: Any) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in _TEXT:
        text = _first(part, ("text", "value"))
        if not isinstance(text, str):
            raise DataError("a part of type text must hold text", field="messages", value=part)
        found.text += text
    elif kind in ("thinking", "reasoning"):
        if found.text.strip() or found.called:
            raise DataError("thinks after the answer began", field="messages", value=part)
        said = _first(part, ("thinking", "reasoning", "text", "value"))
        if not isinstance(said, str):
            raise DataError("a part that thinks must hold text", field="messages", value=part)
        found.thinking += ("\n" if found.thinking else "") + said
    elif kind in _IMAGE:
        found.images.append(_image(part))
        found.text += MARK
    elif kind in _CALL:
        found.called.append(calls.call(_first(part, ("value", "function_call")) or part))
    else:
        raise DataError(f"holds a part of type {kind}", field="messages", value=part)


def _image(part: dict[str, Any]) -> str:
    value = _first(part, ("image_url", "image", "url", "path", "value"))
    if isinstance(value, dict):
        value = value.get("url") or value.get("path")
    if not isinstance(value, str):
        raise DataError("an image must be named by a path or an address", field="messages")
    return value


def _first(given: dict[str, Any], names: tuple[str, ...]) -> Any:
    """Return the first of these keys that holds something, or None."""
    return next((given[name] for name in names if given.get(name) is not None), None)
