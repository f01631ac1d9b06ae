"""Read ratings out of replies, and sum them up: pure functions, free to run again.

Source: Chen et al. 2024, arXiv:2307.08701 (the value stands alone on the first line).
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lab.llm.thoughts import answer_text

LOWEST, HIGHEST, STEP = 0.0, 5.0, 0.5
NUMBER = r"(?P<value>-?\d+(?:\.\d+)?)"
OF_FIVE = r"(?:\s*(?:/|out of)\s*5(?:\.0)?|\s*分)?\s*[.。]?"
LABELS = "score|rating|评分|分数|得分|打分"
FIRST_LINE = re.compile(rf"(?:[^\d:：]{{1,40}}[:：]\s*)?{NUMBER}{OF_FIVE}")
NOT_OF_TEN = r"(?!\d|\.\d|\s*(?:/|out of)\s*(?!5\b))"
LABELLED = re.compile(
    rf"(?<![a-z])(?:{LABELS})\s*(?:[:：=]|is|为|是)\s*{NUMBER}{NOT_OF_TEN}",
    re.IGNORECASE,
)
DECORATION = str.maketrans("", "", "*_#`")


def parse_rating(reply: str | None) -> float:
    r"""Return the rating that a reply gives, 0 to 5, or NaN.

    The first line may hold the value alone or after a label, and `/5`; else the first
    `Score: value` in the text counts. What a rater thought aloud before does not count, and a reply
    that was cut inside its thoughts has no rating. A value outside 0 to 5 is NaN, as is anything
    else.

    Examples
    --------
    >>> [parse_rating(text) for text in ("4.5\nGood.", "Well done. Score: 4/5", "9/10", None)]
    [4.5, 4.0, nan, nan]
    """
    value = _value(reply)
    return value if LOWEST <= value <= HIGHEST else math.nan


def why_unrated(reply: str | None) -> str | None:
    """Return "failed" (no reply), "unparsed", "out_of_range", or None if there is a rating."""
    if reply is None:
        return "failed"
    value = _value(reply)
    if math.isnan(value):
        return "unparsed"
    return None if LOWEST <= value <= HIGHEST else "out_of_range"


def expected_value(logprobs: Sequence[Mapping[str, Any]]) -> float:
    """Return the mean rating under the probabilities of a reply's first tokens, or NaN.

    The candidates for the first token that are numbers from 0 to 5 are weighted by their
    probabilities. Where a point may follow, the mean fraction seen after the token that came is
    added to every whole number below 5, since no other continuation is known.

    Parameters
    ----------
    logprobs : sequence of mappings
        One per token: `token`, `logprob`, and `top_logprobs`, a list of the same.

    Examples
    --------
    >>> even = [{"token": t, "logprob": math.log(0.5)} for t in "45"]
    >>> round(expected_value([{"token": "4", "logprob": math.log(0.5), "top_logprobs": even}]), 9)
    4.5
    """
    tokens = list(logprobs)
    while tokens and not tokens[0]["token"].translate(DECORATION).strip():
        tokens.pop(0)
    if not tokens:
        return math.nan
    fraction = _fraction(tokens[1:])
    total = weight = 0.0
    for text, chance in _candidates(tokens[0]).items():
        if re.fullmatch(r"\d(\.\d+)?", text) and float(text) <= HIGHEST:
            value = float(text)
            whole = "." not in text and value < HIGHEST
            total += chance * (value + (fraction if whole else 0.0))
            weight += chance
    return total / weight if weight else math.nan


def half_steps(ratings: "pd.Series[float]") -> "pd.Series[int]":
    """Count ratings by half step, 0.0 to 5.0, and the missing ones apart.

    A rating between two steps counts at the lower, so that the counts from 4.5 on are those kept
    at 4.5.

    Examples
    --------
    >>> half_steps(pd.Series([4.5, 5.0, 4.7, float("nan")])).loc[["4.5", "5.0", "missing"]].tolist()
    [2, 1, 1]
    """
    steps = np.arange(LOWEST, HIGHEST + STEP, STEP)
    outside = ratings[(ratings < LOWEST) | (ratings > HIGHEST)]
    if len(outside):
        raise ValueError(f"ratings must be within 0 and 5, got {outside.iloc[0]}")
    counts = (ratings.dropna() // STEP * STEP).value_counts().reindex(steps, fill_value=0)
    counts.index = pd.Index([f"{step:.1f}" for step in steps], name="rating")
    counts["missing"] = int(ratings.isna().sum())
    return counts.astype("int64").rename("rows")


def _value(reply: str | None) -> float:
    """Return the number that a reply gives, wherever it lies, or NaN."""
    text = (answer_text(reply or "") or "").translate(DECORATION).strip()
    first = FIRST_LINE.fullmatch(text.partition("\n")[0].strip())
    found = first or LABELLED.search(text)
    return float(found["value"]) if found else math.nan


def _candidates(token: Mapping[str, Any]) -> dict[str, float]:
    """Return the probability of each text that may have stood in a token's place."""
    chances: dict[str, float] = {}
    for each in token.get("top_logprobs") or [token]:
        text = each["token"].translate(DECORATION).strip()
        chances[text] = chances.get(text, 0.0) + math.exp(each["logprob"])
    return chances


def _fraction(tokens: Sequence[Mapping[str, Any]]) -> float:
    """Return the mean fraction that follows a whole number, given the tokens after it."""
    if not tokens:
        return 0.0
    chances = _candidates(tokens[0])
    after_point = STEP  # if no point came, half a point is the only fraction there is
    if tokens[0]["token"].strip() == "." and len(tokens) > 1:
        digits = {t: c for t, c in _candidates(tokens[1]).items() if re.fullmatch(r"\d+", t)}
        weight = sum(digits.values())
        if weight:
            after_point = sum(c * float(f"0.{t}") for t, c in digits.items()) / weight
    total = 0.0
    for text, chance in chances.items():
        if text == ".":
            total += chance * after_point
        elif re.fullmatch(r"\.\d+", text):
            total += chance * float(text)
    return total / sum(chances.values())
