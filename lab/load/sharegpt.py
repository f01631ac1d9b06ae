"""ShareGPT's format: objects with `conversations`, a list of {from, value}.

Source: the files that Vicuna was trained on, cleaned as FastChat does (HTML to Markdown, what the
assistant says before the first question left out, long talks split); LLaMA-Factory's turns
`function_call` and `observation` for tools; the pairs of `human` and `assistant` of Chinese sets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import chat, markup
from lab.load.loaded import Example, Loaded, collect

_SPEAKERS = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}
_NAMES = ("conversations", "conversation", "messages")


def sharegpt(
    path: str | Path,
    *,
    mend: bool = True,
    most: int | None = None,
    count: Callable[[str], int] = len,
    columns: Mapping[str, str] | None = None,
    every_turn: bool = False,
) -> Loaded:
    """Read ShareGPT's conversations: one example a conversation, or a piece of one.

    Answers that are HTML as a whole become Markdown. What the assistant says before the user's
    first message is left out, and so is a last message that got no answer; the column
    `left_out` counts such messages.

    Parameters
    ----------
    path : path
        A file whose rows hold a list `conversations`.
    mend : bool
        Join messages of one speaker in a row to one (`joined` counts them); False refuses them.
    most : int, optional
        Split longer conversations between exchanges into pieces of at most this size.
    count : callable
        The size of a text, such as the tokens of a tokenizer; characters by default.
    columns : mapping, optional
        The file's own names, as `{"conversations": "dialogue"}`.
    every_turn : bool
        An example for each answer of a conversation, calls included, not the last one alone;
        `turn` counts them, `conversation` is the id of the whole, which the last one keeps.

    Returns
    -------
    Loaded
        Columns as those of `load.messages`; with `most` also `piece`, from 0.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.

    Examples
    --------
    >>> from lab import paths
    >>> found = sharegpt(paths.samples() / "sharegpt.jsonl").pool.iloc[0]
    >>> found["instruction"], len(found["history"])
    ('How long?', 2)
    """

    def convert(given: dict[str, Any]) -> list[Example]:
        name = next((name for name in _NAMES if name in given), _NAMES[0])
        row = {key: value for key, value in given.items() if key != name}
        turns = _messages(given.get(name))
        if not any(_speaker(turn) is None and turn.get("from") != "system" for turn in turns):
            turns, row = _cleaned(turns, row, mend=mend)
        if most is None:
            return [chat.example(turns, row)]
        pieces = list(_pieces(turns, most, count))
        return [chat.example(part, {**row, "piece": n}) for n, part in enumerate(pieces)]

    return collect(path, convert, columns=columns, every_turn=every_turn)


def _messages(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(turn, dict) for turn in value):
        raise DataError("must be a list of turns", field="conversations", value=value)
    found = []
    for turn in (one for pair in value for one in _apart(pair)):
        text = turn.get("value", turn.get("content"))
        if _speaker(turn) == "assistant" and isinstance(text, str) and markup.is_page(text):
            turn = {**turn, "value": markup.to_markdown(text)}  # noqa: PLW2901
        found.append(turn)
    return found


def _apart(turn: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an exchange that one object holds, `human` beside `assistant`, as its two turns."""
    if not {"human", "assistant"} <= turn.keys():
        return [turn]
    rest = {name: of for name, of in turn.items() if name not in ("human", "assistant")}
    return [
        {"from": "human", "value": turn["human"], **rest},
        {"from": "gpt", "value": turn["assistant"]},
    ]


def _cleaned(
    turns: list[dict[str, Any]], row: dict[str, Any], *, mend: bool
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Leave out what stands before the first question and after the last answer; join doubles."""
    system = [turn for turn in turns[:1] if _speaker(turn) is None]
    said = turns[len(system) :]
    speakers = [_speaker(turn) for turn in said]
    if not {"user", "assistant"} <= set(speakers):
        raise DataError("holds no exchange", field="conversations", value=speakers)
    start = speakers.index("user")
    end = len(speakers) - speakers[::-1].index("assistant")
    kept: list[dict[str, Any]] = []
    for turn in said[start:end]:
        if kept and _speaker(kept[-1]) == _speaker(turn):
            if not mend:
                raise DataError(
                    f"two turns of the {_speaker(turn)} in a row", field="conversations"
                )
            text = f"{kept[-1].get('value')}\n\n{turn.get('value')}"
            kept[-1] = {**kept[-1], **turn, "value": text}
        else:
            kept.append(turn)
    if not kept:
        raise DataError("holds no exchange", field="conversations", value=speakers)
    left_out, joined = len(said) - (end - start), (end - start) - len(kept)
    more = {name: n for name, n in (("left_out", left_out), ("joined", joined)) if n}
    return [*system, *kept], {**row, **more}


def _pieces(
    turns: list[dict[str, Any]], most: int, count: Callable[[str], int]
) -> Iterator[Sequence[dict[str, Any]]]:
    """Yield runs of whole exchanges; an exchange that is too long alone is a piece of its own."""
    system = [turn for turn in turns[:1] if _speaker(turn) is None]
    exchanges: list[list[dict[str, Any]]] = []
    for turn in turns[len(system) :]:
        if _speaker(turn) == "user" or not exchanges:
            exchanges.append([])
        exchanges[-1].append(turn)
    fixed = sum(count(str(turn.get("value"))) for turn in system)
    piece: list[dict[str, Any]] = []
    size = fixed
    for exchange in exchanges:
        more = sum(count(str(turn.get("value"))) for turn in exchange)
        if piece and size + more > most:
            yield [*system, *piece]
            piece, size = [], fixed
        piece, size = [*piece, *exchange], size + more
    yield [*system, *piece]


def _speaker(turn: dict[str, Any]) -> str | None:
    return _SPEAKERS.get(str(turn.get("from", turn.get("role"))))
