"""Alpaca's format: objects with `instruction`, `input` and `output`.

Source: Taori et al. 2023, the file alpaca_data.json; `history` as pairs of (question, answer) is
the common extension for dialogues.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import thoughts
from lab.load.loaded import Loaded, collect


def alpaca(
    path: str | Path, *, columns: Mapping[str, str] | None = None, every_turn: bool = False
) -> Loaded:
    """Read Alpaca's format from JSON, JSON Lines, CSV or Parquet, packed or not.

    An absent or null `input` is no input. An empty `output` is kept (`filters.length` finds it);
    an empty `instruction` is refused. Other keys become columns.

    Parameters
    ----------
    path : path
        A file of objects, or a folder of such files.
    columns : mapping, optional
        The file's own names, as `{"instruction": "question", "output": "answer"}`.
    every_turn : bool
        An example for each pair of `history`, too, as for `load.messages`.

    Returns
    -------
    Loaded
        `pool`, and `refused` with row, field, reason and value of each row left out: broken
        JSON, invalid UTF-8, a missing or wrong field, or the same four texts as an earlier row.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.

    Examples
    --------
    >>> from lab import paths
    >>> alpaca(paths.samples() / "alpaca.json")
    Loaded(6 rows: 6 in the pool, 0 refused)
    """
    return collect(path, _convert, columns=columns, every_turn=every_turn)


def _convert(given: dict[str, Any]) -> dict[str, Any]:
    for name in ("instruction", "output"):
        if name not in given:
            raise DataError("is missing", field=name, value=sorted(given))
    text = given.get("input")
    row = {**given, "input": "" if text is None else text, "history": _history(given)}
    if isinstance(row["output"], str):
        thinking, row["output"] = thoughts.split(row["output"])
        if thinking:
            row["thinking"] = thinking
    return row


def _history(given: dict[str, Any]) -> list[dict[str, str]]:
    turns = given.get("history")
    if turns is None:
        return []
    if not isinstance(turns, list):
        raise DataError("must be a list of pairs", field="history", value=turns)
    messages = []
    for pair in turns:
        if not (isinstance(pair, list) and len(pair) == 2):
            raise DataError(
                "must be a list of (question, answer) pairs", field="history", value=pair
            )
        for role, content in zip(("user", "assistant"), pair, strict=True):
            if not isinstance(content, str):
                raise DataError("must hold text only", field="history", value=content)
            messages.append({"role": role, "content": content})
    return messages
