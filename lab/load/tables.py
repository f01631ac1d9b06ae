"""The rows of tables: CSV and TSV with a header, and Parquet."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lab.errors import DataError
from lab.load import content, documents

FIELD_CHARACTERS = 8 * 2**20  # a longer field is no text of an example
_BATCH = 1_000
_CARRIAGE = re.compile(r"(?<=\r)(?!\n)(?!\Z)")  # where a line ends as on old machines


def separated(path: Path, stream: BinaryIO) -> Iterator[tuple[int, Any, str, str, str]]:
    """Yield number, value, raw text, reason and detail of each record below the header.

    Raises
    ------
    DataError
        If there is no header, or a field is longer than 8 MiB.
    """
    csv.field_size_limit(FIELD_CHARACTERS)
    reader = csv.reader(
        _lines(path, stream), delimiter="\t" if content.kind(path) == ".tsv" else ","
    )
    number = 0
    try:
        names = next(reader, [])
        if not names or len(set(names)) != len(names):
            raise DataError(f"needs a header of distinct names, got {names}", file=path)
        for number, fields in enumerate(reader, start=1):
            if fields:
                yield number, *_record(names, fields)
    except csv.Error as error:
        raise DataError(f"cannot be read: {error}", file=path, row=number + 1) from error


def _lines(path: Path, stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a table, none of which may be longer than a field."""
    while line := stream.readline(FIELD_CHARACTERS + 1):
        if len(line) > FIELD_CHARACTERS:
            raise DataError(f"holds a line of more than {FIELD_CHARACTERS:,} bytes", file=path)
        text = line.decode("utf-8", errors="surrogateescape")
        yield from _CARRIAGE.split(text) if "\r" in text.removesuffix("\r\n") else [text]


def _record(names: list[str], fields: list[str]) -> documents.Found:
    raw = ",".join(fields)
    if len(fields) != len(names):
        return (
            None,
            documents.shown(raw),
            f"{len(fields)} fields under a header of {len(names)}",
            "",
        )
    return documents.checked(dict(zip(names, fields, strict=True)), raw)


def parquet(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file, a thousand in memory at once.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    try:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=_BATCH):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"cannot be read as Parquet: {error}", file=path) from error
