"""The chat format: objects with `messages`, a list of {role, content}, the last one the answer."""

from pathlib import Path
from typing import Any

from lab import records
from lab.errors import DataError
from lab.load.loaded import Loaded, collect


def messages(path: str | Path) -> Loaded:
    """Read chat messages from JSON or JSON Lines, gzipped or not: one example a conversation.

    The last message (of the assistant) becomes `output`, the one before (of the user)
    `instruction`, all earlier ones `history`. Other keys become columns.

    Parameters
    ----------
    path : path
        A JSON array of objects, or one object a line, each with a list `messages`.

    Returns
    -------
    Loaded
        `pool`, and `refused` with row, field, reason and value of each row left out.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.
    """
    return collect(path, _convert, hint="is this another format? see load.alpaca")


def _convert(given: dict[str, Any]) -> dict[str, Any]:
    turns = given.get("messages")
    if not isinstance(turns, list) or not turns:
        raise DataError("must be a list of messages", field="messages", value=turns)
    clean = [_message(turn) for turn in turns]
    roles = [turn["role"] for turn in clean]
    if roles[-2:] != ["user", "assistant"]:
        raise DataError(
            "must end with a user's message and the assistant's answer",
            field="messages",
            value=roles,
        )
    rest = {name: value for name, value in given.items() if name != "messages"}
    *history, question, answer = clean
    texts = {"instruction": question["content"], "input": "", "output": answer["content"]}
    return {**rest, **texts, "history": history}


def _message(turn: object) -> records.Message:
    role = turn.get("role") if isinstance(turn, dict) else None
    if not isinstance(turn, dict) or role not in records.ROLES:
        raise DataError(
            f"role must be one of {', '.join(records.ROLES)}", field="messages", value=turn
        )
    if not isinstance(turn.get("content"), str):
        raise DataError("content must be text", field="messages", value=turn.get("content"))
    return {"role": str(role), "content": turn["content"]}
