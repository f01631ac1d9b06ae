"""Calls of tools and schemas of tools, in every spelling, to one form.

A call is `{"id", "name", "arguments"}` with the arguments as an object (an id only where given;
what is no JSON, as the code of a code interpreter, stays text). A tool is OpenAI's
`{"type": "function", "function": {"name", "description", "parameters"}}`.
"""

import json
import re
from typing import Any

from lab.errors import DataError
from lab.load import parse

Call = dict[str, Any]
_TAGGED = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>\s*", re.DOTALL)
_REPLIES = re.compile(r"\s*<tool_response>\n?(.*?)\n?</tool_response>\s*", re.DOTALL)


def call(given: Any) -> Call:
    """Read one call: OpenAI's, flat, as text, or with `input` for its arguments.

    Raises
    ------
    DataError
        If it has no name, or its arguments are no object.

    Examples
    --------
    >>> call({"id": "c1", "function": {"name": "add", "arguments": '{"a": 1}'}})
    {'id': 'c1', 'name': 'add', 'arguments': {'a': 1}}
    """
    outer = _object(given, "a call")
    inner = _object(outer.get("function", outer), "a call")
    name = inner.get("name")
    if not isinstance(name, str) or not name:
        raise DataError("a call needs the name of a tool", field="tool_calls", value=given)
    found: Call = {"name": name, "arguments": _arguments(inner, given)}
    key = outer.get("id", outer.get("call_id"))
    return found if key is None else {"id": str(key), **found}


def calls(given: Any) -> list[Call]:
    """Read a list of calls, or one call alone; a list as JSON text, too."""
    if isinstance(given, str):
        given = _json(given, "calls")
    return [call(item) for item in (given if isinstance(given, list) else [given])]


def tools(given: Any) -> list[dict[str, Any]]:
    """Read the tools of a row: a list of schemas, wrapped or not, or such a list as JSON text.

    Raises
    ------
    DataError
        If it is no list of objects.

    Examples
    --------
    >>> tools('[{"name": "add", "parameters": {}}]')
    [{'type': 'function', 'function': {'name': 'add', 'parameters': {}}}]
    """
    if given is None or (isinstance(given, str) and not given.strip()):
        return []
    value = _json(given, "tools") if isinstance(given, str) else given
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, (dict, str)) for item in items):
        raise DataError("must be a list of schemas", field="tools", value=given)
    return [_tool(_object(item, "a tool")) for item in items]


def tagged(text: str) -> tuple[str, list[Call]]:
    """Return the text before `<tool_call>` tags (Hermes' form) that end it, and the calls in them.

    Text with tags that cannot be read as calls, or that goes on after them, stays as it is.
    """
    start = text.find("<tool_call>")
    if start < 0 or _TAGGED.sub("", text[start:]).strip():
        return text, []
    try:
        found = [call(item) for item in _TAGGED.findall(text[start:])]
    except DataError:
        return text, []
    return text[:start].removesuffix("\n"), found


def replies(text: str) -> list[str]:
    """Return what stands in each `<tool_response>` tag of a tool's turn, or the text itself."""
    found = _REPLIES.findall(text)
    return found if found and not _REPLIES.sub("", text).strip() else [text]


def _arguments(inner: dict[str, Any], given: Any) -> dict[str, Any] | str:
    names = [name for name in ("arguments", "parameters", "input") if name in inner]
    value = inner[names[0]] if names else {}
    if value is None or (isinstance(value, str) and not value.strip()):
        return {}
    if isinstance(value, str):
        if not value.lstrip().startswith(("{", "[")):
            return value  # code, as for OpenAI's code interpreter
        value = _json(value, "the arguments of a call")
    if not isinstance(value, dict):
        raise DataError(
            "the arguments of a call must be an object", field="tool_calls", value=given
        )
    return value


def _tool(given: dict[str, Any]) -> dict[str, Any]:
    if "function" in given or "name" not in given:  # wrapped, or a tool of another type
        return given
    return {"type": "function", "function": {k: v for k, v in given.items() if k != "type"}}


def _object(given: Any, what: str) -> dict[str, Any]:
    value = _json(given, what) if isinstance(given, str) else given
    if not isinstance(value, dict):
        raise DataError(f"{what} must be an object", field="tool_calls", value=given)
    return value


def _json(text: str, what: str) -> Any:
    try:
        value = parse.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{what} cannot be read as JSON", field="tool_calls", value=text) from error
    if parse.too_deep(value):
        raise DataError(f"{what} nested deeper than {parse.DEEPEST} levels", field="tool_calls")
    return value


def as_openai(found: Call) -> dict[str, Any]:
    """Write a call in OpenAI's form, its arguments as JSON text.

    Examples
    --------
    >>> as_openai({"id": "c1", "name": "add", "arguments": {"a": 1}})["function"]["arguments"]
    '{"a": 1}'
    """
    said = found["arguments"]
    arguments = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    key = {"id": found["id"]} if "id" in found else {}
    function = {"name": found["name"], "arguments": arguments}
    return {**key, "type": "function", "function": function}
