"""From verdicts to win, tie and lose, and to rates with their intervals.

A rule turns the two orders of one pair into one outcome, and is named in every table:

- `nine_cell` (the default): the sign of the two verdicts' sum, as in AlpaGasus. A win is two wins,
  or a win and a tie; a win and a loss make a tie.
- `both_agree`: the verdict if both orders give the same, else a tie, as in MT-bench.
- `mean_preference`: the mean of the preferences, as in AlpacaEval; one order is enough for it.

Source: Chen et al. 2024, arXiv:2307.08701 (nine cells, winning score); Zheng et al. 2023,
arXiv:2306.05685 (MT-bench); Li et al. 2023, AlpacaEval (mean preference).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lab.judge.intervals import bootstrap
from lab.judge.verdicts import validate

Floats = NDArray[np.float64]
OrderRule = Callable[[Floats, Floats], Floats]
PAIR = ["system", "reference", "judge"]


def nine_cell(a_first: Floats, b_first: Floats) -> Floats:
    """Give 1, 0.5 or 0 (n,): the sign of the sum of the two verdicts of each pair.

    Examples
    --------
    >>> nine_cell(np.array([1.0, 1.0, 0.5]), np.array([0.5, 0.0, 0.0])).tolist()
    [1.0, 0.5, 0.0]
    """
    _need_both(a_first, b_first, "nine_cell")
    both = np.sign(a_first - 0.5) + np.sign(b_first - 0.5)
    return np.asarray((np.sign(both) + 1) / 2, dtype=np.float64)


def both_agree(a_first: Floats, b_first: Floats) -> Floats:
    """Give 1, 0.5 or 0 (n,): the verdict if both orders give the same one, else a tie.

    Examples
    --------
    >>> both_agree(np.array([1.0, 1.0, 0.0]), np.array([0.5, 1.0, 0.0])).tolist()
    [0.5, 1.0, 0.0]
    """
    _need_both(a_first, b_first, "both_agree")
    first, second = np.sign(a_first - 0.5), np.sign(b_first - 0.5)
    return np.asarray(np.where(first == second, (first + 1) / 2, 0.5), dtype=np.float64)


def mean_preference(a_first: Floats, b_first: Floats) -> Floats:
    """Give the mean preference for a, in [0, 1] (n,), over the orders that were shown.

    Examples
    --------
    >>> mean_preference(np.array([0.9, 1.0]), np.array([0.4, np.nan])).tolist()
    [0.65, 1.0]
    """
    return np.asarray(np.nanmean(np.stack([a_first, b_first]), axis=0), dtype=np.float64)


def outcomes(verdicts: pd.DataFrame, *, rule: OrderRule = nine_cell) -> pd.DataFrame:
    """Decide each pair: one row per prompt, system, reference, judge and sample.

    Parameters
    ----------
    verdicts : DataFrame
        A table of verdicts (see `lab.judge.verdicts`).
    rule : function
        `nine_cell`, `both_agree`, `mean_preference`, or another function of two float arrays (n,):
        the preference for a where a was shown first, and where b was; missing is not shown.

    Returns
    -------
    DataFrame
        With `value` in [0, 1] and `outcome` "win", "tie", "lose" for a; "invalid", and a missing
        value, if any order of the pair is invalid. `orders` counts the orders that were shown.

    Raises
    ------
    DataError
        If the table breaks its schema.
    ValueError
        If the rule needs both orders and a pair has one.
    """
    keys = ["prompt", *PAIR, "sample"]
    made = validate(verdicts).assign(first=verdicts["first"].fillna("a"))
    invalid = made["verdict"].eq("invalid").groupby([made[k] for k in keys]).any()
    pairs = made.set_index([*keys, "first"])["preference"].unstack("first").sort_index()  # noqa: PD010
    pairs = pairs.reindex(columns=["a", "b"]).astype("float64")
    lengths = made.groupby(keys)[["length_a", "length_b"]].mean()
    orders = made.groupby(keys).size()
    valid = ~invalid.loc[pairs.index].to_numpy()
    value = np.full(len(pairs), np.nan)
    if valid.any():
        value[valid] = rule(pairs["a"].to_numpy()[valid], pairs["b"].to_numpy()[valid])
    result = lengths.loc[pairs.index].assign(orders=orders.loc[pairs.index], value=value)
    names = np.select([value > 0.5, value == 0.5, value < 0.5], ["win", "tie", "lose"], "invalid")
    return result.assign(outcome=names).reset_index()


def win_rate(
    verdicts: pd.DataFrame,
    *,
    rule: OrderRule = nine_cell,
    repetitions: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Rate a against b, 0 to 1, higher is better for a: one row per system, reference and judge.

    Parameters
    ----------
    verdicts : DataFrame
        A table of verdicts.
    rule : function
        How two orders make one outcome; its name is the last column.
    repetitions, seed : int
        Of the bootstrap over prompts.

    Returns
    -------
    DataFrame
        `prompts` with a valid outcome; `win`, `tie`, `lose`, `invalid` over prompts and samples;
        `orders` shown of each pair (mean); `win_rate` = the mean value, a tie counting a half, with
        its 95 % interval `low`, `high`, binomial where one side wins all; `winning_score` =
        (win - lose) / n + 1 with `score_low`, `score_high`; `sign_test` = its two-sided p value;
        the mean lengths of both in characters.
        Samples of one prompt are averaged before prompts are drawn.

    Examples
    --------
    >>> from lab.judge import verdicts
    >>> rows = [
    ...     {"prompt": p, "judge": "me", "first": first, "verdict": verdict}
    ...     for p, verdict in [("p1", "a"), ("p2", "tie"), ("p3", "a")]
    ...     for first in "ab"
    ... ]
    >>> win_rate(verdicts.table(rows))[["win", "tie", "lose", "invalid"]].values.tolist()
    [[2, 1, 0, 0]]
    """
    decided = outcomes(verdicts, rule=rule)
    rows = []
    for keys, group in decided.groupby(PAIR, sort=True):
        row: dict[str, Any] = dict(zip(PAIR, keys, strict=True))
        row |= _summary(group, repetitions, seed)
        rows.append(row | {"rule": rule.__name__})
    return pd.DataFrame(rows)


