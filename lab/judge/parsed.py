"""Read replies of a judge: pure functions from a completion to what it says.

A reply that does not have the asked form is "invalid". Nothing is guessed: a reply that names both
answers, or a number outside the scale, says nothing; a reply that only repeats the instruction, or
that was cut before its verdict, neither. What a judge thinks aloud before it answers is not part
of a completion's text (see `lab.llm.Completion`).

Source: the answer forms of the Vicuna evaluation and AlpaGasus (arXiv:2307.08701), MT-bench
(arXiv:2306.05685), AlpacaEval 2 (arXiv:2404.04475) and LIMA (arXiv:2305.11206).
"""

import math
import re
from dataclasses import dataclass

from lab.llm import Completion

NUMBER = r"\d+(?:\.\d+)?"
SCORE = rf"({NUMBER})(?:\s*/\s*10)?"
SEPARATOR = r"(?:[ \t]*[,\uff0c;][ \t]*|[ \t]+(?:and[ \t]+)?)"
SCORES_LABEL = (
    r"(?:(?:final\s+)?(?:scores?|output|ratings?)|\u8bc4\u5206|\u5206\u6570|\u5f97\u5206)"
)
TWO_SCORES = re.compile(
    rf"(?:{SCORES_LABEL}\s*[:\uff1a]\s*)?[(\[]?{SCORE}{SEPARATOR}{SCORE}[)\]]?\s*[.\u3002]?",
    re.IGNORECASE,
)
PAIR_IN_TEXT = re.compile(
    rf"\b{SCORES_LABEL}\b[^()\n]{{0,40}}\({SCORE}{SEPARATOR}{SCORE}\)", re.IGNORECASE
)
ONE_SCORE = re.compile(
    r"(?:assistant|ai|answer|response|model|\u52a9\u624b|\u56de\u7b54)"
    r"[ \t]*#?(?P<who>[12AB])(?:'s)?"
    rf"(?:[ \t]+(?:score|rating))?[ \t]*(?:[:\uff1a=]|is)[ \t]*(?P<score>{NUMBER})"
    r"(?=[ \t]*(?:/[ \t]*10|out of 10|[,;\uff0c(\uff08]|\.?[ \t]*$))",
    re.IGNORECASE | re.MULTILINE,
)
DECORATION = str.maketrans("", "", "*_#`")
MARKER = re.compile(r"\[\[\s*([ABC])\s*\]\]")
SIGNS = {"A": "first", "B": "second", "C": "tie"}
CLEAR = {"first": 1.0, "second": 0.0, "tie": 0.5}
LABEL = "rating|score|\u8bc4\u5206|\u5206\u6570|\u5f97\u5206|\u6253\u5206"
VALUE = rf"(?P<value>{NUMBER})(?:\s*(?:/|out of)\s*(?P<of>\d+))?\s*(?:\u5206)?"
COLON = r"\s*[:\uff1a=]?\s*"
RATED = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\[\[\s*(?:(?:{LABEL}){COLON})?{VALUE}\s*\]\]",  # [[5]], [[rating: 3]], [[7/10]]
        rf"\[\[\s*(?:{LABEL})\s*\]\]\**{COLON}\[?{VALUE}\]?(?![\d.]*\d)",  # [[rating]]: 2
        rf"(?<![a-z])(?:{LABEL})\**{COLON}\[\s*{VALUE}\s*\](?!\])",  # Rating: [5]
    )
)
RANK = re.compile(
    r"""["']model["']\s*:\s*["'](?P<who>model_1|model_2|m|M)["']\s*,"""
    r"""\s*["']rank["']\s*:\s*["']?(?P<rank>\d+)"""
)
EXAMPLE = re.compile(r"for example|e\.g\.|such as|\u4f8b\u5982|\u6bd4\u5982", re.IGNORECASE)


