"""OpenAI's Responses form: items of input and output instead of messages.

Reasoning items hold the thinking in `summary` (which may be empty), calls and their outputs are
items of their own; they become the messages that the same exchange has in the chat form.
"""

from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import chat
from lab.load.loaded import Example, Loaded, collect

_ASKED, _SAID = ("responses_create_params", "request"), "response"


def responses(path: str | Path, *, every_turn: bool = False) -> Loaded:
    """Read requests and responses, as `responses_create_params` and `response` in each row.

    `tools` are those of the request; other keys of the row (rewards) become columns.
    `every_turn` as for `load.messages`.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.

    Examples
    --------
    >>> from lab import paths
    >>> found = responses(paths.samples() / "responses.jsonl")
    >>> found.pool[["instruction", "output", "reward"]].values.tolist()
    [['What is 3 x 4?', '12.', 1.0]]
    """
    return collect(path, _convert, every_turn=every_turn)


def _convert(given: dict[str, Any]) -> Example:
    row = dict(given)
    asked = next((row.pop(name) for name in _ASKED if isinstance(row.get(name), dict)), None)
    said = row.pop(_SAID, None)
    if not isinstance(asked, dict) or not isinstance(said, dict):
        raise DataError("is missing", field=_ASKED[0] if asked is None else _SAID)
    before = asked.get("input")
    items = [{"role": "user", "content": before}] if isinstance(before, str) else list(before or ())
    if asked.get("instructions"):
        items.insert(0, {"role": "system", "content": asked["instructions"]})
    items += said.get("output") or ()
    return chat.example(_messages(items), {**row, "tools": asked.get("tools")})


def _messages(items: list[Any]) -> list[dict[str, Any]]:
    """Join the items of one turn: thinking, text and calls of an assistant are one message."""
    made: list[dict[str, Any]] = []
    for item in items:
        kind = item.get("type", "message") if isinstance(item, dict) else None
        if kind == "message" and item.get("role") != "assistant":
            made.append({"role": item.get("role"), "content": item.get("content")})
        elif kind == "function_call_output":
            reply = item.get("output")
            text = reply if isinstance(reply, (str, list)) else str(reply)
            made.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": text})
        elif kind == "message":
            _spoken(_open(made, "content", "tool_calls"), item)
        elif kind == "reasoning":
            parts = [*(item.get("summary") or ()), *(item.get("content") or ())]
            text = "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
            if text:
                _open(made, "content", "tool_calls", "reasoning_content")["reasoning_content"] = (
                    text
                )
        elif kind == "function_call":
            call = {"id": item.get("call_id"), "name": item.get("name")}
            call["arguments"] = item.get("arguments")
            _open(made).setdefault("tool_calls", []).append(call)
        else:
            raise DataError(f"holds an item of type {kind}", field="response", value=item)
    for message in made:
        message.setdefault("content", "" if message["role"] == "assistant" else None)
    return made


def _spoken(message: dict[str, Any], item: dict[str, Any]) -> None:
    message["content"] = item.get("content")


def _open(made: list[dict[str, Any]], *taken: str) -> dict[str, Any]:
    """Return the assistant's message that goes on, or a new one if it holds one of `taken`."""
    if made and made[-1]["role"] == "assistant" and not any(key in made[-1] for key in taken):
        return made[-1]
    made.append({"role": "assistant"})
    return made[-1]