def by_set(
    verdicts: pd.DataFrame,
    sets: "pd.Series[Any]",
    *,
    rule: OrderRule = nine_cell,
    repetitions: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Rate a against b on each test set, and on all: `win_rate` with a first column `set`.

    Parameters
    ----------
    verdicts : DataFrame
        A table of verdicts.
    sets : Series of str, index prompt
        The test set of each prompt.
    rule, repetitions, seed
        As in `win_rate`.

    Raises
    ------
    ValueError
        If a prompt has no set.
    """
    missing = sorted(set(verdicts["prompt"]) - set(sets.dropna().index))
    if missing:
        raise ValueError(f"{len(missing)} prompts have no set, the first is {missing[0]!r}")
    of_row = verdicts["prompt"].map(sets)
    parts = [(str(name), verdicts[of_row == name]) for name in dict.fromkeys(sets[sets.notna()])]
    tables = [
        win_rate(part, rule=rule, repetitions=repetitions, seed=seed).assign(set=name)
        for name, part in [*parts, ("all", verdicts)]
        if len(part)
    ]
    whole = pd.concat(tables, ignore_index=True)
    return whole[["set", *whole.columns.drop("set")]]


def sign_test(wins: int, losses: int) -> float:
    """Return the two-sided p value of `wins` against `losses` if both were equally likely.

    Ties stay out; without wins and losses the value is 1.

    Examples
    --------
    >>> sign_test(5, 0)
    0.0625
    """
    if wins < 0 or losses < 0:
        raise ValueError(f"wins and losses must be >= 0, got {wins} and {losses}")
    if wins + losses == 0:
        return 1.0
    return float(stats.binomtest(wins, wins + losses).pvalue)


def half_width(prompts: int, *, tie_share: float = 0.35) -> float:
    """Return the half width that a winning score's 95 % interval will have, before spending.

    Parameters
    ----------
    prompts : int
        Prompts that will be judged, >= 2.
    tie_share : float
        Share of ties to expect, in [0, 1); wins and losses are taken as even.

    Examples
    --------
    >>> [round(half_width(n), 2) for n in (50, 252, 730)]
    [0.22, 0.1, 0.06]
    """
    if prompts < 2 or not 0 <= tie_share < 1:
        raise ValueError(f"need prompts >= 2 and 0 <= tie_share < 1, got {prompts}, {tie_share}")
    return float(stats.norm.ppf(0.975)) * math.sqrt((1 - tie_share) / prompts)


def sweep_bound(prompts: int) -> float:
    """Return the lowest rate, of 95 % intervals, that a clean sweep of so many prompts allows.

    Examples
    --------
    >>> round(sweep_bound(100), 3)
    0.964
    """
    return float(0.025 ** (1 / prompts))


def _need_both(a_first: Floats, b_first: Floats, rule: str) -> None:
    single = int((np.isnan(a_first) | np.isnan(b_first)).sum())
    if single:
        raise ValueError(
            f"{rule} needs every pair in both orders, {single} of {len(a_first)} came in one; "
            "rule=mean_preference takes single orders"
        )


def _summary(group: pd.DataFrame, repetitions: int, seed: int) -> dict[str, Any]:
    counts = group["outcome"].value_counts()
    valid = group[group["outcome"] != "invalid"]
    means = valid.groupby("prompt")["value"].mean()
    signs = np.sign(valid["value"] - 0.5).groupby(valid["prompt"]).mean()
    row: dict[str, Any] = {"prompts": len(means)}
    row |= {name: int(counts.get(name, 0)) for name in ("win", "tie", "lose", "invalid")}
    row["orders"] = float(group["orders"].mean())
    for name, values, low, high in (
        ("win_rate", means, "low", "high"),
        ("winning_score", signs + 1, "score_low", "score_high"),
    ):
        row[name] = float(values.mean()) if len(values) else np.nan
        if len(values) < 2:
            row |= {low: np.nan, high: np.nan}
            continue
        top = 1.0 if name == "win_rate" else 2.0
        interval = bootstrap(values.to_numpy(), repetitions=repetitions, seed=seed)
        sure = sweep_bound(len(values)) * top
        row[low] = sure if values.min() == top else max(interval.low, 0.0)
        row[high] = top - sure if values.max() == 0 else min(interval.high, top)
    row["sign_test"] = sign_test(row["win"], row["lose"])
    return row | {name: float(group[name].mean()) for name in ("length_a", "length_b")}
