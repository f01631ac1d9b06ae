"""Dolly's format: `instruction`, `context`, `response` and a `category` out of eight.

Source: databricks-dolly-15k (CC BY-SA 3.0). Other sets with the same texts under these names, or
under `input` and `output`, are read as well; Self-Instruct's predictions are such.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import thoughts
from lab.load.loaded import Loaded, collect

_CONTEXT, _RESPONSE = ("context", "input"), ("response", "output")


def dolly(path: str | Path, *, columns: Mapping[str, str] | None = None) -> Loaded:
    """Read instructions with a context and a response; `category` and other keys are columns.

    Parameters
    ----------
    path : path
        A file or a folder.
    columns : mapping, optional
        The file's own names, as for `load.alpaca`.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.

    Examples
    --------
    >>> from lab import paths
    >>> found = dolly(paths.samples() / "dolly.jsonl")
    >>> found.pool[["output", "category"]].iloc[0].tolist()
    ['The robins and the bats.', 'closed_qa']
    """
    return collect(path, _convert, columns=columns)


def _convert(given: dict[str, Any]) -> dict[str, Any]:
    row = dict(given)
    if "instruction" not in row:
        raise DataError("is missing", field="instruction", value=sorted(given))
    output = next((row.pop(name) for name in _RESPONSE if name in row), None)
    if output is None:
        raise DataError("is missing", field="response", value=sorted(given))
    context = next((row.pop(name) for name in _CONTEXT if row.get(name) is not None), "")
    thinking, text = thoughts.split(output) if isinstance(output, str) else ("", output)
    if thinking:
        row["thinking"] = thinking
    return {**row, "input": context, "output": text, "history": []}
