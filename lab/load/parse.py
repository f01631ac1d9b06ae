"""JSON as Python's writers write it, and no key lost: NaN is missing, a key stands once."""

import json
from typing import Any

DEEPEST = 64  # levels of lists and objects in a row; deeper is an attack or a mistake


class RepeatedKeyError(ValueError):
    """A key stands twice in one object, so that one of its values would be lost."""


def loads(text: str) -> Any:
    """Return the value of one JSON text; `NaN` becomes None, as in other readers of tables.

    Raises
    ------
    ValueError
        If it is no JSON, a key stands twice in an object, or a number has too many digits.
    RecursionError
        If it is nested too deep to be read.

    Examples
    --------
    >>> loads('{"a": NaN, "b": [1]}')
    {'a': None, 'b': [1]}
    """
    return _DECODER.decode(text)


def first(text: str, start: int) -> tuple[Any, int]:
    """Return the JSON value that starts at `start`, and where it ends; errors as `loads`.

    Examples
    --------
    >>> first('[1] [2]', 4)
    ([2], 7)
    """
    return _DECODER.raw_decode(text, start)


def too_deep(value: object, levels: int = DEEPEST) -> bool:
    """Say whether `value` holds lists or objects of more than `levels` levels.

    Examples
    --------
    >>> too_deep([[1]], 2), too_deep([[1]], 1)
    (False, True)
    """
    layer = [value]
    for _ in range(levels):
        layer = [
            item
            for part in layer
            if isinstance(part, (list, dict))
            for item in (part.values() if isinstance(part, dict) else part)
            if isinstance(item, (list, dict))
        ]
        if not layer:
            return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for number, key in enumerate(keys) if key in keys[:number])
        raise RepeatedKeyError(f"the key {twice!r} stands twice")
    return found


def _constant(name: str) -> float | None:
    return None if name == "NaN" else float(name.replace("Infinity", "inf"))


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
