"""The chat format: objects with `messages`, the last one the assistant's answer.

Sources: OpenAI's form of fine-tuning files, that of transformers and TRL, and LLaMA-Factory's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.load import chat
from lab.load.loaded import Loaded, collect


def messages(
    path: str | Path, *, columns: Mapping[str, str] | None = None, every_turn: bool = False
) -> Loaded:
    """Read chat messages from a file or folder: one example a conversation.

    The last message becomes `output` (with `thinking` and `calls`), the user's last one
    `instruction`; `steps` are the calls and replies of tools between the two, and all earlier
    messages are `history`. `tools` are the row's schemas, `images` its images by name, `turn_keys`
    what a message holds that has no other place. Other keys of the row become columns.

    Parameters
    ----------
    path : path
        A file whose rows hold a list `messages`, or are such lists themselves.
    columns : mapping, optional
        The file's own names, as `{"messages": "dialogue"}`.
    every_turn : bool
        An example for each answer of a conversation, calls included, not the last one alone;
        `turn` counts them, `conversation` is the id of the whole, which the last one keeps.

    Returns
    -------
    Loaded
        `pool`, and `refused` with row, field, reason and value of each row left out.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.

    Examples
    --------
    >>> from lab import paths
    >>> messages(paths.samples() / "messages.jsonl")
    Loaded(2 rows: 2 in the pool, 0 refused)
    """
    return collect(path, _convert, columns=columns, every_turn=every_turn)


def _convert(given: dict[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in given.items() if name != "messages"}
    return chat.example(given.get("messages", ()), row)
