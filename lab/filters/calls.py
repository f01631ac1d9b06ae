"""Keep examples whose calls of tools name a tool and fit its schema.

Source: after the checks of the Berkeley Function-Calling Leaderboard (Patil et al. 2025,
github.com/ShishirPatil/gorilla): a known tool, no argument that it has not, none missing, each of
its kind.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from lab import records
from lab.filters import text

KINDS = {  # other names for JSON Schema's types, as they stand in published sets
    **dict.fromkeys(("dict", "map", "hashmap", "mapping"), "object"),
    **dict.fromkeys(("list", "tuple", "set", "arraylist"), "array"),
    **dict.fromkeys(("str", "char", "text"), "string"),
    **dict.fromkeys(("int", "long", "byte", "short"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    "bool": "boolean",
}
TYPES = {"object", "array", "string", "integer", "number", "boolean", "null"}
PLAIN = ("enum", "const", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength")
DEEPEST = 20
Message = Mapping[str, Any]


def valid_calls(pool: pd.DataFrame) -> "pd.Series[bool]":
    """Keep examples whose calls, if any, name a tool that they have and fit its schema.

    A call falls if its tool is not among the example's `tools`, if an argument is missing that is
    required, is none of the schema's (unless the schema allows additional ones), or is of another
    kind or none of the values listed. All calls of an example are read, those of its history too.
    Python's names of types (`dict`, `str`, `int`) count as those of JSON Schema. References and
    regular expressions in a schema are not followed: a schema comes from outside, and either can
    stop a program. All that fell in six real sets fell rightly, and none of 34 that were kept and
    read should have fallen (`benchmarks/wording.py`); in a seventh, of 103 calls, none falls, and
    all of 366 fall that were given another name or type, an argument more or one less.

    Source: after the checks of the Berkeley Function-Calling Leaderboard (Patil et al. 2025).
    Cost: about 5,000 rows with calls a second.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id; `tools`, `calls` and `steps` where any has them.

    Returns
    -------
    Series of bool
        True = keep.

    Examples
    --------
    >>> add = {"name": "add", "parameters": {"properties": {"a": {"type": "integer"}}}}
    >>> row = {"instruction": "Add.", "output": "", "tools": [add]}
    >>> said = [[{"name": "add", "arguments": {"a": a}}] for a in (1, "one")]
    >>> valid_calls(records.frame([{**row, "calls": each} for each in said])).tolist()
    [True, False]
    """
    good = []
    for example in _examples(pool):
        tools = _by_name(records.structure(example).get("tools", []))
        good.append(all(fits(call, tools) for call in _calls(example)))
    return pd.Series(good, index=pool.index, dtype=bool, name="keep")


def fits(call: Message, tools: Mapping[str, Any]) -> bool:
    """Say whether a call names one of the tools and fits its schema.

    Examples
    --------
    >>> fits({"name": "add", "arguments": {}}, {"add": {"required": ["a"]}})
    False
    """
    if call["name"] not in tools:
        return False
    schema = tools[call["name"]]
    if schema is None:  # not a function: a code interpreter takes text
        return True
    if not isinstance(call["arguments"], dict):
        return False
    import jsonschema

    return bool(jsonschema.Draft202012Validator(schema).is_valid(call["arguments"]))


def _by_name(tools: list[Message]) -> dict[str, Any]:
    """Return the schema of each tool's arguments by its name."""
    found: dict[str, Any] = {}
    for tool in tools:
        inner = tool.get("function", tool)
        if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
            kind = str(tool.get("type", ""))
            found |= {kind: None} | ({"python": None} if kind == "code_interpreter" else {})
            continue
        given = inner.get("parameters", inner.get("input_schema")) or {}
        found[inner["name"]] = _arguments(given if isinstance(given, dict) else {}, inner)
    return found


def _arguments(given: Message, tool: Message) -> dict[str, Any]:
    """Return the schema of a tool's arguments, which names all that it takes."""
    if "properties" not in given and given and all(isinstance(v, dict) for v in given.values()):
        given = {"properties": given}  # a bare mapping of arguments
    required = given.get("required", tool.get("required"))
    schema = _schema({**given, "type": "object", "required": required}, 0)
    if given.get("properties") is not None and not given.get("additionalProperties"):
        schema["additionalProperties"] = False
    return schema


def _schema(given: Any, depth: int) -> dict[str, Any]:
    """Return the part of a schema that is understood, in JSON Schema's words."""
    if not isinstance(given, dict) or depth > DEEPEST:
        return {}
    found = {name: given[name] for name in PLAIN if _is_plain(name, given.get(name))}
    kinds = given.get("type")
    known = [_kind(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    if known and all(known):
        found["type"] = [*known, "null"] if given.get("nullable") is True else known
    properties, required = given.get("properties"), given.get("required")
    if isinstance(properties, dict):
        found["properties"] = {k: _schema(v, depth + 1) for k, v in properties.items()}
    if isinstance(required, list):
        found["required"] = [name for name in required if isinstance(name, str)]
    if isinstance(given.get("items"), dict):
        found["items"] = _schema(given["items"], depth + 1)
    for name in ("anyOf", "oneOf", "allOf"):
        if isinstance(given.get(name), list) and given[name]:
            found[name] = [_schema(each, depth + 1) for each in given[name]]
    return found


def _kind(given: Any) -> str | None:
    """Return a type of JSON Schema: `List[str]` is an array, `int, optional` an integer."""
    if not isinstance(given, str):
        return None
    name = re.split(r"[,\[<( ]", given.strip().lower())[0]
    return name if name in TYPES else KINDS.get(name)


def _is_plain(name: str, value: Any) -> bool:
    if name == "enum":
        return isinstance(value, list) and bool(value)
    if name == "const":
        return value is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _examples(pool: pd.DataFrame) -> list[dict[str, Any]]:
    text.column(pool, "output")
    return [{str(k): v for k, v in row.items()} for row in pool.to_dict("records")]


def _calls(example: Message) -> Iterator[Message]:
    for turn in records.conversation(example):
        yield from turn.get("tool_calls") or ()
