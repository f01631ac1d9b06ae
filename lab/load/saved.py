"""Read back a whole pool that `load.save` wrote."""

from pathlib import Path

import pandas as pd

from lab import origins, records
from lab.errors import DataError
from lab.load.rows import opened, read


def saved(path: str | Path) -> pd.DataFrame:
    """Read a pool written by `save.parquet` or `save.jsonl`, and check it.

    Raises
    ------
    DataError
        If the file does not hold a whole pool: here nothing is refused row by row.
    """
    path = Path(path)
    pool = _parquet(path) if path.suffix == ".parquet" else _lines(path)
    if origins.TESTBED in set(pool["source"]):
        origins.note("data", origins.TESTBED)
    if set(pool["source"]) != {origins.TESTBED}:
        opened(path)
    return pool


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
