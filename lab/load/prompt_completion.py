"""A prompt and its completion, each as text or as messages: TRL's form, and questions with answers.

The names differ between sets: `prompt`, `question`, `query`, `problem`, `input` for the one,
`completion`, `response`, `answer`, `target`, `output`, `solution` for the other.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import chat
from lab.load.loaded import Example, Loaded, collect

PROMPTS = ("prompt", "question", "query", "problem", "input")
COMPLETIONS = ("completion", "response", "answer", "target", "output", "solution")


def prompt_completion(
    path: str | Path, *, ending: str = "", columns: Mapping[str, str] | None = None
) -> Loaded:
    """Read rows of a prompt and a completion; other keys become columns.

    Parameters
    ----------
    path : path
        A file or a folder.
    ending : str
        Taken off the end of each completion, such as `<|endoftext|>`, which some sets hold.
    columns : mapping, optional
        The file's own names, as for `load.alpaca`.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.

    Examples
    --------
    >>> from lab import paths
    >>> found = prompt_completion(paths.samples() / "prompt-completion.jsonl", ending="<|end|>")
    >>> found.pool[["instruction", "output"]].iloc[1].tolist()
    ['Two and two make', ' four.']
    """

    def convert(given: dict[str, Any]) -> Example:
        row = dict(given)
        asked, said = pair(row)
        if isinstance(said, str) and ending:
            said = said.removesuffix(ending)
        return chat.example([*as_turns(asked, "user"), *as_turns(said, "assistant")], row)

    return collect(path, convert, columns=columns)


def pair(row: dict[str, Any]) -> tuple[Any, Any]:
    """Take prompt and completion out of a row, under the first of their names that it has.

    Raises
    ------
    DataError
        If it lacks one of them.
    """
    found = []
    for names in (PROMPTS, COMPLETIONS):
        name = next((name for name in names if row.get(name) is not None), None)
        if name is None:
            raise DataError("is missing", field=names[0], value=sorted(row))
        found.append(row.pop(name))
    return found[0], found[1]


def as_turns(value: Any, role: str) -> list[Any]:
    """Return messages as they are, one message in a list, and a text as a message of `role`.

    Examples
    --------
    >>> as_turns("Hi", "user")
    [{'role': 'user', 'content': 'Hi'}]
    """
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) else [{"role": role, "content": value}]
