"""The raw rows of a file or a folder, one by one, broken ones too.

JSON Lines are read line by line, so that their size does not matter; lines end at a line feed only:
texts may hold U+2028, U+2029 or U+0085 unescaped. Tables (CSV, Parquet) give one row a record.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from lab import origins, paths
from lab.errors import DataError
from lab.load import content, documents, tables

ROW_BYTES = 8 * 2**20  # a longer line is no example
KINDS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
LINES = (".jsonl", ".ndjson")  # a line is a row, also where there is but one
_CHUNK = 2**20


@dataclass(frozen=True)
class Row:
    """One row of a file: its value, or the reason why it has none."""

    number: int  # the line of a JSON Lines file, the position elsewhere; both from 1
    value: Any
    raw: str  # as it stands in the file; bytes that are not UTF-8 as \\xNN
    reason: str = ""
    detail: str = ""
    file: str = ""  # its name, below the folder that was read


def read(path: str | Path, *, noted: bool = True) -> Iterator[Row]:
    """Yield every row of a file, or of all files of a folder in the order of their names.

    JSON Lines (by its name or its form); JSON as an array, as columns of equal length, as one
    object that wraps the rows, or as objects one after the other; CSV and TSV with a header;
    Parquet. All but Parquet may be packed as gzip or zstd. Blank lines are no rows. The file is
    noted as data that was used (`lab.origins`), unless the caller knows better.

    Raises
    ------
    DataError
        If the file is missing, empty, not readable, or not UTF-8 as a whole (UTF-16).

    Examples
    --------
    >>> from lab import paths
    >>> next(read(paths.samples() / "alpaca.json")).value["instruction"]
    'Name three colours of a ripe apple.'
    """
    path = Path(path)
    if noted:
        opened(path)
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if content.kind(file) in KINDS)
        if not found:
            raise DataError(f"cannot be read: the folder holds no {', '.join(KINDS)}", file=path)
        for file in found:
            name = str(file.relative_to(path))
            yield from (replace(row, file=name) for row in _file(file))
        return
    for row in _file(path):
        yield replace(row, file=path.name)


def opened(path: Path) -> None:
    """Note a file as data that was used; those that come with the project as such.

    A file that this process wrote holds nothing that is not noted yet.
    """
    if origins.is_written(str(path.resolve())):
        return
    sample = path.resolve().is_relative_to(paths.samples().resolve())
    origins.note("data", origins.SAMPLES if sample else path.name)


def _file(path: Path) -> Iterator[Row]:
    if content.head(path) == content.PARQUET:
        yield from (Row(n, value, "") for n, value in enumerate(tables.parquet(path), start=1))
        return
    with content.unpacked(path) as stream:
        if content.kind(path) in (".csv", ".tsv"):
            yield from (Row(*found) for found in tables.separated(path, stream))
            return
        number, first = 0, b"\n"
        while first and not first.strip():
            number, first = number + 1, stream.readline(ROW_BYTES + 1)
        if not first:
            raise DataError("is empty", file=path)
        if documents.is_lines(first) or (len(first) > ROW_BYTES and first.startswith(b"{")):
            rows = _each_line(number, first, stream)
            yield from rows if content.kind(path) in LINES else _lines(rows)
        else:
            yield from _document(first + content.whole(stream, path))


def _lines(rows: Iterator[Row]) -> Iterator[Row]:
    only = next(rows)
    second = next(rows, None)
    if second is None and isinstance(only.value, dict):  # one object may wrap the rows
        values = documents.unwrapped(only.value)
        if values != [only.value]:
            yield from (Row(n, value, "") for n, value in enumerate(values, start=1))
            return
    yield only
    if second is not None:
        yield second
        yield from rows


def _each_line(number: int, line: bytes, stream: BinaryIO) -> Iterator[Row]:
    while line:
        if len(line) > ROW_BYTES:
            start = line[:200].decode("utf-8", errors="backslashreplace")
            while line and not line.endswith(b"\n"):
                line = stream.readline(_CHUNK)
            yield Row(number, None, start + "…", f"longer than {ROW_BYTES:,} bytes")
        elif line.strip():
            yield _row(number, line.rstrip(b"\n").rstrip(b"\r"))
        number, line = number + 1, stream.readline(ROW_BYTES + 1)


def _row(number: int, line: bytes) -> Row:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raw = line.decode("utf-8", errors="backslashreplace")
        return Row(number, None, raw, "invalid UTF-8", f"at byte {error.start}")
    return Row(number, *documents.read_line(text))


def _document(content: bytes) -> Iterator[Row]:
    text = content.decode("utf-8", errors="surrogateescape")
    for number, found in enumerate(documents.rows(text), start=1):
        yield Row(number, *found)
