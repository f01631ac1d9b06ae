"""A further model beside the board of AlpacaEval 2, at equal length.

The board adds a term for the difficulty of each prompt, shared by all its models:
logit p = theta + phi * tanh(d / s) + psi * difficulty, with d = baseline - model in characters. Its
difficulties are not published; `difficulties` finds them from preferences of several models and
their published coefficients, and `place` puts a further model beside them.

Source: Dubois et al. 2024, arXiv:2404.04475, section 3.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.errors import DataError
from lab.judge import logistic
from lab.judge.length_control import tanh_of_lengths

Floats = NDArray[np.float64]
SMOOTH = 0.2  # ridge on a difficulty: one prompt has few verdicts
PULL = 20.0  # ridge on phi and psi of a further model towards the mean of the board
HALVINGS = 60  # of the bracket around a difficulty: down to rounding
COEFFICIENTS = ["phi", "psi", "theta"]


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

    Examples
    --------
    >>> board = pd.DataFrame({"phi": [0.0], "psi": [1.0], "theta": [0.0]}, index=["m"])
    >>> one = pd.DataFrame({"m": [0.9, 0.1]})
    >>> difficulties(one, one * 0, board).round(2).tolist()
    [0.92, -0.92]
    """
    names = list(preferences.columns)
    phi, psi, theta = (board.loc[names, name].to_numpy(float) for name in COEFFICIENTS)
    p = preferences.to_numpy(float)
    known = ~np.isnan(p)
    terms = np.column_stack([tanh_of_lengths(lengths[name].to_numpy(float)) for name in names])
    fixed = terms * phi + theta
    reach = np.abs(psi).sum() / SMOOTH  # the slope below cannot be 0 any farther out
    low, high = np.full(len(p), -reach), np.full(len(p), reach)
    for _ in range(HALVINGS):  # the slope falls with the difficulty, so its zero can be bracketed
        middle = (low + high) / 2
        q = logistic.chance(fixed + middle[:, None] * psi)
        slope = np.where(known, (np.nan_to_num(p) - q) * psi, 0).sum(axis=1) - SMOOTH * middle
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    return np.asarray((low + high) / 2)


def place(
    preferences: "pd.Series[Any]",
    lengths: "pd.Series[Any]",
    difficulty: Floats,
    board: pd.DataFrame,
) -> "pd.Series[float]":
    """Fit phi, psi and theta of a further model beside a board, phi and psi near the board's mean.

    The pull stands in for the board's own regularisation, for which AlpacaEval uses verdicts that
    are not published.

    Parameters
    ----------
    preferences : Series of float (prompts,)
        For the model, in [0, 1], in the order of `difficulty`; missing where there is none.
    lengths : Series of float (prompts,)
        Characters of the baseline's answer less those of the model's.
    difficulty : array (prompts,)
        As `difficulties` gives it.
    board : DataFrame (models; phi, psi, theta)
        The coefficients of the models of the board.

    Raises
    ------
    ValueError
        If numbers of prompts differ, or a preference stands without its length.
    DataError
        If the fit does not converge.
    """
    y, gap = preferences.to_numpy(float), lengths.to_numpy(float)
    if not len(y) == len(gap) == len(difficulty):
        raise ValueError(
            "preferences, lengths and difficulty must have the same prompts, got "
            f"{len(y)}, {len(gap)} and {len(difficulty)}"
        )
    known = ~np.isnan(y)
    if not known.any() or np.isnan(gap[known]).any():
        missing = int(np.isnan(gap[known]).sum())
        raise ValueError(
            f"need preferences with lengths, got {int(known.sum())}, {missing} without"
        )
    X = np.column_stack([tanh_of_lengths(gap), difficulty, np.ones(len(gap))])
    center = np.array([board["phi"].mean(), board["psi"].mean(), 0.0])
    pull = np.array([PULL, PULL, logistic.RIDGE])
    found, converged = logistic.fit(X[known], y[known], center=center, pull=pull)
    if not converged:
        raise DataError(f"the fit of {preferences.name} beside the board did not converge")
    return pd.Series(found, index=COEFFICIENTS)


def rate(coefficients: "pd.Series[Any]", difficulty: Floats) -> float:
    """Return the length-controlled win rate, 0 to 1, of a model with these coefficients.

    Examples
    --------
    >>> rate(pd.Series({"phi": -2.0, "psi": 1.0, "theta": 0.0}), np.array([-1.0, 1.0]))
    0.5
    """
    reach = coefficients["psi"] * difficulty + coefficients["theta"]
    return float(logistic.chance(reach).mean())
