"""The schema of a pool in one place: build one, check one, read one example as messages.

A pool is a DataFrame of examples indexed by `id`. Text never changes under an id: a step that
rewrites makes new rows, with `parent` set to the id they were made from.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lab import hashing
from lab.errors import DataError

Message = dict[str, str]
TEXTS = ("instruction", "input", "output")
COLUMNS = ("history", *TEXTS, "source", "parent", "recipe")
HALF_PAIR = "holds half of a surrogate pair"
ROLES = ("system", "user", "assistant", "tool")


def frame(rows: Iterable[Mapping[str, Any]], *, source: str | None = None) -> pd.DataFrame:
    """Build a pool from rows that hold at least `instruction` and `output`.

    Missing `history`, `input`, `parent` and `recipe` become `[]`, `""` and None; other keys
    become columns. Rows with the same id (same four texts) are the same example: the first stays.

    Parameters
    ----------
    rows : iterable of mappings
        One per example.
    source : str, optional
        The source of rows that name none.

    Raises
    ------
    DataError
        If a text is missing or not a string, or a history is not a list of messages.

    Examples
    --------
    >>> frame([{"instruction": "Add 1 and 2.", "output": "3"}], source="me")["output"].tolist()
    ['3']
    """
    seen: dict[str, dict[str, Any]] = {}
    for number, given in enumerate(rows):
        row: dict[str, Any] = {"history": [], "input": "", "source": source}
        row |= {"parent": None, "recipe": None, **given}
        _check_row(row, number)
        row.pop("id", None)
        key = hashing.example_id(row["history"], row["instruction"], row["input"], row["output"])
        seen.setdefault(key, row)
    extra = [name for row in seen.values() for name in row if name not in COLUMNS]
    columns = [*COLUMNS, *dict.fromkeys(extra)]
    index = pd.Index(list(seen), name="id", dtype="str")
    values = list(seen.values())
    return pd.DataFrame(
        {name: _column(name, [row.get(name) for row in values], index) for name in columns},
        index=index,
    )


def validate(pool: pd.DataFrame) -> pd.DataFrame:
    """Return `pool` if it keeps the schema: columns, kinds, distinct ids that match the texts.

    Raises
    ------
    DataError
        Naming the first row and field that break it.
    """
    missing = [name for name in COLUMNS if name not in pool.columns]
    if missing:
        raise DataError(f"a pool needs the column {missing[0]!r}; it has {list(pool.columns)}")
    if pool.index.name != "id":
        raise DataError(f"a pool is indexed by 'id', this one by {pool.index.name!r}")
    if not pool.index.is_unique:
        twice = pool.index[pool.index.duplicated()][0]
        raise DataError("ids must be distinct", row=str(twice), field="id")
    for key, *values in pool[["history", *TEXTS]].itertuples():
        row = dict(zip(("history", *TEXTS), values, strict=True))
        _check_row(row, key)
        if hashing.example_id(*values) != key:
            raise DataError(
                "the text changed under its id; a rewritten row is a new row with `parent`",
                row=key,
                field="id",
            )
    return pool


def user_turn(example: Mapping[str, Any] | pd.Series) -> str:
    """Return the last user message: the instruction, and below it the input if there is one."""
    text = str(example["instruction"])
    return f"{text}\n\n{example['input']}" if example["input"] else text


def prompt(example: Mapping[str, Any] | pd.Series) -> list[Message]:
    """Return the messages that ask for the output: the history and the last user message."""
    return [*example["history"], {"role": "user", "content": user_turn(example)}]


def conversation(example: Mapping[str, Any] | pd.Series) -> list[Message]:
    """Return all messages of an example; the last one is its output.

    Examples
    --------
    >>> pool = frame([{"instruction": "Add.", "input": "1 2", "output": "3"}])
    >>> [message["role"] for message in conversation(pool.iloc[0])]
    ['user', 'assistant']
    """
    return [*prompt(example), {"role": "assistant", "content": str(example["output"])}]


def fingerprint(pool: pd.DataFrame | pd.Index) -> str:
    """Return a hash of the ordered ids: what a run takes as its input."""
    index = pool if isinstance(pool, pd.Index) else pool.index
    return hashing.digest([str(key) for key in index], digits=hashing.ID_DIGITS)


def write_parquet(table: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame as Parquet under a temporary name, then move it into place.

    Raises
    ------
    DataError
        If a column mixes kinds that Parquet cannot hold together.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    named = table.set_axis([str(name) for name in table.columns], axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        named.to_parquet(part)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        part.unlink(missing_ok=True)
        raise DataError(f"cannot be written as Parquet: {error}", file=path) from error
    part.replace(path)
    return path


def read_parquet(path: str | Path) -> pd.DataFrame:
    """Read a frame that `write_parquet` wrote; nested values come back as lists and dicts."""
    try:
        arrow = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"cannot be read as Parquet: {error}", file=path) from error
    table: pd.DataFrame = arrow.to_pandas()
    for name in arrow.column_names:
        if pa.types.is_nested(arrow.schema.field(name).type):
            values = pd.Series(arrow.column(name).to_pylist(), index=table.index, dtype="object")
            table[name] = values
    return table


def _column(name: str, values: list[Any], index: pd.Index) -> "pd.Series[Any]":
    if name in TEXTS:
        return pd.Series(values, index=index, dtype="str")
    if name in ("history", "source", "parent", "recipe"):
        return pd.Series(values, index=index, dtype="object" if name == "history" else "str")
    return pd.Series(values, index=index)


def _check_row(row: Mapping[str, Any], number: int | str) -> None:
    for name in TEXTS:
        if name not in row:
            raise DataError(f"no {name!r} (has {sorted(row)})", row=number, field=name)
        if not isinstance(row[name], str):
            raise DataError(
                f"must be text, not {type(row[name]).__name__}",
                row=number,
                field=name,
                value=row[name],
            )
        if not hashing.encodable(row[name]):
            raise DataError(HALF_PAIR, row=number, field=name, value=row[name])
    history = row["history"]
    if not isinstance(history, list) or not all(_is_message(turn) for turn in history):
        raise DataError(
            f"must be a list of messages with a role of {', '.join(ROLES)} and text content",
            row=number,
            field="history",
            value=history,
        )
    if not all(hashing.encodable(turn["content"]) for turn in history):
        raise DataError(HALF_PAIR, row=number, field="history", value=history)


def _is_message(turn: object) -> bool:
    return (
        isinstance(turn, dict)
        and turn.get("role") in ROLES
        and isinstance(turn.get("content"), str)
    )
