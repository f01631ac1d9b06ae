"""Win rates as they would be if both systems wrote equally long answers.

`length_controlled` fits, for each pair of systems, logit p = theta + phi * tanh(d / s) to the
preferences p, where d is the difference in characters and s its standard deviation; the
controlled rate is logistic(theta).

Where it may be used. The rate is that of prompts at which both answers are equally long, so there
have to be such prompts, on both sides: a pair is refused unless either answer is the longer one
in at least a quarter of the prompts. Below that the fit extrapolates: most models of AlpacaEval 2
are shorter than its baseline in nine prompts of ten, and there the rate is mostly farther from the
published one than the plain win rate is (`benchmarks/judge.py`). And what makes a prompt
hard must not make one answer longer: intervals cover the truth with any spread of difficulties
that has nothing to do with length (tests simulate it), but a correlation of 0.3 of difficulty and
difference moves the rate by some points. AlpacaEval 2 knows the difficulties of its prompts; see
`lab.judge.leaderboard`.

Source: Dubois et al. 2024, arXiv:2404.04475, section 3.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.judge import logistic
from lab.judge.intervals import Interval, bootstrap
from lab.judge.rates import OrderRule, mean_preference, outcomes, sweep_bound

Floats = NDArray[np.float64]
MIN_PROMPTS = 100
MIN_SHARE = 0.25  # of prompts in which the answer of the one, and of the other, is longer
FAR = 3.0  # times the 99th percentile: a difference beyond it does not stretch the scale further
KEYS = ["system", "reference", "judge"]
MISSING = {"lc_win_rate": np.nan, "low": np.nan, "high": np.nan, "phi": np.nan}


def length_controlled(
    verdicts: pd.DataFrame,
    *,
    rule: OrderRule = mean_preference,
    repetitions: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Rate a against b at equal length, 0 to 1: one row per system, reference and judge.

    Parameters
    ----------
    verdicts : DataFrame
        A table of verdicts with lengths.
    rule : function
        How two orders make one value.
    repetitions, seed : int
        Refits under drawn prompts.

    Returns
    -------
    DataFrame
        `win_rate` as it is; `lc_win_rate` with its 95 % interval `low`, `high`; `phi`, the
        log-odds that length buys (above 0: the judge prefers long answers, or long ones are
        better); `prompts`, `invalid` ones, `longer` and `shorter` (prompts in which a is), mean
        lengths, `rule`, and `note`. A pair that cannot be rated at equal length has no
        `lc_win_rate`, and the note says why: fewer than 100 prompts, lengths missing, too few
        prompts in which either answer is the longer one, or length alone decides all verdicts.
        A clean sweep and a pair of equally long answers are rated without a fit.

    Examples
    --------
    >>> from lab.judge import verdicts
    >>> rows = [
    ...     {"prompt": n, "judge": "me", "verdict": "ab"[n % 2], "length_a": n, "length_b": 60}
    ...     for n in range(120)
    ... ]
    >>> found = length_controlled(verdicts.table(rows))
    >>> found[["win_rate", "lc_win_rate"]].round(2).values.tolist()
    [[0.5, 0.5]]
    """
    decided = outcomes(verdicts, rule=rule)
    rows = []
    for keys, group in decided.groupby(KEYS, sort=True):
        valid = group[group["outcome"] != "invalid"]
        means = valid.groupby("prompt")[["value", "length_a", "length_b"]].mean()
        gap = (means["length_a"] - means["length_b"]).to_numpy(float)
        row: dict[str, Any] = dict(zip(KEYS, keys, strict=True))
        row |= {"prompts": len(means), "invalid": len(group) - len(valid)}
        row |= {"longer": int((gap > 0).sum()), "shorter": int((gap < 0).sum())}
        row["win_rate"] = float(means["value"].mean()) if len(means) else np.nan
        value = means["value"].to_numpy(float)
        row |= at_equal_length(value, gap, repetitions=repetitions, seed=seed)
        row |= {name: float(means[name].mean()) for name in ("length_a", "length_b")}
        rows.append(row | {"rule": rule.__name__, "note": row.get("note", "")})
    return pd.DataFrame(rows)


