"""Prompts without answers: users' own queries, sets to evaluate on, calls of tools to be made.

InstructGPT's way (arXiv:2203.02155, section 3.2): queries by use case, answered later, by a model
(`synth.answer`) or by hand. Their outputs are empty, and `answered` says that this is known.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import chat
from lab.load.loaded import Example, Loaded, collect
from lab.load.prompt_completion import as_turns

_NAMES = (
    "messages",
    "conversations",
    "turns",
    "prompt",
    "instruction",
    "question",
    "query",
    "text",
)


def prompts(path: str | Path, *, columns: Mapping[str, str] | None = None) -> Loaded:
    """Read prompts alone: a text, messages, or turns of the user.

    Of several turns of the user (MT-bench) the first is the instruction, the column `later_turns`
    holds the others. Answers that a row holds for reference stay columns.

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
    >>> found = prompts(paths.samples() / "prompts.jsonl")
    >>> found.pool[["instruction", "answered"]].values.tolist()[0]
    ['Plan a walk of two hours along a river.', False]
    """
    return collect(path, _convert, columns=columns)


def _convert(given: dict[str, Any]) -> Example:
    row = dict(given)
    name = next((name for name in _NAMES if row.get(name) is not None), None)
    if name is None:
        raise DataError("is missing", field="prompt", value=sorted(given))
    asked = row.pop(name)
    texts = asked if isinstance(asked, list) else [asked]
    later: list[Any] = []
    if texts and all(isinstance(text, (str, list)) for text in texts):
        first, *later = texts  # turns of the user: texts, or lists of messages (BFCL)
        texts = as_turns(first, "user")
    if isinstance(row.get("input"), str) and row["input"] and isinstance(asked, str):
        made = chat.example(texts, {k: v for k, v in row.items() if k != "input"}, answered=False)
        made["input"] = row["input"]
    else:
        made = chat.example(texts, row, answered=False)
    return {**made, "answered": False, **({"later_turns": later} if later else {})}
