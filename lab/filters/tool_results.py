"""Keep examples whose answers use what tools replied to them."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pandas as pd

from lab import records, texts
from lab.filters import text
from lab.filters.wording import patterns

DEEPEST = 20  # levels of a reply that are read
SMALL = 12  # whole numbers up to it stand in too many texts to show anything
LEAST = 5  # new words and numbers that a reply must hold for an answer to have to use one
DIGITS = str.maketrans("零〇一二两三四五六七八九", "001223456789")
Message = Mapping[str, Any]


def no_ignored_result(pool: pd.DataFrame) -> "pd.Series[bool]":
    """Keep examples whose answers use something of what tools replied to them.

    An answer falls if the replies before it hold at least five words or numbers that are not in
    what was asked, and it holds none of them. Words are compared by their first five letters,
    numbers by their value, rounded as the answer rounds them. Function words, words that tell of
    success or failure, whole numbers up to twelve, names of fields and ids do not count. An answer
    that uses a part and gets the rest wrong is kept.

    On rows that were read precision is above 0.9 (a translated title falls), and recall 0.3 on
    answers that were put behind another tool's reply: most replies are too short to tell, which is
    why so little is asked (`benchmarks/wording.py`). Real sets held one such answer in 200.

    Source: own rule.
    Cost: about 3,000 rows with replies a second.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id; `history` and `steps` where any has them.

    Returns
    -------
    Series of bool
        True = keep.

    Examples
    --------
    >>> steps = [{"role": "tool", "content": "Paris: 17 degrees, light rain, wind from the west"}]
    >>> row = {"instruction": "What weather?", "steps": steps}
    >>> rows = [{**row, "output": said} for said in ("No idea.", "Rain, 17 degrees.")]
    >>> no_ignored_result(records.frame(rows)).tolist()
    [False, True]
    """
    text.column(pool, "output")
    rows = [{str(k): v for k, v in row.items()} for row in pool.to_dict("records")]
    used = [not any(_ignored(*turn) for turn in _answers(row)) for row in rows]
    return pd.Series(used, index=pool.index, dtype=bool, name="keep")


def _answers(example: Message) -> Iterator[tuple[str, list[str], str]]:
    """Yield what was asked, what the tools replied, and the answer, turn by turn."""
    asked, replies = "", list[str]()
    for turn in records.conversation(example):
        content = str(turn["content"] or "")
        if turn["role"] == "tool":
            replies.append(content)
        elif turn["role"] != "assistant":
            asked += f"\n{content}"
        elif content.strip() and not turn.get("tool_calls"):
            if replies:
                yield asked, replies, content
            replies = []


def _ignored(asked: str, replies: list[str], answer: str) -> bool:
    values = "\n".join(_values(reply) for reply in replies)
    words = _words(values) - _words(asked)
    numbers = _numbers(values) - _numbers(asked)
    if len(words) + len(numbers) < LEAST:
        return False
    told = _numbers(answer)
    return not words & _words(answer) and not any(_rounds(a, b) for a in numbers for b in told)


def _words(given: str) -> set[str]:
    """Return the words of a text that tell something, by their first letters."""
    words = [
        word for word in texts.terms(given.translate(DIGITS)) if not any(map(str.isdigit, word))
    ]
    long = [word for word in words if len(word) > 3 or not word.isascii()]
    return {word[:5] for word in long if not _empty().fullmatch(word)}


@cache
def _empty() -> re.Pattern[str]:
    """Return a pattern of words that tell nothing: of the call itself, and those of all texts."""
    words = [*patterns("tool_status"), *patterns("stop_words")]
    return re.compile(text.either(words), re.IGNORECASE)


def _numbers(given: str) -> set[str]:
    found = re.findall(r"\d[\d,]*(?:\.\d+)?", given.translate(DIGITS))
    bare = {number.replace(",", "") for number in found}
    return {number for number in bare if float(number) > SMALL or "." in number}


def _rounds(exact: str, told: str) -> bool:
    """Say whether a number that is told is another, or that one rounded."""
    return abs(float(exact) - float(told)) <= 0.5 * 10.0 ** -len(told.partition(".")[2])


def _values(reply: str) -> str:
    """Return a reply without the names of its fields and without ids, if it is JSON."""
    try:
        return "\n".join(_leaves(json.loads(reply), 0))
    except (ValueError, RecursionError):
        return reply


def _leaves(value: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        value = [each for name, each in value.items() if not name.lower().endswith("id")]
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each, depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
