"""The formats of rows that `load.auto` knows: which keys tell one, and the reader for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from lab.load.alpaca import alpaca
from lab.load.dolly import dolly
from lab.load.loaded import Loaded
from lab.load.messages import messages
from lab.load.oasst import oasst
from lab.load.preference import preference
from lab.load.prompt_completion import COMPLETIONS, PROMPTS, prompt_completion
from lab.load.prompts import prompts
from lab.load.reddit import reddit
from lab.load.responses import responses
from lab.load.saved import shards
from lab.load.self_instruct import self_instruct
from lab.load.sharegpt import sharegpt
from lab.load.wikihow import wikihow
from lab.records import TEXTS

_LISTS = {"messages", "conversations", "conversation"}  # a text under these is a prompt


@dataclass(frozen=True)
class Format:
    """A reader and the keys of its rows: all of one of `needs`."""

    name: str  # as it is called, below `load`
    read: Callable[..., Loaded]
    needs: tuple[tuple[str, ...], ...]
    takes: tuple[str, ...] = ()  # which of `columns` and `every_turn` it takes


_TALK = ("columns", "every_turn")
FORMATS = (  # the first that fits is taken: what is told by more keys stands before
    Format("saved", shards, (("history", *TEXTS, "source"),)),
    Format(
        "responses", responses, (("responses_create_params", "response"),), takes=("every_turn",)
    ),
    Format(
        "oasst",
        oasst,
        (("message_tree_id", "prompt"), ("message_id", "text", "role")),
        takes=("every_turn",),
    ),
    Format(
        "preference",
        preference,
        (("chosen", "rejected"), ("chosen_messages", "rejected_messages")),
        takes=("columns",),
    ),
    Format("messages", messages, (("messages",),), takes=_TALK),
    Format("sharegpt", sharegpt, (("conversations",), ("conversation",)), takes=_TALK),
    Format("self_instruct", self_instruct, (("instruction", "instances"),)),
    Format("alpaca", alpaca, (("instruction", "output"),), takes=_TALK),
    Format("dolly", dolly, (("instruction", "response"),), takes=("columns",)),
    Format("prompts", prompts, (("question", "function"),), takes=("columns",)),
    Format("reddit", reddit, (("question", "answers"),)),
    Format("wikihow", wikihow, (("title", "heading", "paragraph"), ("title", "headline", "text"))),
    Format("reddit", partial(reddit, answered=False), (("title", "selftext"),)),
    Format(
        "prompt_completion",
        prompt_completion,
        tuple((a, b) for a in PROMPTS for b in COMPLETIONS),
        takes=("columns",),
    ),
    Format(
        "prompts",
        prompts,
        (("instruction",), ("prompt",), ("turns",), ("question",), ("query",)),
        takes=("columns",),
    ),
)


def fitting(rows: Sequence[Any]) -> tuple[Format, tuple[str, ...], int] | None:
    """Return the first format that at least half of the rows are in, its keys, and their number.

    In the order of `FORMATS`: a row of Alpaca's is a prompt, too, but one with its answer.
    """
    held = [keys(row) for row in rows]
    for one in FORMATS:
        for needs in one.needs:
            found = sum(set(needs) <= row for row in held)
            if found and 2 * found >= len(held):
                return one, needs, found
    return None


def keys(row: Any) -> set[str]:
    """Return the keys under which a row holds something; a bare list of messages is `messages`."""
    if isinstance(row, list) and row and all(isinstance(turn, dict) for turn in row):
        return {"messages"}
    if not isinstance(row, dict):
        return set()
    held = {str(name) for name, value in row.items() if value is not None}
    texts = {name for name in held & _LISTS if not isinstance(row[name], list)}
    return (held - texts) | ({"prompt"} if texts else set())


def nearest(rows: Sequence[Any]) -> str:
    """Say which keys these rows hold, and what the formats nearest to them need."""
    seen = set().union(*(keys(row) for row in rows)) if rows else set()
    scored = []
    for one in FORMATS:
        for needs in one.needs:
            missing = set(needs) - seen
            scored.append((len(missing) / len(needs), len(needs), one.name, ", ".join(needs)))
    near = sorted(scored, key=lambda item: item[:2])[:3]
    told = [f"load.{name} needs {needs}" for *_, name, needs in near]
    return (
        f"its rows hold {', '.join(sorted(seen)) or 'no keys'}; the nearest: {'; '.join(told)}; "
        "give columns= if these have other names"
    )


def renamed(rows: Sequence[Any], columns: Mapping[str, str]) -> list[Any]:
    """Return rows under the names that `columns` gives them, to tell their format."""
    back = {own: name for name, own in columns.items()}
    return [
        {back.get(str(name), str(name)): value for name, value in row.items()}
        if isinstance(row, dict)
        else row
        for row in rows
    ]
