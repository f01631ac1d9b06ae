"""Pools to files, each written under a temporary name and moved into place when whole."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from lab import origins, records
from lab.errors import DataError
from lab.load import spelled, thoughts


def jsonl(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write every column and the id, one example a line; `.gz` at the end of the name gzips."""
    return _write(path, (_line(row) for row in _rows(pool.reset_index())))


def parquet(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write every column and the id as Parquet."""
    written = records.write_parquet(pool, path)
    origins.wrote(str(written.resolve()))
    return written


def alpaca(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write `instruction`, `input` and `output` as one JSON array, as Alpaca's file is.

    Thinking is written into the output, as `<think>…</think>` before the answer.

    Raises
    ------
    DataError
        If an example has a history, tools, calls or images, for which the format has no place; use
        `messages`.
    """
    rows = []
    for key, row in zip(pool.index, _rows(pool), strict=True):
        held = {"history": row["history"], **records.structure(row)}
        thinking = held.pop("thinking", "")
        for name, value in held.items():
            if value:
                raise DataError(
                    "Alpaca's format has no place for it; use save.messages",
                    row=str(key),
                    field=name,
                )
        output = thoughts.join(thinking, row["output"])
        rows.append({**{name: row[name] for name in records.TEXTS}, "output": output})
    return _write(path, iter([json.dumps(rows, ensure_ascii=False, indent=1), "\n"]))


def messages(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write the whole conversations in OpenAI's form, one example a line.

    Each has `id`, `source`, `messages`, and where the example has them `tools`, `images` and
    `input`. Arguments of calls are JSON text, thinking is `reasoning_content`.
    """
    return _write(path, (_line(spelled.openai(*pair)) for pair in _keyed(pool)))


def sharegpt(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write the whole conversations as ShareGPT's turns (`from`, `value`), one example a line.

    Calls are turns `function_call`, replies of tools `observation`, `tools` is JSON text, and
    thinking stands as `<think>…</think>` before the answer, as LLaMA-Factory reads them.
    """
    return _write(path, (_line(spelled.sharegpt(*pair)) for pair in _keyed(pool)))


def preference(pool: pd.DataFrame, path: str | Path) -> Path:
    """Write pairs as TRL reads them: `prompt`, `chosen`, `rejected` as messages, one a line.

    Raises
    ------
    DataError
        If the pool has no column `rejected`.
    """
    if "rejected" not in pool.columns:
        raise DataError(f"a pool of pairs needs the column 'rejected', got {list(pool.columns)}")
    return _write(path, (_line(spelled.pair(*pair)) for pair in _keyed(pool)))


def _keyed(pool: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from zip(map(str, pool.index), _rows(pool), strict=True)


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
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        name = next((name for name, value in row.items() if not _is_json(value)), None)
        raise DataError(
            f"cannot be written as JSON: {error}",
            row=row.get("id"),
            field=name,
            value=None if name is None else row[name],
        ) from error


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _write(path: str | Path, chunks: Iterator[str]) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _open(part, gzipped=path.suffix == ".gz") as stream:
            stream.writelines(chunks)
    except DataError as error:
        part.unlink()
        raise DataError(
            error.reason, file=path, row=error.row, field=error.field, value=error.value
        ) from error
    part.replace(path)
    origins.wrote(str(path.resolve()))
    return path


def _open(path: Path, *, gzipped: bool) -> TextIO:
    if gzipped:
        return gzip.open(path, "wt", encoding="utf-8", newline="\n")
    return path.open("w", encoding="utf-8", newline="\n")
