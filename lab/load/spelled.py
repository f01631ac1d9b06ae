"""Examples as others spell conversations: OpenAI's messages, ShareGPT's turns."""

import json
from collections.abc import Mapping
from typing import Any

from lab import records
from lab.load import calls, thoughts

_FROM = {"user": "human", "assistant": "gpt", "tool": "observation"}


def openai(key: str, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return one example as a row of OpenAI's form; `load.messages` reads it back equal.

    Examples
    --------
    >>> row = {"history": [], "instruction": "2+2?", "input": "", "output": "4", "thinking": "2, 2"}
    >>> openai("k", row)["messages"][-1]
    {'role': 'assistant', 'content': '4', 'reasoning_content': '2, 2'}
    """
    messages = [_openai(turn) for turn in records.conversation(example)]
    return _row(key, example, {"messages": _with_rest(messages, example)})


def sharegpt(key: str, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return one example as a row of ShareGPT's form; `load.sharegpt` reads it back equal.

    Raises
    ------
    DataError
        If thinking holds the tag that ends it.
    """
    turns = [_sharegpt(turn) for turn in records.conversation(example)]
    row = _row(key, example, {"conversations": _with_rest(turns, example)})
    if "tools" in row:
        bare = [tool.get("function", tool) for tool in row["tools"]]
        row["tools"] = json.dumps(bare, ensure_ascii=False)
    return row


def pair(key: str, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return a chosen and a rejected answer as a row of TRL's form."""
    *asked, chosen = openai(key, example)["messages"]
    other: records.Message = {"role": "assistant", "content": example["rejected"]}
    for ours, theirs in (("rejected_thinking", "thinking"), ("rejected_calls", "tool_calls")):
        if isinstance(example.get(ours), (str, list)) and example[ours]:
            other[theirs] = example[ours]
    return _row(key, example, {"prompt": asked, "chosen": [chosen], "rejected": [_openai(other)]})


def _row(key: str, example: Mapping[str, Any], talk: dict[str, Any]) -> dict[str, Any]:
    row = {"id": key, "source": example.get("source"), **talk}
    held = records.structure(example)
    row |= {name: held[name] for name in ("tools", "images") if name in held}
    return {**row, "input": example["input"]} if example["input"] else row


def _with_rest(turns: list[dict[str, Any]], example: Mapping[str, Any]) -> list[dict[str, Any]]:
    more = example.get("turn_keys")
    if not isinstance(more, list):
        return turns
    return [{**turn, **rest} for turn, rest in zip(turns, more, strict=True)]


def _openai(turn: records.Message) -> dict[str, Any]:
    more = {name: value for name, value in turn.items() if name not in ("role", "content")}
    found = {"role": turn["role"], "content": turn["content"]}
    if "thinking" in more:
        found["reasoning_content"] = more.pop("thinking")
    if "tool_calls" in more:
        found["tool_calls"] = [calls.as_openai(call) for call in more.pop("tool_calls")]
        found["content"] = found["content"] or None
    return {**found, **more}


def _sharegpt(turn: records.Message) -> dict[str, Any]:
    more = {name: value for name, value in turn.items() if name not in ("role", "content")}
    role, text = turn["role"], turn["content"]
    found, thinking = more.pop("tool_calls", None), more.pop("thinking", "")
    spelling = _FROM.get(role, role)
    if found and not text:
        spelling, text = "function_call", json.dumps(_single(found), ensure_ascii=False)
    elif found:
        tags = [
            f"<tool_call>\n{json.dumps(one, ensure_ascii=False)}\n</tool_call>" for one in found
        ]
        text = "\n".join([text, *tags])
    return {"from": spelling, "value": thoughts.join(thinking, text), **more}


def _single(found: list[calls.Call]) -> calls.Call | list[calls.Call]:
    return found[0] if len(found) == 1 else found
