"""Win rates as they would be if both systems wrote equally long answers.

`length_controlled` fits, for each pair of systems, logit p = theta + phi * tanh(d / sd(d)) to the
preferences p, where d is the difference in characters; the controlled rate is logistic(theta).
Nothing is penalised; the interval refits the model under drawn prompts.

AlpacaEval 2 adds a term for the difficulty of each prompt, shared by all models of its board:
logit p = theta + phi * tanh(d / sd(d)) + psi * difficulty, with d = baseline - model. Its
difficulties are not published; `difficulties` finds them from preferences of several models and
their published coefficients, and `on_board` places a further model beside them.

Source: Dubois et al. 2024, arXiv:2404.04475, section 3.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.judge.rates import OrderRule, mean_preference, outcomes

Floats = NDArray[np.float64]
MIN_PROMPTS = 100
MIN_SHARE = 0.02  # of prompts in which the answer of the one, and of the other, is longer
STEPS = 60
SMOOTH = 0.2  # ridge on a difficulty: one prompt has few verdicts
PULL = 20.0  # ridge on phi and psi of a further model towards the mean of the board
GLM = ["phi", "psi", "theta"]


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
        better); `prompts`, mean lengths, `rule`.

    Raises
    ------
    ValueError
        If a pair has fewer than 100 valid prompts, no lengths, or no overlap: either answer must
        be the longer one in at least 2 % of the prompts.
    """
    decided = outcomes(verdicts, rule=rule)
    rows = []
    for keys, group in decided[decided["outcome"] != "invalid"].groupby(
        ["system", "reference", "judge"], sort=True
    ):
        means = group.groupby("prompt")[["value", "length_a", "length_b"]].mean()
        terms = _length_terms(means, f"{keys[0]} against {keys[1]}")
        value = means["value"].to_numpy(float)
        X = np.column_stack([np.ones(len(terms)), terms])
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(len(X), np.full(len(X), 1 / len(X)), size=repetitions)
        theta, phi = _logistic_fits(X, value, np.ones((1, len(X))))[0]
        refits = 1 / (1 + np.exp(-_logistic_fits(X, value, drawn.astype(float))[:, 0]))
        low, high = np.quantile(refits, [0.025, 0.975])
        row: dict[str, Any] = dict(zip(["system", "reference", "judge"], keys, strict=True))
        row |= {"prompts": len(means), "win_rate": float(value.mean())}
        row |= {"lc_win_rate": float(1 / (1 + np.exp(-theta))), "low": float(low)}
        row |= {"high": float(high), "phi": float(phi)}
        row |= {name: float(means[name].mean()) for name in ("length_a", "length_b")}
        rows.append(row | {"rule": rule.__name__})
    return pd.DataFrame(rows)


def difficulties(preferences: pd.DataFrame, lengths: pd.DataFrame, board: pd.DataFrame) -> Floats:
    """Find the difficulty of each prompt from the preferences of several models.

    Parameters
    ----------
    preferences : DataFrame of float (prompts, models)
        For the model, in [0, 1]; missing where there is none.
    lengths : DataFrame of float (prompts, models)
        Characters of the baseline's answer less those of the model's.
    board : DataFrame (models; phi, psi, theta)
        Published coefficients, for the columns of `preferences`.

    Returns
    -------
    array (prompts,)
        On the board's scale; each is pulled to 0 by a ridge of 0.2.
    """
    names = list(preferences.columns)
    phi, psi, theta = (board.loc[names, name].to_numpy(float) for name in GLM)
    p = preferences.to_numpy(float)
    known = ~np.isnan(p)
    base = tanh_of_lengths(lengths[names]) * phi + theta
    found = np.zeros(len(p))
    for _ in range(STEPS):
        q = 1 / (1 + np.exp(-(base + found[:, None] * psi)))
        slope = np.where(known, (np.nan_to_num(p) - q) * psi, 0).sum(axis=1) - SMOOTH * found
        bend = np.where(known, q * (1 - q) * psi**2, 0).sum(axis=1) + SMOOTH
        found = found + np.clip(slope / bend, -2, 2)
    return found


def on_board(
    preferences: "pd.Series[Any]",
    lengths: "pd.Series[Any]",
    difficulty: Floats,
    board: pd.DataFrame,
) -> "pd.Series[float]":
    """Fit phi, psi and theta of a further model beside a board, phi and psi near the board's mean.

    The pull stands in for the board's own regularisation, for which AlpacaEval uses verdicts that
    are not published. Prompts are in the order of `difficulty`.
    """
    frame = lengths.to_frame("d")
    X = np.column_stack([tanh_of_lengths(frame)[:, 0], difficulty, np.ones(len(frame))])
    y = preferences.to_numpy(float)
    X, y = X[~np.isnan(y)], y[~np.isnan(y)]
    center = np.array([board["phi"].mean(), board["psi"].mean(), 0.0])
    pull = np.array([PULL, PULL, 0.0])
    found = center.copy()
    for _ in range(STEPS):
        q = 1 / (1 + np.exp(-(X @ found)))
        bend = (X * (q * (1 - q))[:, None]).T @ X + np.diag(pull)
        found = found + np.linalg.solve(bend, X.T @ (y - q) - pull * (found - center))
    return pd.Series(found, index=GLM)


def board_rate(coefficients: "pd.Series[Any]", difficulty: Floats) -> float:
    """Return the length-controlled win rate, 0 to 1, of a model with these coefficients."""
    reach = coefficients["psi"] * difficulty + coefficients["theta"]
    return float((1 / (1 + np.exp(-reach))).mean())


def tanh_of_lengths(lengths: pd.DataFrame) -> Floats:
    """Return tanh(d / sd(d)), column by column."""
    values = lengths.to_numpy(float)
    return np.asarray(np.tanh(values / np.nanstd(values, axis=0, ddof=1)), dtype=np.float64)


def _length_terms(means: pd.DataFrame, pair: str) -> Floats:
    if len(means) < MIN_PROMPTS:
        raise ValueError(
            f"length control needs at least {MIN_PROMPTS} prompts, {pair} has {len(means)}"
        )
    gap = (means["length_a"] - means["length_b"]).to_numpy(float)
    if np.isnan(gap).any():
        raise ValueError(f"length control needs the lengths of all answers, {pair} misses some")
    shares = [float((gap > 0).mean()), float((gap < 0).mean())]
    if min(shares) < MIN_SHARE:
        raise ValueError(
            f"length control needs lengths that overlap: in {pair} the answers of a are longer in "
            f"{shares[0]:.1%} of the prompts and shorter in {shares[1]:.1%}, need {MIN_SHARE:.0%}"
        )
    return tanh_of_lengths(pd.DataFrame({"d": gap}))[:, 0]


def _logistic_fits(X: Floats, y: Floats, weights: Floats) -> Floats:
    """Fit logit y = X b by Newton's method for each row of weights: (repetitions, columns)."""
    found = np.zeros((len(weights), X.shape[1]))
    for _ in range(STEPS):
        q = 1 / (1 + np.exp(-np.clip(found @ X.T, -30, 30)))
        slope = (weights * (y - q)) @ X
        bend = np.einsum("rn,ni,nj->rij", weights * q * (1 - q), X, X)
        bend = bend + 1e-9 * np.eye(X.shape[1])
        step = np.linalg.solve(bend, slope[:, :, None])[:, :, 0]
        found = found + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    return found
