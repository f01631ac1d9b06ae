"""What every reader gives: the pool, and the rows that it refused, each with its reason."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lab import hashing, records
from lab.errors import DataError
from lab.load.rows import Row, read

REFUSED = ("file", "row", "field", "reason", "value", "raw")
_RESERVED = {name: f"given_{name}" for name in ("id", "parent", "recipe")}


@dataclass(frozen=True, eq=False)
class Loaded:
    """A pool and what was refused; `rows` = `len(pool)` + `len(refused)`, always."""

    pool: pd.DataFrame
    refused: pd.DataFrame  # columns of `REFUSED`; `row` is the line, or the position in an array
    rows: int

    def __repr__(self) -> str:
        kept, refused = len(self.pool), len(self.refused)
        return f"Loaded({self.rows:,} rows: {kept:,} in the pool, {refused:,} refused)"

    def reasons(self) -> "pd.Series[int]":
        """Count the refused rows by field and reason, most frequent first."""
        return self.refused.groupby(["field", "reason"]).size().sort_values(ascending=False)


def collect(
    path: str | Path, convert: Callable[[dict[str, Any]], dict[str, Any]], *, hint: str
) -> Loaded:
    """Read `path`, turn each object into an example with `convert`, and refuse what fails.

    `convert` raises DataError with the field and the value that it cannot take. Keys `id`,
    `parent` and `recipe` of the file are kept as `given_id` and so on.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row of it can; `hint` says what to try then.
    """
    path = Path(path)
    rows: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    first: dict[str, int] = {}  # id -> the row that holds it
    for row in read(path):
        try:
            example = _example(row, convert)
            known = first.setdefault(_id(example), row.number)
            if known != row.number:
                raise DataError("the same four texts as an earlier row", value=known)  # noqa: TRY301
            rows.append(example)
        except DataError as error:
            refused.append(_refusal(path, row, error))
    if not rows:
        reason = refused[0]["reason"]
        at = refused[0]["row"]
        raise DataError(
            f"not one of {len(refused)} rows fits ({reason}); {hint}", file=path, row=at
        )
    table = pd.DataFrame(refused, columns=list(REFUSED))
    return Loaded(records.frame(rows, source=path.name), table, len(rows) + len(refused))


def _example(row: Row, convert: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    if row.reason:
        raise DataError(row.reason, value=row.detail)
    if not isinstance(row.value, dict):
        raise DataError("must be an object", value=row.value)
    example = convert(
        {_RESERVED.get(str(name), str(name)): value for name, value in row.value.items()}
    )
    for name in records.TEXTS:
        _check_text(name, example[name])
    if not example["instruction"].strip():
        raise DataError("is empty", field="instruction", value=example["instruction"])
    for turn in example["history"]:
        _check_text("history", turn["content"])
    return example


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise DataError(f"must be text, not {type(value).__name__}", field=name, value=value)
    if not hashing.encodable(value):
        raise DataError(records.HALF_PAIR, field=name, value=value)


def _id(example: dict[str, Any]) -> str:
    return hashing.example_id(example["history"], *(example[name] for name in records.TEXTS))


def _refusal(path: Path, row: Row, error: DataError) -> dict[str, Any]:
    shown = "" if error.value is None else repr(error.value)[:200]
    raw = row.raw or json.dumps(row.value, ensure_ascii=True)
    return {
        "file": path.name,
        "row": row.number,
        "field": error.field or "",
        "reason": error.reason,
        "value": shown.encode("utf-8", "backslashreplace").decode("utf-8"),
        "raw": raw,
    }
