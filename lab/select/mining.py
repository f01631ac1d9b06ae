"""Instruction Mining's steps on numbers: the lowest predicted losses, and the best size.

`score.fit_rule` fits the rule that predicts a loss from indicators, and `score.predicted_loss`
applies it.

Source: Cao et al. 2024, arXiv:2307.06290.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lab.select.selection import Selection, by_score, check_budget, check_scores


def instruction_mining(predicted: ArrayLike, k: int) -> Selection:
    """Pick the `k` rows of lowest predicted loss; ties to the lower row; nested.

    Parameters
    ----------
    predicted : float (n,)
        A loss, or its logarithm, for each row: `score.predicted_loss`. Rows without one (NaN) are
        never picked.
    k : int
        Rows to pick.

    Returns
    -------
    Selection
        `trace` is the mean predicted loss so far, never falling.

    Raises
    ------
    ValueError
        If fewer than `k` rows have a predicted loss, or one is infinite.

    Examples
    --------
    >>> instruction_mining([3.0, 1.0, float("nan"), 2.0], k=2).indices
    array([1, 3])
    """
    losses = check_scores(predicted)
    order = by_score(-losses)
    check_budget(k, len(order))
    picked = order[:k]
    trace = np.cumsum(losses[picked]) / np.arange(1, k + 1)
    params = {"k": k}
    return Selection(picked, trace, n=len(losses), method="instruction_mining", params=params)


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

    Examples
    --------
    >>> tried = best_size(lambda size: abs(size - 30), smallest=10, largest=100, tries=8)
    >>> bool(25 <= tried.idxmin() <= 35)
    True
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
