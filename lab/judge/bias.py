"""What moves a judge besides quality: the place of an answer, its length, and whose it is.

One binomial model of all verdicts, with an intercept for each pair of systems and errors
clustered by prompt:

    logit P(a wins) = pair + position * s + length * log2(words_a / words_b) + own * o + quality * q

where s is 1 if a was shown first and -1 if b was; o is 1 if the judge is of the family of a, -1 if
of that of b; q is a given difference in quality. Ties and probabilities enter as they are.

Source: Wang et al. 2023, arXiv:2305.17926 (position); Zheng et al. 2023, arXiv:2306.05685 (length,
self-enhancement); Liang & Zeger 1986, doi:10.1093/biomet/73.1.13 (clustered errors); Mancl &
DeRouen 2001, doi:10.1111/j.0006-341X.2001.00126.x (their correction for leverage).
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lab.errors import DataError
from lab.judge.verdicts import validate

MIN_PROMPTS = 20
LARGEST = 15.0  # log-odds beyond which verdicts are separated
NOT_IDENTIFIED = {
    "position": "not identified: both orders are needed",
    "length": "not identified: lengths do not vary within a pair of systems",
    "self_preference": "not identified: it needs judges of two families, and answers of theirs",
    "quality": "not identified: quality does not vary within a pair of systems",
}
Floats = NDArray[np.float64]


def bias(
    verdicts: pd.DataFrame,
    *,
    families: Mapping[str, str] | None = None,
    quality: "pd.Series[Any] | None" = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the biases of the judges of a table, in log-odds, 0 = none.

    Parameters
    ----------
    verdicts : DataFrame
        A table of verdicts, best with both orders. For one judge's biases pass its rows.
    families : mapping, optional
        The family of each judge and system, such as {"gpt-4": "openai"}; without it
        self-preference is not identified. With judges of one family it cannot be told from the
        merit of that family's answers.
    quality : Series of float, index prompt, optional
        Merit of a above that of b in each prompt by other means, such as truth or people. Without
        it, `length` holds whatever makes long answers better too.
    level : float
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        One row per `effect`: "position" (log-odds for being shown first), "length" (for each
        doubling of the number of words; of characters where words are missing),
        "self_preference" (for an answer of the judge's own family) and "quality" if given; with
        `estimate`, `low`, `high`, `p_value`, `prompts`, `verdicts`, `invalid` (left out), and a
        `note` where an effect is not identified.

    Raises
    ------
    ValueError
        If there are fewer than 20 prompts, a name has no family, or a prompt has no quality.

    Examples
    --------
    >>> import numpy as np
    >>> from lab.judge import verdicts
    >>> draw = np.random.default_rng(0)
    >>> rows = [
    ...     {"prompt": f"p{n}", "judge": "j", "first": first, "verdict": draw.choice(["a", "b"]),
    ...      "length_a": draw.integers(50, 90), "length_b": draw.integers(50, 90)}
    ...     for n in range(60) for first in "ab"
    ... ]
    >>> bias(verdicts.table(rows)).columns.tolist()
    ['effect', 'estimate', 'low', 'high', 'p_value', 'prompts', 'verdicts', 'invalid', 'note']
    """
    valid = validate(verdicts)
    valid = valid[valid["verdict"] != "invalid"]
    prompts = valid["prompt"].nunique()
    if prompts < MIN_PROMPTS:
        raise ValueError(f"biases need at least {MIN_PROMPTS} prompts, got {prompts}")
    pair = pd.Categorical(valid["system"] + "\x00" + valid["reference"])
    intercepts = np.eye(len(pair.categories))[pair.codes]
    columns = {"position": _position(valid), "length": _length(valid)}
    columns["self_preference"] = _own(valid, families)
    if quality is not None:
        columns["quality"] = _quality(valid, quality)
    kept = _identified(intercepts, columns)
    matrix = np.column_stack([intercepts, *(columns[name] for name in kept)])
    fitted = _fit(valid["preference"].to_numpy(float), matrix, pd.factorize(valid["prompt"])[0])
    counts = {"prompts": prompts, "verdicts": len(valid)}
    counts["invalid"] = len(verdicts) - len(valid)
    first = intercepts.shape[1]
    found = {
        name: _effect(fitted[0][first + at], fitted[1][first + at], prompts - 1, level)
        for at, name in enumerate(kept)
    }
    missing = dict.fromkeys(("estimate", "low", "high", "p_value"), np.nan)
    return pd.DataFrame(
        {
            "effect": name,
            **found.get(name, missing),
            **counts,
            "note": "" if name in found else NOT_IDENTIFIED[name],
        }
        for name in columns
    )


