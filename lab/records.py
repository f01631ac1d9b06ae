"""The schema of a pool in one place: build one, check one, read one example as messages.

A pool is a DataFrame of examples indexed by `id`. Text never changes under an id: a step that
rewrites makes new rows, with `parent` set to the id they were made from.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from lab import hashing
from lab.errors import DataError
from lab.frames import read_parquet as read_parquet  # noqa: PLC0414 - names of this module, too
from lab.frames import write_parquet as write_parquet  # noqa: PLC0414

Message = dict[str, Any]
TEXTS = ("instruction", "input", "output")
COLUMNS = ("history", *TEXTS, "source", "parent", "recipe")
STRUCTURE = ("tools", "thinking", "steps", "calls", "images")  # where any example has them
HALF_PAIR = "holds half of a surrogate pair"
Turn = tuple[str, str, list[tuple[str, str]]]  # who speaks, what is said, what is folded below
REPLY = 60  # characters of what a tool replied that stand beside the fold
ROLES = ("system", "developer", "user", "assistant", "tool")


def frame(rows: Iterable[Mapping[str, Any]], *, source: str | None = None) -> pd.DataFrame:
    """Build a pool from rows that hold at least `instruction` and `output`.

    Missing `history`, `input`, `parent` and `recipe` become `[]`, `""` and None; other keys
    become columns. Rows with the same id (same texts and structure) are the same example: the
    first stays. The columns of `STRUCTURE` are there where any row names them, empty elsewhere.

    Parameters
    ----------
    rows : iterable of mappings
        One per example.
    source : str, optional
        The source of rows that name none.

    Raises
    ------
    DataError
        If a text is missing or not a string, a history is not a list of messages, or tools,
        thinking, steps, calls or images are not what they should be.

    Examples
    --------
    >>> frame([{"instruction": "Add 1 and 2.", "output": "3"}], source="me")["output"].tolist()
    ['3']
    """
    seen: dict[str, dict[str, Any]] = {}
    for number, given in enumerate(rows):
        row: dict[str, Any] = {"history": [], "input": "", "source": source}
        row |= {"parent": None, "recipe": None, **given}
        check(row, number)
        row.pop("id", None)
        seen.setdefault(identity(row), row)
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
    names = ["history", *TEXTS, *(name for name in STRUCTURE if name in pool.columns)]
    for key, *values in pool[names].itertuples():
        row = dict(zip(names, values, strict=True))
        check(row, key)
        if identity(row) != key:
            raise DataError(
                "the text changed under its id; a rewritten row is a new row with `parent`",
                row=key,
                field="id",
            )
    return pool


def check(row: Mapping[str, Any], number: int | str) -> None:
    """Raise DataError, naming row and field, if an example does not keep the schema."""
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
    _check_turns("history", row["history"], number)
    for name, value in structure(row).items():
        _check_structure(name, value, number)


def identity(example: Mapping[str, Any] | pd.Series) -> str:
    """Return the id of an example: that of its texts and of its structure, where it has one.

    Examples
    --------
    >>> plain = {"history": [], "instruction": "Add.", "input": "", "output": "3"}
    >>> identity(plain) == identity({**plain, "thinking": ""})
    True
    """
    instruction, material, output = (example[name] for name in TEXTS)
    history = example.get("history", [])
    held = structure(example)
    return hashing.example_id(history, instruction, material, output, structure=held)


def structure(example: Mapping[str, Any] | pd.Series) -> dict[str, Any]:
    """Return the tools, thinking, steps, calls and images of an example, as far as it has them.

    Examples
    --------
    >>> structure({"output": "4", "thinking": "2 and 2", "tools": []})
    {'thinking': '2 and 2'}
    """
    found = {name: example.get(name) for name in STRUCTURE}
    return {
        name: value for name, value in found.items() if isinstance(value, (str, list)) and value
    }


def user_turn(example: Mapping[str, Any] | pd.Series) -> str:
    """Return the last user message: the instruction, and below it the input if there is one."""
    text = str(example["instruction"])
    return f"{text}\n\n{example['input']}" if example["input"] else text


def prompt(example: Mapping[str, Any] | pd.Series) -> list[Message]:
    """Return the messages that ask for the output.

    They are the history, the last user message, and the steps that lie between it and the answer:
    calls of tools with what the tools replied.
    """
    asked = {"role": "user", "content": user_turn(example)}
    return [*example["history"], asked, *structure(example).get("steps", [])]


def conversation(example: Mapping[str, Any] | pd.Series) -> list[Message]:
    """Return all messages of an example; the last one is its answer, thinking and calls included.

    Examples
    --------
    >>> pool = frame([{"instruction": "Add.", "input": "1 2", "output": "3", "thinking": "1+2"}])
    >>> conversation(pool.iloc[0])[-1]
    {'role': 'assistant', 'content': '3', 'thinking': '1+2'}
    """
    answer: Message = {"role": "assistant", "content": str(example["output"])}
    held = structure(example)
    if "thinking" in held:
        answer["thinking"] = held["thinking"]
    if "calls" in held:
        answer["tool_calls"] = held["calls"]
    return [*prompt(example), answer]


def turns(example: Mapping[str, Any] | pd.Series) -> list[Turn]:
    """Return a whole conversation as it is read: who speaks, what is said, what is folded below.

    Folded are the schemas of the tools, thinking, calls, and what tools replied.

    Examples
    --------
    >>> row = {"history": [], "instruction": "2+2?", "input": "", "output": "4", "thinking": "2, 2"}
    >>> turns(row)[-1]
    ('assistant', '4', [('thinking', '2, 2')])
    """
    tools = structure(example).get("tools", [])
    names = ", ".join(str(tool.get("function", tool).get("name", "?")) for tool in tools)
    told = [(f"{len(tools)} tool{'s' * (len(tools) > 1)}: {names}", _spelled(tools))]
    first: list[Turn] = [("tools", "", told)] if tools else []
    return [*first, *(_turn(turn) for turn in conversation(example))]


def _turn(turn: Mapping[str, Any]) -> Turn:
    role, said = str(turn["role"]), str(turn["content"] or "")
    folded = [("thinking", str(turn["thinking"]))] if turn.get("thinking") else []
    called = turn.get("tool_calls") or ()
    folded += [(f"calls {call['name']}", _spelled(call["arguments"])) for call in called]
    if role == "tool":
        start = said if len(said) <= REPLY else said[: REPLY - 1] + "…"
        return role, "", [(f"replies {start}".replace("\n", " "), said)]
    return role, said, folded


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def describe(pool: pd.DataFrame, *, languages: "pd.Series[str] | None" = None) -> "pd.Series[Any]":
    """Count what a pool holds: sizes, lengths, what stands twice, turns, tools, thinking.

    Parameters
    ----------
    pool : DataFrame
        A pool.
    languages : Series, optional
        The language of each row, as `filters.language_of(pool)` tells it.

    Examples
    --------
    >>> pool = frame([{"instruction": "Add 1 and 2.", "output": "3"}])
    >>> describe(pool)["characters of the answer, median"]
    1.0
    """
    turns = pool["history"].str.len()
    found: dict[str, Any] = {
        "examples": len(pool),
        "sources": pool["source"].nunique(),
        "instructions that stand more than once": int(pool["instruction"].duplicated().sum()),
        "answers that stand more than once": int(pool["output"].duplicated().sum()),
        "empty answers": int((pool["output"].str.strip() == "").sum()),
        "with an input": int((pool["input"] != "").sum()),
        "with a history": int((turns > 0).sum()),
        "messages of the longest history": int(turns.max()) if len(pool) else 0,
    }
    found |= {f"with {name}": int(_held(pool, name).sum()) for name in STRUCTURE}
    for what, name in (("instruction", "instruction"), ("answer", "output")):
        sizes = pool[name].str.len()
        found[f"characters of the {what}, median"] = float(sizes.median())
        found[f"characters of the {what}, 95th percentile"] = float(sizes.quantile(0.95))
    if "category" in pool.columns:
        found["categories"] = pool["category"].nunique()
    if languages is not None:
        found["languages"] = languages.nunique()
    return pd.Series(found, name="pool", dtype="object")


def composition(
    pool: pd.DataFrame, *, languages: "pd.Series[str] | None" = None, most: int = 8
) -> pd.DataFrame:
    """Count the examples of each source, category, language and task, by turns, and by structure.

    Parameters
    ----------
    pool, languages
        As for `describe`.
    most : int
        Kinds of one sort that are named; `others` counts the rest.

    Returns
    -------
    DataFrame
        Index `sort` and `kind`, the most frequent first; `examples`, and `share` of the pool.

    Examples
    --------
    >>> pool = frame([{"instruction": "a", "output": "b"}], source="me")
    >>> composition(pool)["examples"].to_dict()
    {('source', 'me'): 1, ('turns', '1'): 1}
    """
    asked = [sum(turn["role"] == "user" for turn in turns) + 1 for turns in pool["history"]]
    sorts = {name: pool[name] for name in ("source", "category", "task") if name in pool.columns}
    if languages is not None:
        sorts["language"] = languages
    sorts["turns"] = pd.Series([str(n) if n < 5 else "5 or more" for n in asked], dtype="str")
    counts = {
        (sort, kind): count
        for sort, values in sorts.items()
        for kind, count in _most_frequent(values, most)
    }
    counts |= {("holds", name): int(_held(pool, name).sum()) for name in STRUCTURE}
    found = {key: count for key, count in counts.items() if count}
    index = pd.MultiIndex.from_tuples(list(found), names=["sort", "kind"])
    table = pd.DataFrame({"examples": list(found.values())}, index=index, dtype="int64")
    return table.assign(share=table["examples"] / max(len(pool), 1))


def _most_frequent(values: "pd.Series[Any]", most: int) -> list[tuple[str, int]]:
    counts = values.dropna().astype(str).value_counts().sort_index()
    counts = counts.sort_values(ascending=False, kind="stable")
    named = [(str(kind), int(count)) for kind, count in counts.head(most).items()]
    rest = int(counts.iloc[most:].sum())
    return [*named, ("others", rest)] if rest else named


def _held(pool: pd.DataFrame, name: str) -> "pd.Series[bool]":
    """Say which rows have this part of the structure."""
    values: Iterable[Any] = pool[name] if name in pool.columns else ()
    held = [isinstance(value, (str, list)) and bool(value) for value in values]
    return pd.Series(held or False, index=pool.index, dtype="bool")


def fingerprint(pool: pd.DataFrame | pd.Index) -> str:
    """Return a hash of the ordered ids: what a run takes as its input."""
    index = pool if isinstance(pool, pd.Index) else pool.index
    return hashing.digest([str(key) for key in index], digits=hashing.ID_DIGITS)


def _column(name: str, values: list[Any], index: pd.Index) -> "pd.Series[Any]":
    if name == "thinking":
        texts = [value if isinstance(value, str) else "" for value in values]
        return pd.Series(texts, index=index, dtype="str")
    if name in STRUCTURE:
        lists = [value if isinstance(value, list) else [] for value in values]
        return pd.Series(lists, index=index, dtype="object")
    if name in TEXTS:
        return pd.Series(values, index=index, dtype="str")
    if name in ("history", "source", "parent", "recipe"):
        return pd.Series(values, index=index, dtype="object" if name == "history" else "str")
    return pd.Series(values, index=index)


def _check_structure(name: str, value: Any, number: int | str) -> None:
    if name == "thinking":
        good, form = isinstance(value, str), "text"
    elif name == "images":
        good = isinstance(value, list) and all(isinstance(item, str) for item in value)
        form = "a list of texts that name them"
    elif name == "steps":
        _check_turns(name, value, number)
        return
    else:
        good = isinstance(value, list) and all(isinstance(item, dict) for item in value)
        good = good and (name != "calls" or all(_is_call(item) for item in value))
        form = "a list of schemas" if name == "tools" else "a list of {name, arguments}"
    if not good:
        raise DataError(f"must be {form}", row=number, field=name, value=value)
    if not hashing.encodable(json.dumps(value, ensure_ascii=False, default=str)):
        raise DataError(HALF_PAIR, row=number, field=name, value=value)


def _check_turns(name: str, turns: Any, number: int | str) -> None:
    if not isinstance(turns, list) or not all(_is_message(turn) for turn in turns):
        raise DataError(
            f"must be a list of messages with a role of {', '.join(ROLES)} and text content",
            row=number,
            field=name,
            value=turns,
        )
    if not all(hashing.encodable(turn["content"]) for turn in turns):
        raise DataError(HALF_PAIR, row=number, field=name, value=turns)


def _is_message(turn: object) -> bool:
    return (
        isinstance(turn, dict)
        and turn.get("role") in ROLES
        and isinstance(turn.get("content"), str)
        and isinstance(turn.get("thinking", ""), str)
        and all(_is_call(call) for call in turn.get("tool_calls", ()))
    )


def _is_call(call: object) -> bool:
    return (
        isinstance(call, dict)
        and isinstance(call.get("name"), str)
        and isinstance(call.get("arguments"), (dict, str))
    )
