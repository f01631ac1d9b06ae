"""Keep examples without telltale words: refusals, the first person, leaked prompts and the like.

The patterns are RE2 expressions, one a line, in `lab/filters/patterns/`, and are matched without
regard to case; `matched` shows what they found. They follow the rules of the papers named at each
filter, and they err (`benchmarks/wording.py` says how often): read what they
reject before dropping it.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from lab import texts
from lab.filters import text

OPENING = 400  # characters in which an output shows that it refuses
DEFINITION = re.compile(r"%([A-Z]+) = ")
FOLDER = Path(__file__).parent / "patterns"
SELF_INSTRUCT_WORDS = (
    *("image", "images", "graph", "graphs", "picture", "pictures", "file", "files", "map", "maps"),
    *("draw", "plot", "go to"),
)
ALPACA_WORDS = (*SELF_INSTRUCT_WORDS, "video", "audio", "music", "flowchart", "diagram")


@cache
def patterns(name: str, language: str = "*") -> tuple[str, ...]:
    """Return the patterns of a filter by its name, in one language or in all.

    Raises
    ------
    ValueError
        If there are none of this name and language.

    Examples
    --------
    >>> len(patterns("leaked_prompt")) > 0
    True
    """
    files = sorted(FOLDER.glob(f"{name}.{language}.txt"))
    if not files:
        known = sorted(path.stem for path in FOLDER.glob("*.txt"))
        raise ValueError(f"no patterns for {name}.{language}; there are some for {known}")
    return tuple(line for path in files for line in _read(path))


def _read(path: Path) -> list[str]:
    """Return the patterns of a file; `%NAME = part` names a part that `%NAME%` stands for."""
    parts: dict[str, str] = {}
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("# "):
            continue
        whole = in_both_scripts(line)
        for name, part in parts.items():
            whole = whole.replace(f"%{name}%", part)
        definition = DEFINITION.match(whole)
        if definition:
            parts[definition[1]] = whole[definition.end() :]
        else:
            found.append(whole)
    return found


def in_both_scripts(pattern: str) -> str:
    """Return a pattern in which each simplified character stands for its traditional forms too."""
    found, inside = [], False
    for at, sign in enumerate(pattern):
        if sign in "[]" and pattern[at - 1 : at] != "\\":
            inside = sign == "["
        forms = sign + traditional().get(sign, "")
        found.append(forms if inside or len(forms) == 1 else f"[{forms}]")
    return "".join(found)


@cache
def traditional() -> dict[str, str]:
    """Return the traditional forms of each simplified character that patterns hold."""
    lines = (FOLDER / "traditional.txt").read_text(encoding="utf-8").splitlines()
    return {pair[0]: pair[1:] for line in lines[1:] for pair in line.split()}


def matched(pool: pd.DataFrame, name: str, *, field: str = "output") -> "pd.Series[str]":
    """Return the fragment of each example that a pattern of this name matches, "" where none does.

    The evidence for the filters of this module: `matched(pool, "refusal")` is "" where
    `no_refusal(pool)` is True.

    Examples
    --------
    >>> pool = pd.DataFrame({"output": ["I'm sorry, but I can't help.", "Yes."]})
    >>> matched(pool, "refusal").tolist()
    ["I'm sorry, but I can't help.", '']
    """
    read = _read_for(name, text.column(pool, field))
    found = pd.Series("", index=read.index, dtype="str", name="found")
    for pattern in patterns(name):
        left = found == ""
        found[left] = text.fragments(read[left], [pattern])
    return found


def no_refusal(pool: pd.DataFrame, *, field: str = "output") -> "pd.Series[bool]":
    """Keep examples whose output is not a refusal, in English or Chinese, old or new script.

    A refusal says, in its first 400 characters, that it cannot or will not do the task, that it is
    a model and so has or does something not, or that the task lacks something; or it is a
    placeholder such as "<no output>". Thoughts before it are passed over.

    Measured on answers that no pattern was written for, by reading what it rejects (but for plain
    "I'm sorry, I cannot") and what a broad net of words finds beside it: 14,488 of 18 models on
    AlpacaEval's prompts, 348 rejected, precision 0.98, recall about 0.90; 359 Chinese ones, 28
    rejected, 0.96 and 0.92. Three sets before, each mended after it was read, had 0.97/0.76,
    0.96/0.82 and 0.97/0.89. Answers that open with a
    disclaimer ("As an AI, I have no opinion, but ...") count as refusals. `benchmarks/wording.py`
    holds rows that it was mended on.

    Source: after Evol-Instruct's third sign of failure, arXiv:2304.12244; own patterns.
    Cost: about 200,000 rows a second.

    Examples
    --------
    >>> outputs = ["I'm sorry, but I can't help.", "抱歉, 我不能回答", "Yes."]
    >>> no_refusal(pd.DataFrame({"output": outputs})).tolist()
    [False, False, True]
    """
    read = _read_for("refusal", text.column(pool, field))
    keep = text.flags(np.ones(len(read), dtype=bool), read.index)
    for language in ("en", "zh"):
        hinted = text.any_of(read, patterns("refusal_hint", language))
        keep[hinted] &= ~text.any_of(read[hinted], patterns("refusal", language))
    return keep


def no_first_person(pool: pd.DataFrame, *, field: str = "output") -> "pd.Series[bool]":
    """Keep examples whose output does not say "I" or "my", in English or Chinese.

    A plain match of words, so that quoted speech counts too; "I" as a number ("World War I",
    "Type I error") and 我 within other words (自我, 我国) do not.

    Source: LIMA, arXiv:2305.11206, section 2.1 (Stack Exchange answers).
    Cost: about 300,000 rows a second.

    Examples
    --------
    >>> no_first_person(pd.DataFrame({"output": ["I like tea.", "World War I ended."]})).tolist()
    [False, True]
    """
    read = _read_for("first_person", text.column(pool, field))
    return ~text.contains(read, patterns("first_person"))


def no_other_answers(pool: pd.DataFrame, *, field: str = "output") -> "pd.Series[bool]":
    """Keep examples whose output does not refer to other answers, comments, votes or the site.

    Source: LIMA, arXiv:2305.11206, section 2.1 ("as mentioned", "stack exchange").
    Cost: about 200,000 rows a second.

    Examples
    --------
    >>> no_other_answers(pd.DataFrame({"output": ["As others mentioned, no.", "No."]})).tolist()
    [False, True]
    """
    given = text.column(pool, field)
    keep = ~text.any_of(given, patterns("other_answers_hint"))
    keep[~keep] = ~text.any_of(given[~keep], patterns("other_answers"))
    return keep


def no_leaked_prompt(pool: pd.DataFrame, *, field: str = "instruction") -> "pd.Series[bool]":
    """Keep examples whose instruction copies no words of the prompt that made it.

    Source: the fourth sign of failure of Evol-Instruct, arXiv:2304.12244 ("given prompt",
    "rewritten prompt", "#Rewritten Prompt#").
    Cost: about 5,000,000 rows a second.

    Examples
    --------
    >>> tasks = ["#Rewritten Prompt#: Name a river.", "Name a river."]
    >>> no_leaked_prompt(pd.DataFrame({"instruction": tasks})).tolist()
    [False, True]
    """
    return ~text.contains(text.column(pool, field), patterns("leaked_prompt"))


def no_apology(
    pool: pd.DataFrame, *, min_words: int = 80, field: str = "output"
) -> "pd.Series[bool]":
    """Keep examples whose output does not hold "sorry", or has at least `min_words` words.

    The paper's plain rule, which also takes out a short letter of apology and condolences: a
    precision of 0.2 on rows that were read (`benchmarks/wording.py`); `no_refusal` is finer.

    Source: the second sign of failure of Evol-Instruct, arXiv:2304.12244.
    Cost: about 1,000,000 rows a second.

    Examples
    --------
    >>> no_apology(pd.DataFrame({"output": ["Sorry, no.", "No."]})).tolist()
    [False, True]
    """
    given = text.column(pool, field)
    keep = ~text.contains(given, (r"\bsorry\b", "抱歉", "对不起", "對不起"))
    keep[~keep] = texts.count(given[~keep]) >= min_words
    return keep


def no_blacklisted(
    pool: pd.DataFrame, *, words: Iterable[str] = ALPACA_WORDS, field: str = "instruction"
) -> "pd.Series[bool]":
    """Keep examples whose instruction has none of `words`, as whole words in any case.

    The default are words for what a text model cannot see or do. A word of Chinese characters
    matches anywhere, since nothing parts words there.

    Source: Self-Instruct, arXiv:2212.10560 (`SELF_INSTRUCT_WORDS`); Alpaca adds five.
    Cost: about 5,000,000 rows a second.

    Examples
    --------
    >>> tasks = ["Describe this image.", "Imagine a city."]
    >>> no_blacklisted(pd.DataFrame({"instruction": tasks})).tolist()
    [False, True]
    """
    given = [word.strip() for word in words]
    if not given or not all(given):
        raise ValueError(f"words must hold at least one word and no empty ones, got {given}")
    found = text.contains(text.column(pool, field), [_whole_word(word) for word in given])
    return ~found


def no_personal(
    pool: pd.DataFrame, *, fields: tuple[str, ...] = ("instruction", "input", "output")
) -> "pd.Series[bool]":
    """Keep examples without e-mail addresses, telephone and identity numbers, or key-like strings.

    Made-up addresses such as `someone@example.com` count too. Names and streets are not found.

    Source: own patterns.
    Cost: about 500,000 rows a second.

    Examples
    --------
    >>> rows = pd.DataFrame({"output": ["Mail jo@example.com.", "Mail me."]})
    >>> no_personal(rows, fields=("output",)).tolist()
    [False, True]
    """
    found = text.flags(np.zeros(len(pool), dtype=bool), pool.index)
    for field in fields:
        found |= text.contains(text.column(pool, field), patterns("personal"))
    return ~found


def _read_for(name: str, given: "pd.Series[str]") -> "pd.Series[str]":
    """Return what the filter of a name reads of its texts."""
    read = text.without_thoughts(given)
    if name == "refusal":
        return text.without_start(read.str.slice(0, OPENING), patterns("greeting"))
    if name == "first_person":
        return text.without(read, patterns("numeral"))
    return read


def _whole_word(word: str) -> str:
    """Return a pattern for a word that has no letter or digit beside it."""
    left = r"\b" if word[0].isascii() and word[0].isalnum() else ""
    right = r"\b" if word[-1].isascii() and word[-1].isalnum() else ""
    return f"{left}{re.escape(word)}{right}"