@dataclass(frozen=True)
class ParsedVerdict:
    """What a reply says about the answers in the order in which they were shown."""

    winner: str  # "first", "second", "tie" or "invalid"
    preference: float = math.nan  # for the first answer, in [0, 1]; NaN if invalid
    score_first: float = math.nan
    score_second: float = math.nan


INVALID = ParsedVerdict("invalid")


def scores(completion: Completion) -> ParsedVerdict:
    r"""Read two scores from 0 to 10; the higher one wins.

    They stand alone on the first line, as is asked for; or, where a judge solves the task first,
    alone on the last line, or after the names of both on one line or two. If a reply gives two
    pairs that disagree, it is invalid.

    Examples
    --------
    >>> scores(Completion("8 7.5\nBoth are good.")).winner
    'first'
    >>> scores(Completion("2 + 2 is 4, as 2 says.\nAssistant 1: 2\nAssistant 2: 9")).winner
    'second'
    >>> scores(Completion("Assistant 1 is better.")).winner
    'invalid'
    """
    lines = [line.translate(DECORATION).strip() for line in _text(completion).splitlines()]
    lines = [line for line in lines if line]
    pairs = []
    if lines:
        pairs += _pair(TWO_SCORES.fullmatch(lines[0]))
    if len(lines) > 1 and not _is_cut(completion):
        pairs += _pair(TWO_SCORES.fullmatch(lines[-1]))
    whole = "\n".join(lines)
    pairs = pairs or [*_pair(PAIR_IN_TEXT.search(whole)), *_named_scores(whole)]
    if not pairs or len(set(pairs)) > 1:
        return INVALID
    first, second = pairs[0]
    return by_scores(first, second) if max(first, second) <= 10 else INVALID


def by_scores(first: float, second: float) -> ParsedVerdict:
    """Turn two scores into a verdict.

    Examples
    --------
    >>> by_scores(7, 7).winner
    'tie'
    """
    if first == second:
        return ParsedVerdict("tie", 0.5, first, second)
    if first > second:
        return ParsedVerdict("first", 1.0, first, second)
    return ParsedVerdict("second", 0.0, first, second)


def verdict(completion: Completion) -> ParsedVerdict:
    """Read the last [[A]], [[B]] or [[C]] (tie) of a reply.

    A line that holds all three repeats the instruction and does not count; a reply that was cut
    has a verdict only if it ends with it.

    Examples
    --------
    >>> verdict(Completion("A is wrong, so [[B]].")).winner
    'second'
    >>> verdict(Completion("I write [[A]], [[B]], or [[C]] for a tie. Let me see.")).winner
    'invalid'
    """
    text = _text(completion)
    marks = [
        mark
        for line in re.finditer(r"[^\n]+", text)
        if len(set(MARKER.findall(line[0]))) < len(SIGNS)
        for mark in MARKER.finditer(text, line.start(), line.end())
    ]
    if not marks or (_is_cut(completion) and text[marks[-1].end() :].strip(" *.\u3002\n")):
        return INVALID
    winner = SIGNS[marks[-1][1]]
    return ParsedVerdict(winner, CLEAR[winner])


def ranking(completion: Completion) -> ParsedVerdict:
    """Read AlpacaEval's list of two ranks, as Python or as JSON writes it.

    The model shown first is `model_1` or `m`, the other `model_2` or `M`; equal ranks are a tie.

    Examples
    --------
    >>> reply = "[{'model': 'model_2', 'rank': 1}, {'model': 'model_1', 'rank': 2}]"
    >>> ranking(Completion(reply)).winner
    'second'
    """
    ranks: dict[str, set[int]] = {"first": set(), "second": set()}
    for found in RANK.finditer(_text(completion)):
        ranks["first" if found["who"] in ("model_1", "m") else "second"].add(int(found["rank"]))
    if any(len(given) != 1 for given in ranks.values()):
        return INVALID
    first, second = min(ranks["first"]), min(ranks["second"])
    winner = "tie" if first == second else "first" if first < second else "second"
    return ParsedVerdict(winner, CLEAR[winner])


