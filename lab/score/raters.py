"""How noisy raters are, how far they agree, and what moves one more than another.

Source: Sheppard 1898 (what rounding adds to a variance); Cohen 1968,
doi:10.1037/h0026256 (weighted kappa); Krippendorff 2011 (alpha).
"""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.score.replies import HIGHEST, LOWEST, STEP

NORMAL_95 = 1.96


def rater_noise(ratings: pd.DataFrame, *, min_distance: float = 1.0) -> "pd.Series[float]":
    """Return each rater's standard deviation between draws on the same example, in points.

    The variance within an example is averaged over examples, and the share that rounding to half
    steps adds (Sheppard: step squared over 12) is taken off.

    Parameters
    ----------
    ratings : DataFrame
        What `score.ratings` gives, with at least two draws.
    min_distance : float
        Examples whose mean rating lies closer than this to 0 or 5 are left out, because there the
        end of the scale hides the noise; 0 keeps all.

    Raises
    ------
    ValueError
        If no example has two draws that could be read, away from the ends.

    Examples
    --------
    >>> from lab import score, testbed
    >>> noisy = testbed.client(testbed.Teacher(noise=0.5))
    >>> table = score.ratings(testbed.pool(12, noise=1.0), {"one": noisy}, draws=3, temperature=1.0)
    >>> 0 < rater_noise(table, min_distance=0.1)["one"].item() < 2
    True
    """
    groups = ratings.groupby(["rater", "dimension", "id"])["rating"]
    each = groups.agg(["mean", "var", "count"])
    each = each[(each["count"] >= 2) & _inside(each["mean"], min_distance)]
    if each.empty:
        raise ValueError(
            f"no example has two ratings and a mean at least {min_distance} from both ends"
        )
    spread = (each["var"] * (each["count"] - 1)).groupby("rater").sum()
    variance = spread / (each["count"] - 1).groupby("rater").sum()
    return pd.Series(np.sqrt((variance - STEP**2 / 12).clip(lower=0.0)), name="rater_noise")


def rater_agreement(
    ratings: pd.DataFrame,
    *,
    trait: "pd.Series[float] | None" = None,
    min_distance: float = 1.0,
) -> pd.DataFrame:
    """Compare every two raters: one row per pair.

    Parameters
    ----------
    ratings : DataFrame (items, raters)
        One column per rater, 0 to 5; missing where a rater gave none.
    trait : Series, optional
        Something that may move one rater more than another, such as the logarithm of the length,
        on the index of `ratings`.
    min_distance : float
        For the trait, items whose mean rating lies closer than this to 0 or 5 are left out,
        because there the end of the scale hides what moves a rater.

    Returns
    -------
    DataFrame
        `items` that both rated; `alpha` (Krippendorff's, interval scale) and `weighted_kappa`
        (quadratic weights on half steps): 1 is perfect, 0 is chance; `mean_difference`, second
        minus first, in points, and its standard error `difference_error`. With a trait: `slope`,
        points of difference per unit of the trait, with its 95 % interval `low`, `high`, over
        `slope_items` items. Missing where there is nothing to compare.

    Raises
    ------
    ValueError
        If there are fewer than two raters, or `trait` has another index.

    Examples
    --------
    >>> given = pd.DataFrame({"one": [1.0, 2.0, 4.0, 5.0], "two": [1.0, 2.5, 4.0, 4.5]})
    >>> rater_agreement(given)[["first", "second", "items", "mean_difference"]].values.tolist()
    [['one', 'two', 4, 0.0]]
    """
    if ratings.shape[1] < 2:
        raise ValueError(f"ratings must have at least 2 raters, got {ratings.shape[1]}")
    if trait is not None and not trait.index.equals(ratings.index):
        raise ValueError("trait must have the index of ratings, row by row")
    rows = []
    for one, two in combinations(ratings.columns, 2):
        both = ratings[[one, two]].dropna()
        values = both.to_numpy(dtype=np.float64)
        gap = np.asarray(values[:, 1] - values[:, 0], dtype=np.float64)
        row: dict[str, object] = {"first": one, "second": two, "items": len(both)}
        row |= {"alpha": _alpha(values), "weighted_kappa": _weighted_kappa(values)}
        row |= {"mean_difference": gap.mean() if len(gap) else np.nan}
        row |= {"difference_error": gap.std(ddof=1) / len(gap) ** 0.5 if len(gap) > 1 else np.nan}
        if trait is not None:
            inside = _inside(both.mean(axis=1), min_distance).to_numpy()
            x = np.asarray(trait.loc[both.index], dtype=np.float64)
            row |= _slope(x[inside], gap[inside])
        rows.append(row)
    return pd.DataFrame(rows)


def _inside(means: "pd.Series[float]", min_distance: float) -> "pd.Series[bool]":
    return means.between(LOWEST + min_distance, HIGHEST - min_distance)


def _alpha(values: NDArray[np.float64]) -> float:
    """Return Krippendorff's alpha of two raters without missing values, interval scale."""
    pooled = values.ravel()
    count = len(pooled)
    expected = pooled.var() * 2 * count / (count - 1) if count > 1 else 0.0
    observed = float(((values[:, 1] - values[:, 0]) ** 2).mean()) if count else 0.0
    return float(1 - observed / expected) if expected else np.nan


def _weighted_kappa(values: NDArray[np.float64]) -> float:
    """Return Cohen's kappa with quadratic weights; NaN if both give one and the same value."""
    steps = np.round(values / STEP)
    if len(steps) == 0:
        return np.nan
    observed = ((steps[:, 1] - steps[:, 0]) ** 2).mean()
    (a, b), (u, v) = steps.mean(axis=0), steps.var(axis=0)
    expected = u + v + (a - b) ** 2
    return float(1 - observed / expected) if expected else np.nan


def _slope(x: NDArray[np.float64], gap: NDArray[np.float64]) -> dict[str, float]:
    """Return the least-squares slope of a gap on a trait, with its interval."""
    spread = float(((x - x.mean()) ** 2).sum()) if len(x) else 0.0
    found = {"slope": np.nan, "low": np.nan, "high": np.nan, "slope_items": float(len(x))}
    if len(x) < 3 or spread == 0:
        return found
    slope = float(((x - x.mean()) * gap).sum() / spread)
    left = gap - gap.mean() - slope * (x - x.mean())
    error = float(np.sqrt((left @ left) / (len(x) - 2) / spread))
    return found | {
        "slope": slope,
        "low": slope - NORMAL_95 * error,
        "high": slope + NORMAL_95 * error,
    }
