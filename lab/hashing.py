"""Stable hashes of texts, messages and parameters: the same on every machine and in every year.

A value is written as canonical JSON (sorted keys, no spaces, ASCII) and hashed with SHA-256.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ID_DIGITS = 16
HALF_PAIR = re.compile("[\ud800-\udfff]")  # half of a character: UTF-8 cannot hold it


def canonical(value: object) -> str:
    """Write `value` as JSON that is equal for equal values.

    Takes None, bool, int, finite float, str, and mappings (with str keys), sequences and sets of
    these; paths count as their text. Tuples and lists are equal; sets are sorted.

    Raises
    ------
    TypeError
        If a value has no canonical form; hash what defines it instead.
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> canonical({"b": (1, 2), "a": None})
    '{"a":null,"b":[1,2]}'
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def digest(value: object, *, digits: int = 64) -> str:
    """Return the first `digits` hex digits of the SHA-256 of the canonical form of `value`."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()[:digits]


def example_id(
    history: Sequence[Mapping[str, Any]],
    instruction: str,
    input: str,
    output: str,
    *,
    structure: Mapping[str, Any] | None = None,
) -> str:
    """Return the id of an example: 16 hex digits over its four texts, in this order.

    What a message holds beside role and content, and the `structure` of the example (tools,
    thinking, calls …), count where they are not empty, in canonical form: the order of keys makes
    no difference. Without them the id is that of the four texts alone.

    Examples
    --------
    >>> texts = ("Add.", "1 2", "3")
    >>> example_id([], *texts) == example_id([], *texts, structure={"tools": []})
    True
    """
    parts: list[Any] = [[_turn(turn) for turn in history], instruction, input, output]
    held = {name: value for name, value in (structure or {}).items() if not _empty(value)}
    if held:
        parts.append(canonical(held))
    text = json.dumps(_plain(parts), separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:ID_DIGITS]


def _turn(turn: Mapping[str, Any]) -> Mapping[str, Any]:
    if len(turn) <= 2:  # role and content alone, the order as given
        return turn
    more = {k: v for k, v in turn.items() if k not in ("role", "content") and not _empty(v)}
    plain = {k: turn[k] for k in turn if k in ("role", "content")}
    return {**plain, "more": canonical(more)} if more else plain


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, tuple, dict)) and not value)


def encodable(text: str) -> bool:
    r"""Say whether UTF-8 can hold `text`; it cannot where half of a surrogate pair stands alone.

    Examples
    --------
    >>> encodable("\U0001f600"), encodable("\ud83d")
    (True, False)
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def mended(text: str) -> str:
    r"""Return `text` with U+FFFD for each half of a surrogate pair that stands alone.

    Examples
    --------
    >>> mended("a\ud83d") == "a\ufffd"
    True
    """
    return text if encodable(text) else HALF_PAIR.sub("\ufffd", text)


def file(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, 64 hex digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        odd = [key for key in value if not isinstance(key, str)]
        if odd:
            raise TypeError(f"keys must be str to be hashed, got {odd[0]!r}")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item) for item in value), key=canonical)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(item) for item in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # a numpy scalar
        return _plain(value.item())
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) >= 1:  # an array
        return _plain(value.tolist())
    raise TypeError(f"no canonical form for {type(value).__name__}: {value!r}")
