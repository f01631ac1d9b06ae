"""Instruction Mining: a linear rule for the loss after tuning, and the best size by search.

Source: Cao et al. 2024, arXiv:2307.06290. The rule below is second-hand; its sign on
understandability shows how collinear the indicators are, so fit your own where you can.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lab.select.selection import Selection, by_score, check_budget

RULE = {
    "reward": -0.0078,
    "understandability": 0.4421,
    "naturalness": -0.3212,
    "coherence": -0.1520,
}
INTERCEPT = 0.0274


@dataclass(frozen=True)
class Rule:
    """Predicted log loss = intercept + sum of weight * indicator; lower is better data."""

    weights: Mapping[str, float]
    intercept: float
    r_squared: float | None = None  # share of the variance explained where it was fitted

    def predict(self, indicators: pd.DataFrame) -> "pd.Series[float]":
        """Return the predicted log loss of each row, NaN where an indicator is missing."""
        missing = [name for name in self.weights if name not in indicators]
        if missing:
            raise ValueError(
                f"indicators must have the column {missing[0]!r}, got {list(indicators.columns)}"
            )
        total = indicators[list(self.weights)] @ pd.Series(self.weights, dtype="float64")
        return (total + self.intercept).rename("log_loss")


PUBLISHED = Rule(RULE, INTERCEPT, r_squared=0.522)


def fit_rule(indicators: pd.DataFrame, losses: ArrayLike) -> Rule:
    """Fit the rule by least squares: one row per tuned mix, its mean indicators and its loss.

    Raises
    ------
    ValueError
        If there are fewer mixes than indicators + 2, or a loss is not above 0.
    """
    y = np.asarray(losses, dtype=np.float64)
    if len(y) != len(indicators) or len(y) < indicators.shape[1] + 2:
        raise ValueError(
            f"{indicators.shape[1]} indicators need at least {indicators.shape[1] + 2} mixes, each "
            f"with a loss; got {len(indicators)} mixes and {len(y)} losses"
        )
    if not (y > 0).all():
        raise ValueError(f"losses must be above 0, got {y.min()}")
    y = np.log(y)
    A = np.column_stack([np.ones(len(y)), indicators.to_numpy(dtype=np.float64)])
    found, *_ = np.linalg.lstsq(A, y, rcond=None)
    spread = ((y - y.mean()) ** 2).sum()
    explained = 1 - ((y - A @ found) ** 2).sum() / spread if spread > 0 else 0.0
    weights = dict(zip(indicators.columns, found[1:].tolist(), strict=True))
    return Rule(weights, float(found[0]), float(explained))


def instruction_mining(indicators: pd.DataFrame, k: int, *, rule: Rule = PUBLISHED) -> Selection:
    """Pick the `k` rows of lowest predicted log loss; ties to the lower row; nested.

    Parameters
    ----------
    indicators : DataFrame (n, p)
        A column for every weight of the rule; rows with a missing one are never picked.
    k : int
        Rows to pick.
    rule : Rule
        The published one by default, or one from `fit_rule`.

    Returns
    -------
    Selection
        `trace` is the mean predicted log loss so far, never falling.

    Raises
    ------
    ValueError
        If a column is missing or fewer than `k` rows are complete.
    """
    predicted = rule.predict(indicators).to_numpy(dtype=np.float64)
    order = by_score(-predicted)
    check_budget(k, len(order))
    picked = order[:k]
    trace = np.cumsum(predicted[picked]) / np.arange(1, k + 1)
    params = {"k": k, "weights": dict(rule.weights), "intercept": rule.intercept}
    return Selection(picked, trace, n=len(predicted), method="instruction_mining", params=params)


def best_size(
    loss_at: Callable[[int], float], *, smallest: int, largest: int, tries: int = 12
) -> "pd.Series[float]":
    """Search the subset size of lowest loss: a coarse grid by ratio, then between the best three.

    Stands in for the paper's BlendSearch; each try tunes a model, so `tries` is the cost.

    Parameters
    ----------
    loss_at : callable
        Tunes on the first rows of a nested selection and returns the loss.
    smallest, largest : int
        Sizes tried first and last.
    tries : int
        Sizes tried in all, at least 4.

    Returns
    -------
    Series of float
        Loss by size tried, on sorted sizes; `.idxmin()` is the best size.

    Raises
    ------
    ValueError
        Unless 1 <= smallest < largest and tries >= 4.
    """
    if not 1 <= smallest < largest or tries < 4:
        raise ValueError(
            f"sizes must satisfy 1 <= smallest < largest and tries be at least 4, "
            f"got {smallest}, {largest} and {tries}"
        )
    coarse = np.unique(np.geomspace(smallest, largest, (tries + 1) // 2).round().astype(int))
    seen = {int(size): float(loss_at(int(size))) for size in coarse}
    while len(seen) < tries:
        sizes = sorted(seen)
        best = sizes.index(min(sizes, key=seen.__getitem__))
        gaps = [(sizes[i], sizes[i + 1]) for i in (best - 1, best) if 0 <= i < len(sizes) - 1]
        low, high = max(gaps, key=lambda gap: gap[1] / gap[0])
        middle = round((low * high) ** 0.5)
        if middle in seen:
            break
        seen[middle] = float(loss_at(middle))
    return pd.Series(seen, name="loss").sort_index()
