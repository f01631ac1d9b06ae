"""Read the raw rows of a JSON or JSON Lines file, gzipped or not, one by one, broken ones too.

Lines end at a line feed only: texts may hold U+2028, U+2029 or U+0085 unescaped.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import origins, paths
from lab.errors import DataError

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NEXT_OBJECT = re.compile(r"[,\n\]]\s*(?=\{)")
_SPACE = " \t\r\n"


@dataclass(frozen=True)
class Row:
    """One row of a file: its value, or the reason why it has none."""

    number: int  # the line of a JSON Lines file, the position in a JSON array; both from 1
    value: Any
    raw: str  # as it stands in the file; bytes that are not UTF-8 as \\xNN
    reason: str = ""
    detail: str = ""


def read(path: str | Path, *, noted: bool = True) -> Iterator[Row]:
    """Yield every row of a JSON array or a JSON Lines file; blank lines are no rows.

    The file is noted as data that was used (`lab.origins`), unless the caller knows better.

    Raises
    ------
    DataError
        If the file is missing, empty, not readable, or not UTF-8 as a whole (UTF-16).
    """
    content = _content(Path(path))
    if noted:
        opened(Path(path))
    if content.lstrip().startswith(b"["):
        yield from _array(content)
    else:
        yield from _lines(content)


def opened(path: Path) -> None:
    """Note a file as data that was used; those that come with the project as such."""
    sample = path.resolve().is_relative_to(paths.samples().resolve())
    origins.note("data", origins.SAMPLES if sample else path.name)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except FileNotFoundError as error:
        raise DataError("there is no such file", file=path) from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot be read: {error}", file=path) from error
    if content.startswith(_UTF16):
        raise DataError("is UTF-16; save it as UTF-8", file=path)
    content = content.removeprefix(_BOM)
    if not content.strip():
        raise DataError("is empty", file=path)
    return content


def _lines(content: bytes) -> Iterator[Row]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield _row(number, line.rstrip(b"\r"))


def _row(number: int, line: bytes) -> Row:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raw = line.decode("utf-8", errors="backslashreplace")
        return Row(number, None, raw, "invalid UTF-8", f"at byte {error.start}")
    try:
        return Row(number, json.loads(text), text)
    except (ValueError, RecursionError) as error:
        return Row(number, None, text, "broken JSON", str(error))


def _array(content: bytes) -> Iterator[Row]:
    try:
        values = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        yield from _broken_array(content.decode("utf-8", errors="surrogateescape"))
        return
    for number, value in enumerate(values, start=1):
        yield Row(number, value, "")


def _broken_array(text: str) -> Iterator[Row]:
    """Read the elements one by one; what cannot be read up to the next object is one row."""
    decoder = json.JSONDecoder()
    position, number, closed = text.index("[") + 1, 0, False
    while True:
        while position < len(text) and text[position] in _SPACE + ",":
            position += 1
        if position >= len(text):
            break
        if text[position] == "]" and not text[position + 1 :].strip():
            closed = True
            break
        number += 1
        try:
            value, end = decoder.raw_decode(text, position)
            yield _checked(number, value, text[position:end])
        except (ValueError, RecursionError) as error:
            found = _NEXT_OBJECT.search(text, position + 1)
            end = found.end() if found else len(text)
            yield Row(number, None, _shown(text[position:end].strip()), "broken JSON", str(error))
        position = end
    if not closed and number == 0:
        yield Row(1, None, _shown(text), "broken JSON", "the array does not end")


def _checked(number: int, value: Any, raw: str) -> Row:
    if any("\udc80" <= letter <= "\udcff" for letter in raw):
        return Row(number, None, _shown(raw), "invalid UTF-8")
    return Row(number, value, raw)


def _shown(raw: str) -> str:
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", errors="backslashreplace")
