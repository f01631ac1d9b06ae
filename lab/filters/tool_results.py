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
LEAST = 2  # what a reply must hold that is new for an answer to have to use some; a number is two
CODE = re.compile(r"[^\s\"'{}\[\](),;:：，。；、]{5,}")  # if letters and digits are in it
FORMAL = re.compile(r"(?:id|status|code|timestamp|_at)$")  # names of what nobody tells a person
LATIN, HAN = re.compile("[A-Za-z]{3,}"), re.compile("[\u4e00-\u9fff]")
DIGITS = str.maketrans("零〇一二两三四五六七八九", "001223456789")
Message = Mapping[str, Any]


def no_ignored_result(pool: pd.DataFrame) -> "pd.Series[bool]":
    """Keep examples whose answers use something of what tools replied to them.

    An answer falls if the replies before it hold a number, a code or two words that are not in what
    was asked, and it holds none of them. Words are compared by their first five letters, numbers by
    their value, rounded as the answer rounds them. Function words, words that tell of success or
    failure, whole numbers up to twelve, names of fields, ids and times of creation do not count,
    nor do words that the answer may tell in another script. An answer that uses a part and gets
    the rest wrong is kept.

    Of 210 real answers in nine sets, 24 of them in sets that it was not made on, two fall, one of
    them rightly (the other translates a title); of answers that were put behind another tool's
    reply, with places apart that it was not made on, 0.79 (`benchmarks/wording.py` has 0.98 and
    0.75 on its list). Most of the rest stand behind replies that tell no more than success.

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
    if _translated(words, answer, f"{asked} {values}"):
        words = set()
    numbers = _numbers(values) - _numbers(asked)
    codes = {code for code in _codes(values) if code not in asked.lower()}
    if len(words) + 2 * len(numbers | codes) < LEAST or any(
        code in answer.lower() for code in codes
    ):
        return False
    told = _numbers(answer)
    return not words & _words(answer) and not any(_rounds(a, b) for a in numbers for b in told)


def _translated(words: set[str], answer: str, source: str) -> bool:
    """Say whether the answer may tell words of a reply in another script."""
    if not words:
        return False
    if all(word.isascii() for word in words):
        return bool(HAN.search(answer)) and not LATIN.search(answer)
    latin = {word.lower() for word in LATIN.findall(answer)}
    return bool(latin - {word.lower() for word in LATIN.findall(source)})


def _codes(given: str) -> set[str]:
    """Return what holds letters and digits: a password, a code of an order."""
    found = set(CODE.findall(given.lower()))
    return {code for code in found if re.search("[a-z]", code) and re.search(r"\d", code)}


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
    """Return a reply without the names of its fields and what is formal, if it is JSON."""
    try:
        return "\n".join(_leaves(json.loads(reply), 0))
    except (ValueError, RecursionError):
        return reply


def _leaves(value: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        value = [each for name, each in value.items() if not FORMAL.search(name.lower())]
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each, depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
