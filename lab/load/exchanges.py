"""Every answer of a conversation as an example of its own, instead of the last one alone.

`Recipe(train_history=True)` trains on all answers of one example; examples of their own can be
filtered, scored and selected one by one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lab import records
from lab.errors import DataError
from lab.load.turns import MARK

MOST_ANSWERS = 256  # each repeats all before it, so that their size grows with the square
Example = dict[str, Any]
_ASKED, _SAID = {"role", "content"}, {"role", "content", "thinking", "tool_calls"}
_OF_TURNS = {"history", *records.TEXTS, *records.STRUCTURE, "turn_keys"}


def every_answer(example: Mapping[str, Any]) -> list[Example]:
    """Return an example for each answer, calls of tools included; the last is `example` itself.

    Each has the id that its texts have anywhere, so that the last keeps the id of the whole
    conversation. Answers of weight 0, and those before the user's first message, are history only.
    `turn` counts the answers from 0, `conversation` is the id of the whole.

    Raises
    ------
    DataError
        If there are more than 256 answers.

    Examples
    --------
    >>> said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    >>> talk = {"history": said, "instruction": "2 + 2?", "input": "", "output": "4"}
    >>> [(row["instruction"], row["output"]) for row in every_answer(talk)]
    [('Hi', 'Hello'), ('2 + 2?', '4')]
    """
    messages = records.conversation(example)
    asked = next(place for place, turn in enumerate(messages) if turn["role"] == "user")
    places = [
        place
        for place, turn in enumerate(messages[:-1])
        if turn["role"] == "assistant" and turn.get("weight") != 0 and place > asked
    ]
    if len(places) >= MOST_ANSWERS:
        raise DataError(
            f"holds {len(places) + 1} answers, at most {MOST_ANSWERS} become examples each",
            field="history",
        )
    made = [_upto(example, messages, place) for place in places]
    whole = records.identity(example)
    found = [*made, dict(example)]
    return [{**one, "turn": n, "conversation": whole} for n, one in enumerate(found)]


def _upto(example: Mapping[str, Any], messages: Sequence[records.Message], place: int) -> Example:
    """Return the example whose answer is the message at `place`."""
    last = max(n for n, turn in enumerate(messages[:place]) if turn["role"] == "user")
    question, answer = messages[last], messages[place]
    is_final = last == len(example["history"])
    made: Example = {name: value for name, value in example.items() if name not in _OF_TURNS}
    made |= {
        "history": list(messages[:last]),
        "instruction": example["instruction"] if is_final else question["content"],
        "input": example["input"] if is_final else "",
        "output": answer["content"],
    }
    marks = sum(turn["content"].count(MARK) for turn in messages[: place + 1])
    parts = {
        "tools": example.get("tools"),
        "images": (example.get("images") or [])[:marks],
        "steps": list(messages[last + 1 : place]),
        "thinking": answer.get("thinking"),
        "calls": answer.get("tool_calls"),
        "turn_keys": _turn_keys(example, messages, last, place),
    }
    return made | {name: value for name, value in parts.items() if value}


def _turn_keys(
    example: Mapping[str, Any], messages: Sequence[records.Message], last: int, place: int
) -> list[dict[str, Any]]:
    """Return what question and answer hold beside their columns, with what was noted before."""
    noted = example.get("turn_keys") or [{} for _ in messages]
    keys = [dict(of) for of in noted[: place + 1]]
    for at, kept in ((last, _ASKED), (place, _SAID)):
        keys[at] |= {name: value for name, value in messages[at].items() if name not in kept}
    return keys if any(keys) else []
