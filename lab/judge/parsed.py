"""Read replies of a judge: pure functions from a completion to what it says.

A reply that does not have the asked form is "invalid". Nothing is guessed: a reply that names both
answers, or a number outside the scale, says nothing.

Source: the answer forms of the Vicuna evaluation and AlpaGasus (arXiv:2307.08701), MT-bench
(arXiv:2306.05685), AlpacaEval 2 (arXiv:2404.04475) and LIMA (arXiv:2305.11206).
"""

import math
import re
from dataclasses import dataclass

from lab.llm import Completion

NUMBER = r"\d+(?:\.\d+)?"
TWO_SCORES = re.compile(rf"\s*({NUMBER})(?:\s*[,\uff0c]\s*|\s+)({NUMBER})\s*")
MARKER = re.compile(r"\[\[([ABC])\]\]")
MARKED_NUMBER = re.compile(rf"\[\[({NUMBER})\]\]")
SIGNS = {"A": "first", "B": "second", "C": "tie"}


@dataclass(frozen=True)
class ParsedVerdict:
    """What a reply says about the answers in the order in which they were shown."""

    winner: str  # "first", "second", "tie" or "invalid"
    preference: float = math.nan  # for the first answer, in [0, 1]; NaN if invalid
    score_first: float = math.nan
    score_second: float = math.nan


INVALID = ParsedVerdict("invalid")


def scores(completion: Completion) -> ParsedVerdict:
    r"""Read two scores from 1 to 10 in the first line; the higher one wins.

    Examples
    --------
    >>> scores(Completion("8 7.5\nBoth are good.")).winner
    'first'
    >>> scores(Completion("Assistant 1 is better.")).winner
    'invalid'
    """
    lines = (completion.text or "").strip().splitlines()
    found = TWO_SCORES.fullmatch(lines[0]) if lines else None
    if found is None:
        return INVALID
    first, second = float(found[1]), float(found[2])
    if not (1 <= first <= 10 and 1 <= second <= 10):
        return INVALID
    return by_scores(first, second)


def by_scores(first: float, second: float) -> ParsedVerdict:
    """Turn two scores into a reading."""
    if first == second:
        return ParsedVerdict("tie", 0.5, first, second)
    if first > second:
        return ParsedVerdict("first", 1.0, first, second)
    return ParsedVerdict("second", 0.0, first, second)


def verdict(completion: Completion) -> ParsedVerdict:
    """Read the last [[A]], [[B]] or [[C]] (tie) of a reply.

    Examples
    --------
    >>> verdict(Completion("A is wrong, so [[B]].")).winner
    'second'
    """
    found = MARKER.findall(completion.text or "")
    if not found:
        return INVALID
    winner = SIGNS[found[-1]]
    return ParsedVerdict(winner, {"first": 1.0, "second": 0.0, "tie": 0.5}[winner])


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
    for candidate in completion.logprobs[0].get("top_logprobs", []):
        if candidate["token"] in chance:
            chance[candidate["token"]] = math.exp(candidate["logprob"])
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
    lines = (completion.text or "").strip().splitlines()
    if not lines or not lines[-1].strip().isdecimal():
        return math.nan
    number = float(lines[-1].strip())
    return number if lowest <= number <= highest else math.nan


def marked(completion: Completion, *, lowest: int, highest: int) -> float:
    """Read the last number in double brackets between two bounds; NaN if there is none.

    Examples
    --------
    >>> marked(Completion("Short but right. Rating: [[7]]"), lowest=1, highest=10)
    7.0
    """
    found = MARKED_NUMBER.findall(completion.text or "")
    number = float(found[-1]) if found else math.nan
    return number if lowest <= number <= highest else math.nan
