"""Read files of others as they stand: JSON, JSON Lines or CSV, gzipped or not."""

import gzip
import json
import zlib
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from lab.errors import DataError


def objects(path: str | Path) -> list[Mapping[str, Any]]:
    """Return the rows of a JSON array or a JSON Lines file, all of which must be objects.

    Lines end at a line feed only. Each line is a row as it stands, alone in its file or not.
    """
    content = text(path)
    is_array = content.lstrip().startswith("[")
    raw = [content] if is_array else [line for line in content.split("\n") if line.strip()]
    found: list[Any] = []
    for number, line in enumerate(raw, start=1):
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise DataError(f"is no JSON: {error}", file=path, row=number) from error
    found = found[0] if is_array else found
    for number, value in enumerate(found, start=1):
        if not isinstance(value, Mapping):
            raise DataError("is no object", file=path, row=number, value=value)
    return found


def document(path: str | Path) -> dict[str, Any]:
    """Return the one JSON object of a file."""
    try:
        found = json.loads(text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"is no JSON: {error}", file=path) from error
    if not isinstance(found, dict):
        raise DataError(f"must be an object, is a {type(found).__name__}", file=path)
    return found


def text(path: str | Path) -> str:
    """Return the text of a file, UTF-8, unpacked if it is gzipped."""
    place = Path(path)
    try:
        raw = place.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        return raw.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise DataError("there is no such file", file=path) from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", file=path) from error


def named(path: str | Path) -> pd.DataFrame:
    """Return a CSV whose first column names the rows, with or without a name of its own."""
    table = pd.read_csv(StringIO(text(path)), index_col=0)
    return table.rename_axis("model")


def take(row: Mapping[str, Any], *names: str, file: str | Path, number: int) -> Any:
    """Return the first of these fields that a row has; DataError names all if it has none."""
    for name in names:
        if row.get(name) is not None:
            return row[name]
    raise DataError(
        f"has none of the fields {', '.join(names)} (has {', '.join(sorted(row))})",
        file=file,
        row=number,
    )
