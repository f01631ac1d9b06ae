"""A list of messages as one example: history, question, steps, answer.

The last message of the user is the instruction, the answer is the last message; what lies between
them (calls of tools, replies of tools) are the steps, what comes before is the history.
"""

from collections.abc import Sequence
from typing import Any

from lab.errors import DataError
from lab.load import calls, turns
from lab.load.loaded import Example
from lab.records import COLUMNS, STRUCTURE

_TAKEN = {*COLUMNS, *STRUCTURE} - {"source", "parent", "recipe"}
_SYSTEM = ("system", "system_prompt")
_ANSWER = {"role", "content", "thinking", "tool_calls"}


def example(given: Sequence[Any], row: dict[str, Any], *, answered: bool = True) -> Example:
    """Return the example that the messages make, with the tools and other keys of their row.

    Parameters
    ----------
    given : list of messages
        In any spelling that `turns.read` knows.
    row : dict
        The keys beside the messages. `tools`, `functions`, `system` and `images` are read; names
        of a pool's own columns get the prefix `given_`; all others become columns as they are.
    answered : bool
        False for a prompt alone: it ends with the user's message, and the output is empty.

    Raises
    ------
    DataError
        If the messages are no exchange, or one of them cannot be kept whole.
    """
    found = conversation(given, next((row[name] for name in _SYSTEM if row.get(name)), None))
    tools = [tool for name in ("tools", "functions", "function") for tool in _tools(row, name)]
    rest = {
        f"given_{name}" if name in _TAKEN else name: value
        for name, value in row.items()
        if name not in ("tools", "functions", "function", *_SYSTEM, "images")
    }
    images = [*(row.get("images") or ()), *(image for turn in found for image in turn.images)]
    shown = sum(turn.message["content"].count(turns.MARK) for turn in found)
    if images and shown != len(images):
        raise DataError(f"{len(images)} images for {shown} marks {turns.MARK}", field="images")
    made = _cut(found, answered=answered)
    ending = f"\n\n{row['input']}" if isinstance(row.get("input"), str) and row["input"] else ""
    if ending and made["instruction"].endswith(ending):  # written by `save.messages`
        made["instruction"] = made["instruction"].removesuffix(ending)
        made["input"] = rest.pop("given_input")
    for name, value in (("tools", tools), ("images", images)):
        if value:
            made[name] = value
    if any(turn.rest for turn in found):
        made["turn_keys"] = [turn.rest for turn in found]
    return {**rest, **made}


def conversation(given: Sequence[Any], system: Any = None) -> list[turns.Turn]:
    """Read all messages, with the system prompt of the row before them."""
    if not isinstance(given, list) or not given:
        raise DataError("must be a list of messages", field="messages", value=given)
    found = [turn for message in given for turn in turns.read(message)]
    if isinstance(system, str) and system and found[0].message["role"] != "system":
        found.insert(0, turns.Turn({"role": "system", "content": system}))
    return found


def _cut(found: list[turns.Turn], *, answered: bool) -> Example:
    messages = [turn.message for turn in found]
    roles = [message["role"] for message in messages]
    if answered and roles[-1] != "assistant":
        raise DataError("must end with the assistant's answer", field="messages", value=roles)
    if not answered and roles[-1] != "user":
        raise DataError("must end with the user's message", field="messages", value=roles)
    if "user" not in roles:
        raise DataError("holds no message of the user", field="messages", value=roles)
    last = len(roles) - 1 - roles[::-1].index("user")
    question, answer = found[last], found[-1]
    if answered and answer.message.get("weight") == 0:
        raise DataError("its answer has weight 0: not one to train on", field="messages")
    _spare(question, {"role", "content"})
    made: Example = {
        "history": messages[:last],
        "instruction": question.message["content"],
        "input": "",
        "output": "",
    }
    if not answered:
        return made
    _spare(answer, _ANSWER)
    made["output"] = answer.message["content"]
    steps = messages[last + 1 : -1]
    for name, value in (
        ("steps", steps),
        ("thinking", answer.message.get("thinking")),
        ("calls", answer.message.get("tool_calls")),
    ):
        if value:
            made[name] = value
    return made


def _spare(turn: turns.Turn, kept: set[str]) -> None:
    """Note the keys of a message that have no column of their own."""
    turn.rest = {**turn.rest, **{k: v for k, v in turn.message.items() if k not in kept}}


def _tools(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    if name == "function" and not isinstance(row.get(name), (list, dict)):
        return []
    return calls.tools(row.get(name))