def tanh_of_lengths(gaps: Floats) -> Floats:
    """Return tanh(d / s) of differences in length (n,), s their standard deviation.

    A difference beyond three times the 99th percentile counts as that much in s, so that one
    endless answer does not flatten all others; without any difference the terms are 0.

    Examples
    --------
    >>> tanh_of_lengths(np.array([-1.0, 1.0])).round(3).tolist()
    [-0.609, 0.609]
    """
    known = gaps[~np.isnan(gaps)]
    far = FAR * float(np.quantile(np.abs(known), 0.99, method="lower")) if len(known) else 0.0
    spread = float(np.clip(known, -far, far).std(ddof=1)) if len(known) > 1 else 0.0
    if spread == 0:
        return np.where(np.isnan(gaps), np.nan, 0.0)
    return np.asarray(np.tanh(gaps / spread), dtype=np.float64)


def at_equal_length(
    value: Floats, gap: Floats, *, repetitions: int = 500, seed: int = 0
) -> dict[str, Any]:
    """Return `lc_win_rate`, `low`, `high`, `phi` of one pair, and a `note` if there is one.

    Parameters
    ----------
    value : array (prompts,)
        Preferences for a, in [0, 1].
    gap : array (prompts,)
        Characters by which a is longer.
    repetitions, seed : int
        As in `length_controlled`.
    """
    reason = _why_not(value, gap)
    if reason:
        return MISSING | {"note": reason}
    if not gap.any():
        found = bootstrap(value, repetitions=max(repetitions, 100), seed=seed)
        return _row(found, np.nan) | {"note": "all pairs are equally long: nothing to control for"}
    if value.min() == value.max() and value[0] in (0.0, 1.0):
        bound, one = sweep_bound(len(value)), float(value[0])
        swept = Interval(one, bound if one else 0.0, 1.0 if one else 1 - bound)
        side = "a" if one else "b"
        return _row(swept, np.nan) | {"note": f"{side} wins every prompt, longer or shorter"}
    X = np.column_stack([np.ones(len(gap)), tanh_of_lengths(gap)])
    (theta, phi), converged = logistic.fit(X, value)
    if not converged:
        return MISSING | {"note": "the fit did not converge"}
    drawn = np.random.default_rng(seed).multinomial(
        len(X), np.full(len(X), 1 / len(X)), size=repetitions
    )
    refits = logistic.chance(logistic.fits(X, value, drawn.astype(float))[0][:, 0])
    low, high = np.quantile(refits, [0.025, 0.975])
    return _row(Interval(float(logistic.chance(theta)), float(low), float(high)), float(phi))


def _row(found: Interval, phi: float) -> dict[str, Any]:
    return {"lc_win_rate": found.estimate, "low": found.low, "high": found.high, "phi": phi}


def _why_not(value: Floats, gap: Floats) -> str:
    """Say why a pair cannot be rated at equal length; "" if it can."""
    n = len(gap)
    if n < MIN_PROMPTS:
        return f"length control needs at least {MIN_PROMPTS} valid prompts, got {n}"
    if np.isnan(gap).any():
        return f"length control needs all lengths, {int(np.isnan(gap).sum())} of {n} are missing"
    if not gap.any():
        return ""
    longer, shorter, need = int((gap > 0).sum()), int((gap < 0).sum()), int(np.ceil(MIN_SHARE * n))
    if min(longer, shorter) < need:
        return (
            f"lengths overlap too little: a is longer in {longer} and shorter in {shorter} of {n} "
            f"prompts, each must be at least {need}"
        )
    if value.min() < value.max() and logistic.separated(gap, value):
        side = "longer" if value[gap.argmax()] == 1 else "shorter"
        return f"length decides all verdicts: the {side} answer wins, so merit cannot be told apart"
    return ""
