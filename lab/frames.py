"""Frames as Arrow tables and Parquet files, from which every value comes back as it was.

Columns that hold objects of their own keys (calls of tools, schemas) are written as JSON, since
Arrow would give every object the keys of all the others.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lab import files
from lab.errors import DataError

_LOOSE = b"winnow.json"  # names the columns of a Parquet file that are written as JSON


def write_parquet(table: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame as Parquet under a temporary name, then move it into place.

    Rows are cut into pages by their content, so that a store of versions keeps what did not change
    once, and pages have an index; `read_parquet` reads all values back.

    Raises
    ------
    DataError
        If a column mixes kinds that Parquet cannot hold together, naming the column and its row.
    """
    path = Path(path)
    arrow, loose = as_arrow(table, path)
    marked = {**(arrow.schema.metadata or {}), _LOOSE: json.dumps(loose).encode()}
    try:
        with files.replacing(path) as part:
            pq.write_table(
                arrow.replace_schema_metadata(marked),
                part,
                use_content_defined_chunking=True,
                write_page_index=True,
            )
    except pa.ArrowException as error:
        raise DataError(f"cannot be written as Parquet: {error}", file=path) from error
    return path


def as_arrow(table: pd.DataFrame, file: str | Path | None = None) -> tuple[Any, list[str]]:
    """Return a frame as an Arrow table, and the names of its columns that are JSON text in it.

    Raises
    ------
    DataError
        If a column mixes kinds that Arrow cannot hold together, naming the column and its row.
    """
    named = table.set_axis([str(name) for name in table.columns], axis=1)
    loose = [name for name in named.columns if _loose(named[name])]
    for name in loose:
        named[name] = [_json(value, file, key, name) for key, value in named[name].items()]
    try:
        return pa.Table.from_pandas(named), loose
    except (pa.ArrowException, OverflowError) as error:
        row, field = _culprit(named)
        raise DataError(
            f"cannot be written as Parquet: {error}", file=file, row=row, field=field
        ) from error


def read_parquet(path: str | Path) -> pd.DataFrame:
    """Read a frame that `write_parquet` wrote; nested values come back as lists and dicts."""
    try:
        arrow = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"cannot be read as Parquet: {error}", file=path) from error
    table: pd.DataFrame = arrow.to_pandas()
    loose = json.loads((arrow.schema.metadata or {}).get(_LOOSE, b"[]"))
    for name in arrow.column_names:
        values = arrow.column(name).to_pylist() if name in loose else None
        if values is not None:
            values = [None if text is None else json.loads(text) for text in values]
        elif pa.types.is_nested(arrow.schema.field(name).type):
            values = arrow.column(name).to_pylist()
        if values is not None:
            table[name] = pd.Series(values, index=table.index, dtype="object")
    return table


def _loose(column: "pd.Series[Any]") -> bool:
    """Say whether a column holds objects other than plain messages."""
    if column.dtype != object:
        return False
    return any(_free(value) for value in column if isinstance(value, (list, tuple, dict)))


def _free(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) != {"role", "content"}
    return isinstance(value, (list, tuple)) and any(_free(item) for item in value)


def _json(value: Any, file: str | Path | None, key: Any, name: str) -> str | None:
    if not isinstance(value, (str, list, tuple, dict, int)):
        return None
    try:
        return json.dumps(value, ensure_ascii=False, default=_native)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"cannot be written as Parquet: {error}", file=file, row=str(key), field=name
        ) from error


def _native(value: Any) -> Any:
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return value.tolist()
    raise TypeError(f"no JSON for {type(value).__name__}")


def _culprit(table: pd.DataFrame) -> tuple[str | None, str | None]:
    """Return the first row, and the column, that Arrow cannot hold with the rows before it."""
    for name in table.columns:
        values = table[name].tolist()
        if _fits(values):
            continue
        low, high = 1, len(values)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if _fits(values[:middle]) else (low, middle)
        return str(table.index[low - 1]), str(name)
    return None, None


def _fits(values: list[Any]) -> bool:
    try:
        pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError):
        return False
    return True
