"""Verdicts on claims about two arms: supported, contradicted or undecided, and how surely.

A claim states beforehand what difference would matter. A claim of more is supported if the
interval of the difference lies above zero, and contradicted if it lies below the least difference
that matters. A claim of no difference is an equivalence: supported if both one-sided tests rule
out a difference as large as the margin, contradicted if the interval lies beyond it. Everything
else is undecided, and says how large a difference would have been seen. Several claims that are
judged together are corrected by Holm's method.

Source: Schuirmann 1987, doi:10.1007/BF01068419 (two one-sided tests); Holm 1979,
https://www.jstor.org/stable/4615733 (step-down correction); Lakens 2017,
doi:10.1177/1948550617697177 (equivalence with a smallest effect of interest).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lab.judge.intervals import Resampled, resampled_difference

Word = Literal["supported", "contradicted", "undecided"]
ALPHA = 0.05
POWER = 0.8


@dataclass(frozen=True)
class Claim:
    """What is claimed of two arms, and the difference that matters; made by `more` and `same`.

    Examples
    --------
    >>> more("Diverse examples teach more.", "diverse", "narrow", by=0.05).first
    'diverse'
    """

    text: str
    first: str  # name of an arm
    second: str
    margin: float  # > 0, in the unit of the measure
    equivalence: bool  # "no difference" rather than "more"


def more(text: str, first: str, second: str, *, by: float) -> Claim:
    """Claim that `first` gives more than `second`.

    Parameters
    ----------
    text : str
        The claim as a sentence.
    first, second : str
        Names of arms.
    by : float
        The least difference that would matter, > 0, in the unit of the measure. It does not make
        the claim harder to support; it says when a small difference contradicts it.

    Examples
    --------
    >>> more("Diverse examples teach more.", "diverse", "narrow", by=0.05).margin
    0.05
    """
    return _claim(Claim(text, first, second, by, equivalence=False), "by")


def same(text: str, first: str, second: str, *, within: float) -> Claim:
    """Claim that `first` and `second` differ by less than `within`.

    Parameters
    ----------
    text, first, second
        As in `more`.
    within : float
        The margin, > 0, in the unit of the measure, chosen before the run.

    Examples
    --------
    >>> same("More of the same adds nothing.", "4000", "250", within=0.05).equivalence
    True
    """
    return _claim(Claim(text, first, second, within, equivalence=True), "within")


def verdicts(claims: Mapping[str, Claim], outcomes: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Judge claims on the same outcomes, corrected for their number.

    Parameters
    ----------
    claims : mapping
        Name -> claim, from `more` and `same`.
    outcomes : DataFrame
        One row per prompt, columns (arm, seed), higher is better, such as `ablate.details`
        gives. Prompts are paired; the seeds of two arms are drawn apart.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        Index name: claim, first, second, difference (first minus second), low, high (the 95 %
        interval of the difference; 90 % for an equivalence, which is what its two tests rest
        on), margin, verdict, smallest_effect (for a claim of more, the true difference that
        would have been found in 80 % of such experiments; for an equivalence, the least margin
        that would have been shown if there were no difference), p (of the verdict's own test)
        and p_holm (corrected; decided at 0.05), equivalence, prompts (none where the index of
        `outcomes` is called seed), seeds (of either arm).

    Raises
    ------
    ValueError
        If there is no claim, or one names an arm that is not there.

    Examples
    --------
    >>> values = {("a", 0): [1.0] * 90 + [0.0] * 10, ("b", 0): [1.0] * 50 + [0.0] * 50}
    >>> table = verdicts({"a": more("a beats b.", "a", "b", by=0.1)}, pd.DataFrame(values))
    >>> table["verdict"].tolist()
    ['supported']
    """
    if not claims:
        raise ValueError("claims must hold at least one claim, got none")
    arms = list(dict.fromkeys(outcomes.columns.get_level_values(0)))
    rows = {}
    for name, claim in claims.items():
        for arm in (claim.first, claim.second):
            if arm not in arms:
                raise ValueError(f"claim {name!r} names the arm {arm!r}; there are {arms}")
        rows[name] = _judged(claim, outcomes, seed)
    return jointly(pd.DataFrame.from_dict(rows, orient="index").rename_axis("name"))


