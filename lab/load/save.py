"""Pools to files, each written under a temporary name and moved into place when whole."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from lab import records
from lab.errors import DataError


def jsonl(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write every column and the id, one example a line; `.gz` at the end of the name gzips."""
    return _write(path, (_line(row) for row in _rows(pool.reset_index())))


def parquet(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write every column and the id as Parquet."""
    return records.write_parquet(pool, path)


def alpaca(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write `instruction`, `input` and `output` as one JSON array, as Alpaca's file is.

    Raises
    ------
    DataError
        If an example has a history, for which the format has no place; use `messages`.
    """
    for key, history in pool["history"].items():
        if history:
            raise DataError(
                "Alpaca's format has no place for it; use save.messages",
                row=str(key),
                field="history",
            )
    rows = json.dumps(_rows(pool[list(records.TEXTS)]), ensure_ascii=False, indent=1)
    return _write(path, iter([rows, "\n"]))


def messages(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write `id`, `source` and `messages` (the whole conversation), one example a line."""
    lines = (
        _line({"id": key, "source": row["source"], "messages": records.conversation(row)})
        for key, row in zip(pool.index, _rows(pool), strict=True)
    )
    return _write(path, lines)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in table.columns]
    columns = [
        [None if _missing(value) else value for value in table[name].tolist()]
        for name in table.columns
    ]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value  # noqa: PLR0124


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path: str | Path, chunks: Iterator[str]) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _open(part, gzipped=path.suffix == ".gz") as stream:
            stream.writelines(chunks)
    except (TypeError, ValueError) as error:
        part.unlink()
        raise DataError(f"cannot be written as JSON: {error}", file=path) from error
    return part.replace(path)


def _open(path: Path, *, gzipped: bool) -> TextIO:
    if gzipped:
        return gzip.open(path, "wt", encoding="utf-8", newline="\n")
    return path.open("w", encoding="utf-8", newline="\n")
