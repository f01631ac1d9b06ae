"""What every reader gives: the pool, and the rows that it refused, each with its reason."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lab import hashing, records
from lab.errors import DataError
from lab.load import exchanges, parse
from lab.load.rows import Row, read

REFUSED = ("file", "row", "field", "reason", "value", "raw")
HINT = "is this another format? see load.auto"
MOST_TOOLS = 512  # more tools in one row are an attack or a mistake
Example = dict[str, Any]
Convert = Callable[[dict[str, Any]], Example | list[Example]]
_VERBS = {"is", "are", "must", "has", "have", "holds", "needs", "does", "cannot"}
_RESERVED = {name: f"given_{name}" for name in ("id", "parent", "recipe")}


@dataclass(frozen=True, eq=False)
class Loaded:
    """A pool and what was refused; `rows` = `len(pool)` + `len(refused)`, always.

    A row of the file that holds several examples counts once for each of them.

    Examples
    --------
    >>> from lab import load, paths
    >>> found = load.alpaca(paths.samples() / "alpaca-dirty.jsonl")
    >>> len(found.pool) + len(found.refused) == found.rows
    True
    >>> found.reasons()["output", "output is missing"].item()
    1
    """

    pool: pd.DataFrame
    refused: pd.DataFrame  # columns of `REFUSED`; `row` is the line, or the position in an array
    rows: int
    recognised: str = ""  # how the format was found, where it was not given

    def __repr__(self) -> str:
        kept, refused = len(self.pool), len(self.refused)
        more = "".join(f"; {text}" for text in (self.recognised, *self.strips()) if text)
        return f"Loaded({self.rows:,} rows: {kept:,} in the pool, {refused:,} refused{more})"

    def strips(self) -> list[str]:
        """Say what the templates of most models leave out when they write these examples.

        They drop the thinking of turns before the user's last message.
        """
        thinking = sum(any(turn.get("thinking") for turn in of) for of in self.pool["history"])
        slips = sum(any(turn.get("weight") == 0 for turn in of) for of in self.pool["history"])
        told = [
            (thinking, "rows hold thinking in history turns, which most templates leave out"),
            (slips, "rows hold answers in the history that are not to be trained on"),
        ]
        return [f"{count:,} {what}" for count, what in told if count]

    def reasons(self) -> "pd.Series[int]":
        """Count the refused rows by field and reason, most frequent first."""
        return self.refused.groupby(["field", "reason"]).size().sort_values(ascending=False)


def collect(
    path: str | Path,
    convert: Convert,
    *,
    columns: Mapping[str, str] | None = None,
    every_turn: bool = False,
) -> Loaded:
    """Read `path`, turn each object into examples with `convert`, and refuse what fails.

    `convert` gives one example or a list of them, or raises DataError with the field and the value
    that it cannot take. Keys `id`, `parent` and `recipe` of the file are kept as `given_id` and so
    on. `columns` gives the file's own name of a key, as in `{"instruction": "question"}`.
    `every_turn` makes an example of each answer of a conversation (`exchanges.every_answer`).

    Raises
    ------
    DataError
        If the file cannot be read, or not one row of it can.
    """
    source = Path(path).name
    return gather(read(path), convert, source=source, columns=columns, every_turn=every_turn)


def gather(
    rows: Iterable[Row],
    convert: Convert,
    *,
    source: str,
    hint: str = HINT,
    columns: Mapping[str, str] | None = None,
    every_turn: bool = False,
) -> Loaded:
    """Turn rows from anywhere into a pool; `hint` says what to try where not one row fits."""
    kept, refused = told_apart(rows, convert, source=source, columns=columns, every_turn=every_turn)
    if not kept:
        raise nothing(refused, source, hint)
    table = pd.DataFrame(refused, columns=list(REFUSED))
    return Loaded(records.frame(kept), table, len(kept) + len(refused))


def told_apart(
    rows: Iterable[Row],
    convert: Convert,
    *,
    source: str,
    columns: Mapping[str, str] | None = None,
    every_turn: bool = False,
) -> tuple[list[Example], list[dict[str, Any]]]:
    """Return the examples of rows, each distinct one once, and what was refused, with `REFUSED`."""
    kept: list[Example] = []
    refused: list[dict[str, Any]] = []
    first: dict[str, int] = {}  # id -> the row that holds it
    for row in rows:
        try:
            examples = _examples(row, convert, columns or {})
            if every_turn:
                examples = [one for example in examples for one in _each_answer(example)]
        except DataError as error:
            refused.append(_refusal(row, error))
            continue
        for example in examples:
            try:
                _check(example)
                key = records.identity(example)
                if key in first:
                    known = first[key]
                    raise DataError("the same four texts as an earlier row", value=known)  # noqa: TRY301
                first[key] = row.number
                kept.append({"source": row.file or source, **example})
            except DataError as error:
                refused.append(_refusal(row, error))
    return kept, refused


def nothing(refused: list[dict[str, Any]], source: str, hint: str = HINT) -> DataError:
    """Return the error of a source of which not one row fits."""
    if not refused:
        return DataError(f"holds no rows; {hint}", file=source)
    told = refused[0]
    return DataError(
        f"not one of {len(refused)} rows fits ({told['reason']}); {told['keys']}{hint}",
        file=source,
        row=told["row"],
    )


def _examples(row: Row, convert: Convert, columns: Mapping[str, str]) -> list[Example]:
    if row.reason:
        raise DataError(row.reason, value=row.detail)
    value = row.value
    if isinstance(value, list) and value and all(isinstance(turn, dict) for turn in value):
        value = {"messages": value}  # a conversation with no object around it
    if not isinstance(value, dict):
        raise DataError("must be an object", value=value)
    for name, of in value.items():
        if isinstance(of, (list, dict)) and parse.too_deep(of):
            raise DataError(f"is nested deeper than {parse.DEEPEST} levels", field=str(name))
    given = {str(name): of for name, of in value.items()}
    given = renamed(given, columns)
    found = convert({_RESERVED.get(name, name): of for name, of in given.items()})
    return found if isinstance(found, list) else [found]


def renamed(given: dict[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """Return a row under the names of a pool; what stood under one of them is kept beside.

    Examples
    --------
    >>> renamed({"question": "a", "instruction": "old"}, {"instruction": "question"})
    {'instruction': 'a', 'given_instruction': 'old'}
    """
    for name, own in columns.items():
        if own not in given:
            raise DataError("is missing", field=own, value=sorted(given))
        if name in given and name != own:
            given[f"given_{name}"] = given[name]
        given[name] = given.pop(own)
    return given


def _each_answer(example: Example) -> list[Example]:
    _check(example)
    return exchanges.every_answer({"history": [], **example})


def _check(example: Example) -> None:
    for name in records.TEXTS:
        check_text(name, example[name])
    if not example["instruction"].strip():
        raise DataError("is empty", field="instruction", value=example["instruction"])
    for turn in [*example.get("history", ()), *example.get("steps", ())]:
        check_text("history", turn["content"])
    tools = example.get("tools") or ()
    if len(tools) > MOST_TOOLS:
        raise DataError(f"holds {len(tools)} tools, at most {MOST_TOOLS}", field="tools")
    records.check({"history": [], **example}, "")


def check_text(name: str, value: object) -> None:
    """Raise DataError, naming the field, if `value` is no text that can be stored as UTF-8."""
    if not isinstance(value, str):
        raise DataError(f"must be text, not {type(value).__name__}", field=name, value=value)
    if not hashing.encodable(value):
        raise DataError(records.HALF_PAIR, field=name, value=value)
    if "\0" in value:
        raise DataError("holds a NUL character", field=name, value=value)


def _named(error: DataError) -> str:
    """Return the reason of an error with the name of the field in it, to be read alone."""
    if not error.field or error.field in error.reason:
        return error.reason
    verb = error.reason.partition(" ")[0] in _VERBS
    return f"{error.field}{'' if verb else ':'} {error.reason}"


def _refusal(row: Row, error: DataError) -> dict[str, Any]:
    shown = "" if error.value is None else repr(error.value)[:200]
    raw = row.raw or json.dumps(row.value, ensure_ascii=False, default=str)
    keys = f"it holds {', '.join(map(str, row.value))}; " if isinstance(row.value, dict) else ""
    return {
        "file": row.file,
        "row": row.number,
        "field": error.field or "",
        "reason": _named(error),
        "value": _storable(shown),
        "raw": _storable(raw),
        "keys": _storable(keys),
    }


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
