"""Read back what `load.save` wrote: a whole pool, or shards of one from anywhere."""

from pathlib import Path
from typing import Any

import pandas as pd

from lab import origins, records
from lab.errors import DataError
from lab.load import parse
from lab.load.loaded import Example, Loaded, collect
from lab.load.rows import opened, read

LISTS = ("history", "tools", "steps", "calls", "images", "turn_keys")  # JSON text in Parquet


def saved(path: str | Path) -> pd.DataFrame:
    """Read a pool written by `save.parquet` or `save.jsonl`, and check it.

    Raises
    ------
    DataError
        If the file does not hold a whole pool: here nothing is refused row by row.

    Examples
    --------
    >>> from lab import load, paths, records
    >>> pool = records.frame([{"instruction": "Add 1 and 2.", "output": "3"}])
    >>> file = load.save.parquet(pool, paths.data() / "kept.parquet")
    >>> saved(file).equals(pool)
    True
    """
    path = Path(path)
    pool = _parquet(path) if path.suffix == ".parquet" else _lines(path)
    if origins.TESTBED in set(pool["source"]):
        origins.note("data", origins.TESTBED)
    if set(pool["source"]) != {origins.TESTBED}:
        opened(path)
    return pool


def shards(path: str | Path) -> Loaded:
    """Read the rows of pools, such as a data set's folder of Parquet files, row by row.

    Unlike `saved` it refuses rows instead of the whole, and takes texts that changed: they have new
    ids.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.
    """
    return collect(path, example)


def example(given: dict[str, Any]) -> Example:
    """Return a row of a pool as an example; lists may be JSON text."""
    row = {name: value for name, value in given.items() if name != "given_id"}
    for name in ("instruction", "output"):
        if name not in row:
            raise DataError("is missing", field=name, value=sorted(row))
    for name in ("parent", "recipe"):
        row[name] = row.pop(f"given_{name}", None)
    for name in LISTS:
        if isinstance(row.get(name), str):
            try:
                row[name] = parse.loads(row[name])
            except (ValueError, RecursionError) as error:
                raise DataError("is no list", field=name, value=row[name]) from error
    return {**row, "input": row.get("input") or "", "history": row.get("history") or []}


def _parquet(path: Path) -> pd.DataFrame:
    return records.validate(records.read_parquet(path))


def _lines(path: Path) -> pd.DataFrame:
    rows = []
    for row in read(path, noted=False):
        if row.reason or not isinstance(row.value, dict):
            raise DataError(row.reason or "must be an object", file=path, row=row.number)
        rows.append(row.value)
    try:
        pool = records.frame(rows)
    except DataError as error:
        raise DataError(f"{error}; foreign files go through load.alpaca", file=path) from error
    ids = [row.get("id") for row in rows]
    if ids != pool.index.tolist():
        raise DataError("its ids do not match its texts", file=path, field="id")
    return pool