def logprobs(completion: Completion) -> ParsedVerdict:
    """Read the preference from the log-probabilities of the tokens m (first) and M (second).

    preference = P(m) / (P(m) + P(M)) at the first token; one that is not among the likeliest
    tokens counts as 0, and without either the reply is invalid.

    Examples
    --------
    >>> tops = [{"token": "m", "logprob": -0.1}, {"token": "M", "logprob": -2.4}]
    >>> reply = Completion("m", logprobs=[{"token": "m", "logprob": -0.1, "top_logprobs": tops}])
    >>> round(logprobs(reply).preference, 3)
    0.909
    """
    if completion.text is None or not completion.logprobs:
        return INVALID
    chance = {"m": 0.0, "M": 0.0}
    for candidate in completion.logprobs[0].get("top_logprobs") or ():  # null on some servers
        token, logprob = candidate.get("token"), candidate.get("logprob")
        if token in chance and logprob is not None:
            chance[token] = math.exp(logprob)
    total = chance["m"] + chance["M"]
    if total == 0:
        return INVALID
    preference = chance["m"] / total
    if preference == 0.5:
        return ParsedVerdict("tie", 0.5)
    return ParsedVerdict("first" if preference > 0.5 else "second", preference)


def last_line(completion: Completion, *, lowest: int, highest: int) -> float:
    r"""Read a whole number between two bounds, alone on the last line; NaN if there is none.

    Examples
    --------
    >>> last_line(Completion("It answers well.\n5\n5"), lowest=1, highest=6)
    5.0
    """
    lines = _text(completion).translate(DECORATION).strip().splitlines()
    if not lines or not lines[-1].strip().isdecimal():
        return math.nan
    number = float(lines[-1].strip())
    return number if lowest <= number <= highest else math.nan


def marked(completion: Completion, *, lowest: int, highest: int) -> float:
    """Read the last rating in double brackets between two bounds; NaN if there is none.

    All forms that published judgments have are read: [[5]], [[rating: 3]], [[7/10]], [[rating]]: 2,
    Rating: [6]. A reply that was cut has a rating only if it ends with it.

    Examples
    --------
    >>> marked(Completion("Short but right. Rating: [[7]]"), lowest=1, highest=10)
    7.0
    >>> marked(Completion("Wrong. [[rating]]: 2"), lowest=1, highest=10)
    2.0
    """
    text = _text(completion)
    found = [match for form in RATED for match in form.finditer(text)]
    found = [match for match in found if not _is_example(text[: match.start()])]
    if not found:
        return math.nan
    last = max(found, key=lambda match: match.end())
    if _is_cut(completion) and text[last.end() :].strip(" *.\u3002\n"):
        return math.nan
    number = float(last["value"])
    off_scale = last["of"] is not None and int(last["of"]) != highest
    return math.nan if off_scale or not lowest <= number <= highest else number


def _text(completion: Completion) -> str:
    return (completion.text or "").strip()


def _is_cut(completion: Completion) -> bool:
    return completion.finish_reason == "length"


def _is_example(before: str) -> bool:
    """Say whether what follows is an example, as where a reply repeats its instruction."""
    return EXAMPLE.search(before[before.rfind("\n") + 1 :]) is not None


def _pair(found: re.Match[str] | None) -> list[tuple[float, float]]:
    return [(float(found[1]), float(found[2]))] if found else []


def _named_scores(text: str) -> list[tuple[float, float]]:
    """Return the pairs of scores that a reply gives beside the names of the answers."""
    given: dict[str, set[float]] = {"first": set(), "second": set()}
    for found in ONE_SCORE.finditer(text):
        who = "first" if found["who"].upper() in ("1", "A") else "second"
        given[who].add(float(found["score"]))
    if not given["first"] or not given["second"]:
        return []
    return [(one, two) for one in given["first"] for two in given["second"]]
