"""How far judges agree, beyond chance and with ties counted as LIMA does.

Source: Zhou et al. 2023, arXiv:2305.11206, section 4 (tie-discounted accuracy); Cohen 1960,
doi:10.1177/001316446002000104 (kappa); Cohen 1968, doi:10.1037/h0026256 (weighted kappa);
Krippendorff 2011 (alpha).
"""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.judge.intervals import bootstrap

WORTH = {"b": -1.0, "lose": -1.0, "tie": 0.0, "a": 1.0, "win": 1.0}


def agreement(labels: pd.DataFrame, *, repetitions: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Compare every two raters: one row per pair of columns.

    Parameters
    ----------
    labels : DataFrame of str (items, raters)
        "a" (or "win"), "tie", "b" (or "lose"); anything else is invalid, missing is not rated.
    repetitions, seed : int
        Of the bootstrap over items.

    Returns
    -------
    DataFrame
        `items` that both rated validly and `invalid` ones; `agreement`, the share of equal labels
        in [0, 1], with its 95 % interval `low`, `high`; `agreement_all`, the same with invalid
        labels counted as wrong; `tie_discounted`: 1 for equal labels, a half if just one is a tie;
        `kappa`, and `weighted_kappa` with linear weights over lose < tie < win: 1 is perfect,
        0 is chance, missing where chance leaves nothing to explain.

    Raises
    ------
    ValueError
        If there are fewer than two raters.

    Examples
    --------
    >>> labels = pd.DataFrame({"one": ["a", "b", "tie", "a"], "two": ["a", "b", "a", "b"]})
    >>> agreement(labels)[["agreement", "tie_discounted", "kappa"]].round(3).values.tolist()
    [[0.5, 0.625, 0.2]]
    """
    if labels.shape[1] < 2:
        raise ValueError(f"labels must have at least 2 raters, got {labels.shape[1]}")
    rows = []
    for one, two in combinations(labels.columns, 2):
        rated = labels[[one, two]].dropna()
        both = np.stack([rated[name].map(WORTH).to_numpy(dtype=float) for name in (one, two)])
        valid = both[:, ~np.isnan(both).any(axis=0)]
        row: dict[str, Any] = {"first": one, "second": two, "items": valid.shape[1]}
        row["invalid"] = len(rated) - valid.shape[1]
        same = (valid[0] == valid[1]).astype(float)
        half = (valid[0] != valid[1]) & ((valid[0] == 0) | (valid[1] == 0))
        row |= {"agreement": _mean(same), "low": np.nan, "high": np.nan}
        if len(same) > 1:
            found = bootstrap(same, repetitions=repetitions, seed=seed)
            row |= {"low": max(found.low, 0.0), "high": min(found.high, 1.0)}
        row["agreement_all"] = float(same.sum()) / len(rated) if len(rated) else np.nan
        row["tie_discounted"] = _mean(same + 0.5 * half)
        row["kappa"] = _kappa(valid, linear=False)
        row["weighted_kappa"] = _kappa(valid, linear=True)
        rows.append(row)
    return pd.DataFrame(rows)


def krippendorff_alpha(labels: pd.DataFrame, *, ordered: bool = False) -> float:
    """Return Krippendorff's alpha of any number of raters, missing labels allowed.

    1 is perfect, 0 is chance, below 0 is worse than chance.

    Parameters
    ----------
    labels : DataFrame of str (items, raters)
        As in `agreement`; invalid labels count as missing.
    ordered : bool
        Whether lose < tie < win is an order (then a tie is nearer to either than they are).

    Raises
    ------
    ValueError
        If no item has two labels, or all labels are equal.
    """
    import krippendorff

    values = np.stack([labels[name].map(WORTH).to_numpy(dtype=float) for name in labels.columns])
    shared = (~np.isnan(values)).sum(axis=0) > 1
    if not shared.any() or len(np.unique(values[:, shared])) < 2:
        raise ValueError("alpha needs items with two labels, and at least two different labels")
    level: Any = "ordinal" if ordered else "nominal"
    return float(krippendorff.alpha(reliability_data=values, level_of_measurement=level))


def majority(labels: pd.DataFrame) -> "pd.Series[Any]":
    """Return the label that more raters gave than any other; "tie" where two share the lead.

    Examples
    --------
    >>> majority(pd.DataFrame({"x": ["a", "a"], "y": ["a", "b"], "z": ["b", "tie"]})).tolist()
    ['a', 'tie']
    """
    counts = pd.DataFrame({name: (labels == name).sum(axis=1) for name in ("a", "b", "tie")})
    leads = counts.eq(counts.max(axis=1), axis=0)
    names = counts.idxmax(axis=1)
    return names.where(leads.sum(axis=1) == 1, "tie").rename("majority")


def _mean(values: NDArray[np.floating[Any]]) -> float:
    return float(values.mean()) if len(values) else np.nan


def _kappa(both: NDArray[np.floating[Any]], *, linear: bool) -> float:
    """Return Cohen's kappa, 1 - observed / expected disagreement; NaN if none is expected."""
    if both.shape[1] == 0:
        return np.nan
    levels = np.array([-1.0, 0.0, 1.0])
    seen = (both[:, :, None] == levels).astype(float)  # (2, items, 3)
    together = seen[0].T @ seen[1] / both.shape[1]
    chance = np.outer(seen[0].mean(axis=0), seen[1].mean(axis=0))
    gap = np.abs(levels[:, None] - levels[None, :])
    weights = gap if linear else (gap > 0).astype(float)
    expected = float((weights * chance).sum())
    return 1 - float((weights * together).sum()) / expected if expected else np.nan