def _effect(estimate: float, error: float, freedom: int, level: float) -> dict[str, float]:
    """Return an estimate with its interval and p-value, by Student's t."""
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    p_value = 2 * float(stats.t.sf(abs(estimate) / error, freedom)) if error > 0 else np.nan
    return {
        "estimate": estimate,
        "low": estimate - reach,
        "high": estimate + reach,
        "p_value": p_value,
    }


def _position(valid: pd.DataFrame) -> Floats:
    shown = valid["first"].map({"a": 1.0, "b": -1.0}).fillna(0.0)
    return np.asarray(shown.to_numpy(float), dtype=np.float64)


def _length(valid: pd.DataFrame) -> Floats:
    names = ("words_a", "words_b") if "words_a" in valid.columns else ("length_a", "length_b")
    if valid[list(names)].isna().any(axis=None):
        names = ("length_a", "length_b")
    ratio = (valid[names[0]].astype(float) + 1) / (valid[names[1]].astype(float) + 1)
    return np.asarray(np.nan_to_num(np.log2(ratio.to_numpy(float))), dtype=np.float64)


def _own(valid: pd.DataFrame, families: Mapping[str, str] | None) -> Floats:
    if families is None:
        return np.zeros(len(valid))
    for name in ("judge", "system", "reference"):
        unknown = sorted(set(valid[name]) - set(families))
        if unknown:
            raise ValueError(f"families misses {len(unknown)} names, the first is {unknown[0]!r}")
    judge = valid["judge"].map(families)
    if judge.nunique() < 2:
        return np.zeros(len(valid))
    own = judge.eq(valid["system"].map(families)).to_numpy(float)
    return np.asarray(own - judge.eq(valid["reference"].map(families)).to_numpy(float))


def _quality(valid: pd.DataFrame, quality: "pd.Series[Any]") -> Floats:
    values = valid["prompt"].map(quality)
    if values.isna().any():
        missing = valid.loc[values.isna(), "prompt"].unique()
        raise ValueError(f"{len(missing)} prompts have no quality, the first is {missing[0]!r}")
    return values.to_numpy(float)


def _identified(intercepts: Floats, columns: Mapping[str, Floats]) -> list[str]:
    """Return the columns that add to the rank, in order."""
    kept: list[str] = []
    for name, column in columns.items():
        tried = np.column_stack([intercepts, *(columns[one] for one in kept), column])
        if np.linalg.matrix_rank(tried) == tried.shape[1]:
            kept.append(name)
    return kept


def _fit(y: Floats, matrix: Floats, groups: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return coefficients and their standard errors, clustered and corrected for leverage."""
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    model = sm.GLM(y, matrix, family=sm.families.Binomial())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # an error of our own follows
        fitted = model.fit()
    found = np.asarray(fitted.params, dtype=np.float64)
    if not fitted.converged or not np.isfinite(found).all() or np.abs(found).max() > LARGEST:
        raise DataError(
            "the verdicts are separated: some effect decides them all, so its size has no "
            "finite estimate; look at the table by order and by judge"
        )
    mean = np.asarray(fitted.fittedvalues, dtype=np.float64)
    variance = mean * (1 - mean)
    bread = np.linalg.inv((matrix * variance[:, None]).T @ matrix)
    meat = np.zeros_like(bread)
    for rows in np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1]):
        X = matrix[rows]
        leverage = (X @ bread @ X.T) * variance[rows]
        score = X.T @ np.linalg.solve(np.eye(len(rows)) - leverage.T, y[rows] - mean[rows])
        meat += np.outer(score, score)
    square = np.maximum(np.diag(bread @ meat @ bread), 0.0)
    return found, np.asarray(np.sqrt(square), dtype=np.float64)
