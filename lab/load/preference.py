r"""Pairs of a chosen and a rejected answer to one prompt, in the forms that are in use.

TRL's `prompt` (or none), `chosen`, `rejected`, as texts or messages; LLaMA-Factory's
`conversations` with one message each, and `chosen_messages`, `rejected_messages`; rows with a
`label` (KTO) are single answers and are read by `load.messages` or `load.prompt_completion`;
Anthropic's transcripts (`\n\nHuman: …\n\nAssistant: …`) as one text each.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab import records
from lab.errors import DataError
from lab.load import chat
from lab.load.loaded import Example, Loaded, collect
from lab.load.prompt_completion import as_turns

_SPEAKER = re.compile(r"\n\n(Human|Assistant):[ ]?")
_BEFORE = ("prompt", "conversations", "messages", "question", "instruction")


def preference(path: str | Path, *, columns: Mapping[str, str] | None = None) -> Loaded:
    """Read pairs: the chosen answer is the output, the other one the column `rejected`.

    `rejected_thinking` and `rejected_calls` are there where a rejected answer has them.

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
    >>> found = preference(paths.samples() / "pairs.jsonl")
    >>> found.pool[["output", "rejected"]].iloc[0].tolist()
    ['A lemon.', 'A ripe mango.']
    """
    return collect(path, _convert, columns=columns)


def _convert(given: dict[str, Any]) -> Example:
    row = dict(given)
    both = []
    for name in ("chosen", "rejected"):
        key = next((key for key in (name, f"{name}_messages") if row.get(key) is not None), None)
        if key is None:
            raise DataError("is missing", field=name, value=sorted(given))
        both.append(_answer(row.pop(key)))
    before = next((name for name in _BEFORE if row.get(name) is not None), None)
    asked = as_turns(row.get(before), "user") if before else []
    if all(len(turns) == 1 for turns in both):  # answers alone: what was asked stands before them
        row.pop(before, None) if before else None
        both = [[*asked, *turns] for turns in both]
    chosen, rejected = (chat.example(turns, row) for turns in both)
    if records.prompt(chosen) != records.prompt(rejected):
        raise DataError("chosen and rejected answer different prompts", field="rejected")
    other = {"rejected": rejected["output"]}
    other |= {
        f"rejected_{name}": rejected[name] for name in ("thinking", "calls") if name in rejected
    }
    return {**chosen, **other}


def _answer(given: Any) -> list[Any]:
    """Return the turns of a chosen or rejected text, of a transcript all of its turns."""
    if not isinstance(given, str) or not _SPEAKER.match(given):
        return as_turns(given, "assistant")
    _, *parts = _SPEAKER.split(given)
    roles = {"Human": "user", "Assistant": "assistant"}
    said = zip(parts[::2], parts[1::2], strict=True)
    return [{"role": roles[who], "content": text} for who, text in said]
