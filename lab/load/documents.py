"""One JSON document as rows: an array, columns, rows in a wrapper, objects one after the other.

What can be read in one way only is read; an array that breaks off gives what came before.
"""

import re
from collections.abc import Iterator
from typing import Any

from lab.load import parse

Found = tuple[Any, str, str, str]  # the value, as it stands, the reason if it has none, detail
OPEN = "the array does not end"
_NEXT_OBJECT = re.compile(r"[,\n\]]\s*(?=\{)")
_SPACE = " \t\r\n"
_TURN = ("role", "from")
_TEXTS = ("instruction", "output", "prompt", "question", "text", "title", "id")  # keys of a row


def is_lines(first: bytes) -> bool:
    """Say whether a file with this first line is JSON Lines: objects, or lists of messages."""
    text = first.strip()
    if not text.startswith((b"{", b"[")):
        return True
    try:
        value = parse.loads(text.removesuffix(b",").decode("utf-8"))
    except (ValueError, RecursionError):
        return False
    if isinstance(value, dict):
        return True
    return bool(value) and all(_is_turn(item) for item in value)


def rows(text: str) -> Iterator[Found]:
    """Yield the rows of a document, broken ones with their reason; halves of bytes are marked."""
    try:
        text.encode("utf-8")  # bytes that are no UTF-8 stand as halves of pairs
        value = parse.loads(text)
    except (ValueError, RecursionError):
        if text.lstrip().startswith("["):
            yield from _array(text, text.index("[") + 1)
        else:
            yield from _objects(text)
        return
    for item in value if isinstance(value, list) else unwrapped(value):
        yield item, "", "", ""


def unwrapped(value: Any) -> list[Any]:
    """Return the rows that one object holds, or the object itself as the only row.

    Examples
    --------
    >>> unwrapped({"instruction": ["a", "b"], "output": ["x", "y"]})
    [{'instruction': 'a', 'output': 'x'}, {'instruction': 'b', 'output': 'y'}]
    >>> unwrapped({"version": "1", "data": [{"instruction": "a"}]})
    [{'instruction': 'a'}]
    """
    if not isinstance(value, dict) or _is_chat(value):
        return [value]
    if any(isinstance(value.get(name), str) for name in _TEXTS):
        return [value]
    columns = _columns(value)
    if columns is not None:
        names = list(columns)
        return [dict(zip(names, of, strict=True)) for of in zip(*columns.values(), strict=True)]
    lists = holders(value)
    return list(value[lists[0]]) if len(lists) == 1 else [value]


def holders(value: dict[str, Any]) -> list[str]:
    """Return the keys of an object under which a list of objects stands."""
    return [key for key, of in value.items() if _all(of, dict)]


def _columns(value: dict[str, Any]) -> dict[str, list[Any]] | None:
    """Return the columns of a table that pandas or a dict of lists wrote."""
    of = list(value.values())
    if {"columns", "data"} <= set(value) and _all(value["data"], list):
        names = [str(name) for name in value["columns"]]
        if all(len(row) == len(names) for row in value["data"]):
            return {name: [row[n] for row in value["data"]] for n, name in enumerate(names)}
    if of and all(isinstance(one, dict) and one for one in of):
        keys = [list(one) for one in of]
        if len(of) > 1 and all(other == keys[0] for other in keys) and _plain(of):
            return {name: list(one.values()) for name, one in value.items()}
    lists = len(of) > 1 and all(isinstance(one, list) and one for one in of)
    return dict(value) if lists and len({len(one) for one in of}) == 1 else None


def _plain(tables: list[dict[str, Any]]) -> bool:
    """Say whether the keys are those of rows: numbers, as pandas writes its index."""
    return all(key.isdecimal() for table in tables for key in table)


def _is_chat(value: dict[str, Any]) -> bool:
    return any(_all(of, dict) and all(_is_turn(turn) for turn in of) for of in value.values())


def _is_turn(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    return any(key in item for key in _TURN) or {"human", "assistant"} <= item.keys()


def _all(value: Any, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, kind) for v in value)


def _objects(text: str) -> Iterator[Found]:
    """Yield objects that stand one after the other, or line by line if the first is broken."""
    values: list[Found] = []
    position = 0
    while True:
        position = _skip(text, position)
        if position >= len(text):
            break
        try:
            value, end = parse.first(text, position)
        except (ValueError, RecursionError) as broken:
            found = _NEXT_OBJECT.search(text, position + 1)
            end = found.end() if values and found else len(text)
            values.append((None, shown(text[position:end].strip()), *_why(broken)))
        else:
            values.append(checked(value, text[position:end]))
        position = end
    if len(values) == 1 and values[0][2] and "\n" in text.strip():
        for line in text.split("\n"):
            if line.strip():
                yield read_line(line.rstrip("\r"))
        return
    yield from values


def read_line(line: str) -> Found:
    """Read one line; a comma after it is no part of it."""
    text = line.strip()
    try:
        return checked(parse.loads(text.removesuffix(",")), line)
    except (ValueError, RecursionError) as error:
        return None, shown(line), *_why(error)


def _array(text: str, position: int) -> Iterator[Found]:
    """Read the elements one by one; what cannot be read up to the next object is one row."""
    closed = False
    while True:
        position = _skip(text, position)
        if position >= len(text):
            break
        if text[position] == "]" and not text[position + 1 :].strip():
            closed = True
            break
        try:
            value, end = parse.first(text, position)
            yield checked(value, text[position:end])
        except (ValueError, RecursionError) as error:
            found = _NEXT_OBJECT.search(text, position + 1)
            end = found.end() if found else len(text)
            yield None, shown(text[position:end].strip()), *_why(error)
            closed = end >= len(text)  # the broken end is told already
        position = end
    if not closed:
        yield None, shown(text[-200:]), OPEN, "what follows is missing"


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _SPACE + ",":
        position += 1
    return position


def _why(error: Exception) -> tuple[str, str]:
    if isinstance(error, parse.RepeatedKeyError):
        return str(error), ""
    return "broken JSON", "nested too deep" if isinstance(error, RecursionError) else str(error)


def checked(value: Any, raw: str) -> Found:
    """Return what was read, or that it holds bytes that are no UTF-8."""
    if any("\udc80" <= letter <= "\udcff" for letter in raw):
        return None, shown(raw), "invalid UTF-8", ""
    return value, raw, "", ""


def shown(raw: str) -> str:
    r"""Return text with each byte that is no UTF-8 as \xNN."""
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", errors="backslashreplace")