def jointly(*tables: pd.DataFrame) -> pd.DataFrame:
    """Put verdicts on several outcomes together, corrected for the number of all of them.

    Parameters
    ----------
    tables : DataFrames
        From `verdicts`, with different names.

    Returns
    -------
    DataFrame
        As `verdicts`; what is decided in its own table may be undecided among all.

    Raises
    ------
    ValueError
        If a name is there twice.

    Examples
    --------
    >>> values = {("a", 0): [1.0] * 90 + [0.0] * 10, ("b", 0): [1.0] * 50 + [0.0] * 50}
    >>> one, two = ({name: more("a beats b.", "a", "b", by=0.1)} for name in ("one", "two"))
    >>> tables = [verdicts(claims, pd.DataFrame(values)) for claims in (one, two)]
    >>> jointly(*tables)["verdict"].tolist()
    ['supported', 'supported']
    """
    table = pd.concat(tables)
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()][0]
        raise ValueError(f"names of claims must differ, {twice!r} is there twice")
    table["p_holm"] = holm(table["p"].tolist())
    table.loc[table["p_holm"] > ALPHA, "verdict"] = "undecided"
    return table


def holm(p_values: list[float]) -> list[float]:
    """Return p-values corrected for their number by Holm's step-down method.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    raised = np.maximum.accumulate(np.asarray(p_values)[order] * factors)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(raised, 1.0)
    return [float(value) for value in corrected]


def _claim(claim: Claim, name: str) -> Claim:
    if not claim.margin > 0 or not np.isfinite(claim.margin):
        raise ValueError(f"{name} must be a number above 0, got {claim.margin}")
    if claim.first == claim.second:
        raise ValueError(f"first and second must be two arms, got {claim.first!r} twice")
    return claim


def _judged(claim: Claim, outcomes: pd.DataFrame, seed: int) -> dict[str, object]:
    one, two = outcomes[[claim.first]].to_numpy(), outcomes[[claim.second]].to_numpy()
    found = resampled_difference(one, two, seed=seed)
    tail = ALPHA if claim.equivalence else ALPHA / 2
    interval = found.interval(1 - 2 * tail)
    word, p = _equivalent(claim, found) if claim.equivalence else _greater(claim, found)
    missed = (1 - POWER) / 2 if claim.equivalence else 1 - POWER  # an equivalence can fail twice
    by_seed = outcomes.index.name == "seed"  # a value of each seed, not of each prompt
    return {
        "claim": claim.text,
        "first": claim.first,
        "second": claim.second,
        "difference": found.estimate,
        "low": interval.low,
        "high": interval.high,
        "margin": claim.margin,
        "verdict": word,
        "smallest_effect": found.detectable(tail, power=1 - missed),
        "p": p,
        "equivalence": claim.equivalence,
        "prompts": 0 if by_seed else len(one),
        "seeds": len(one) if by_seed else min(one.shape[1], two.shape[1]),
    }


def _greater(claim: Claim, found: Resampled) -> tuple[Word, float]:
    """Return the verdict on a claim of more, and its two-sided p-value."""
    too_small = min(2 * found.p_below(claim.margin), 1.0)
    if too_small <= ALPHA:
        return "contradicted", too_small
    return "supported", min(2 * found.p_above(0.0), 1.0)


def _equivalent(claim: Claim, found: Resampled) -> tuple[Word, float]:
    """Return the verdict on a claim of no difference, and its p-value (two one-sided tests)."""
    within = max(found.p_above(-claim.margin), found.p_below(claim.margin))
    beyond = 2 * min(found.p_above(claim.margin), found.p_below(-claim.margin))
    return ("contradicted", beyond) if beyond < within else ("supported", within)
