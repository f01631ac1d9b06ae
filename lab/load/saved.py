"""Read back a whole pool that `load.save` wrote."""

from pathlib import Path

import pandas as pd

from lab import records
from lab.errors import DataError
from lab.load.rows import read


def saved(path: str | Path) -> pd.DataFrame:
    """Read a pool written by `save.parquet` or `save.jsonl`, and check it.

    Raises
    ------
    DataError
        If the file does not hold a whole pool: here nothing is refused row by row.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        return records.validate(records.read_parquet(path))
    rows = []
    for row in read(path):
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
