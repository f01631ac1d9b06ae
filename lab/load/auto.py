"""Find out what format a file is in, from its first rows, and read it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load.alpaca import alpaca
from lab.load.dolly import dolly
from lab.load.loaded import Loaded
from lab.load.messages import messages
from lab.load.oasst import oasst
from lab.load.preference import preference
from lab.load.prompt_completion import COMPLETIONS, PROMPTS, prompt_completion
from lab.load.prompts import prompts
from lab.load.responses import responses
from lab.load.rows import read
from lab.load.self_instruct import self_instruct
from lab.load.sharegpt import sharegpt

_LOOKED_AT = 50


@dataclass(frozen=True)
class _Format:
    read: Callable[..., Loaded]
    needs: tuple[tuple[str, ...], ...]  # the keys of a row: all of one of these

    @property
    def name(self) -> str:
        return self.read.__name__


_FORMATS = (  # the first that fits is taken: what is told by more keys stands before
    _Format(responses, (("responses_create_params", "response"),)),
    _Format(oasst, (("message_tree_id", "prompt"), ("message_id", "text", "role"))),
    _Format(preference, (("chosen", "rejected"), ("chosen_messages", "rejected_messages"))),
    _Format(messages, (("messages",),)),
    _Format(sharegpt, (("conversations",), ("conversation",))),
    _Format(self_instruct, (("instruction", "instances"),)),
    _Format(alpaca, (("instruction", "output"),)),
    _Format(dolly, (("instruction", "response"),)),
    _Format(prompts, (("question", "function"),)),
    _Format(prompt_completion, tuple((a, b) for a in PROMPTS for b in COMPLETIONS)),
    _Format(prompts, (("instruction",), ("prompt",), ("turns",), ("question",), ("query",))),
)
_LISTS = {"messages", "conversations", "conversation"}  # a text under these is a prompt


def auto(path: str | Path, *, columns: Mapping[str, str] | None = None) -> Loaded:
    """Read a file or folder in whichever format its rows are in, and say which that was.

    Parameters
    ----------
    path : path
        JSON, JSON Lines, CSV, TSV or Parquet, packed or not, or a folder of them.
    columns : mapping, optional
        The file's own names of `instruction`, `input`, `output` and others, as
        `{"instruction": "question"}`; the rows are then read as Alpaca's.

    Returns
    -------
    Loaded
        `told` says which format was found, and by what.

    Raises
    ------
    DataError
        If no format fits; the nearest are named.

    Examples
    --------
    >>> from lab import paths
    >>> auto(paths.samples() / "messages.jsonl").told
    'read by load.messages: 2 of the first 2 rows hold messages'
    """
    if columns:
        loaded = alpaca(path, columns=columns)
        return replace(loaded, told=f"read by load.alpaca: columns {dict(columns)}")
    rows = [row.value for row in islice(read(path), _LOOKED_AT) if not row.reason]
    held = [_keys(row) for row in rows]
    best: _Format | None = None
    fits = 0
    keys: tuple[str, ...] = ()
    for one in _FORMATS:
        for needs in one.needs:
            found = sum(set(needs) <= row for row in held)
            if found > fits:
                best, fits, keys = one, found, needs
    if best is None or 2 * fits < len(held):
        raise DataError(f"is in no known format; {_nearest(held)}", file=path)
    told = f"read by load.{best.name}: {fits} of the first {len(held)} rows hold {', '.join(keys)}"
    return replace(best.read(path), told=told)


def _keys(row: Any) -> set[str]:
    if isinstance(row, list) and row and all(isinstance(turn, dict) for turn in row):
        return {"messages"}
    if not isinstance(row, dict):
        return set()
    held = {str(name) for name, value in row.items() if value is not None}
    texts = {name for name in held & _LISTS if not isinstance(row[name], list)}
    return (held - texts) | ({"prompt"} if texts else set())


def _nearest(held: list[set[str]]) -> str:
    seen = sorted(set().union(*held)) if held else []
    scored = []
    for one in _FORMATS:
        for needs in one.needs:
            missing = sorted(set(needs) - set(seen))
            scored.append((len(missing) / len(needs), len(needs), one.name, ", ".join(needs)))
    near = sorted(scored, key=lambda item: item[:2])[:3]
    told = [f"load.{name} needs {needs}" for *_, name, needs in near]
    return (
        f"its rows hold {', '.join(seen) or 'no keys'}; the nearest: {'; '.join(told)}; "
        "give columns= if these have other names"
    )
