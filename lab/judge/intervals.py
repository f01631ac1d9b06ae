"""Intervals for means over prompts, and over prompts and seeds.

The unit is the prompt: orders, samples and judges are averaged inside a prompt before anything
is drawn. Over several seeds, prompts and seeds are drawn independently of each other.

Source: Owen 2007, doi:10.1214/07-AOAS122 (two-way bootstrap); Hesterberg 2015,
doi:10.1080/00031305.2015.1089789 (percentiles are too narrow in small samples, and how to
expand them); Satterthwaite 1946, doi:10.2307/3002019 (degrees of freedom).
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
LEAST_TAIL = 1e-5  # two thousand draws say nothing about rarer events
TAIL_STEPS = 24  # halvings on a logarithmic scale: four digits
MISSING = np.inf  # values are finite, so that this can stand for a missing one while sorting


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def covers(self, value: float) -> bool:
        """Say whether `value` lies inside, ends included."""
        return self.low <= value <= self.high


@dataclass(frozen=True, eq=False)
class Resampled:
    """An estimate with its bootstrap draws: intervals at any level, and the p-values they imply."""

    estimate: float
    draws: Floats  # (repetitions,) the estimate on resampled prompts and seeds
    error: float  # standard error, from the analysis of variance
    freedom: float  # degrees of freedom of `error`

    def interval(self, level: float) -> Interval:
        """Return the interval that covers the truth in a share `level` of cases."""
        tail = (1 - level) / 2
        return Interval(self.estimate, self._bound(tail), self._bound(1 - tail))

    def p_above(self, value: float) -> float:
        """Return the one-sided p-value against "the truth is at most `value`", in (0, 1).

        The smallest tail whose lower bound lies above `value`; never below `LEAST_TAIL`.
        """
        return self._tail(value) if self.estimate > value else 1 - self._tail(value)

    def p_below(self, value: float) -> float:
        """Return the one-sided p-value against "the truth is at least `value`", in (0, 1)."""
        return self._tail(value) if self.estimate < value else 1 - self._tail(value)

    def detectable(self, tail: float, *, power: float) -> float:
        """Return the true difference that a test with this `tail` finds with this `power`."""
        quantiles = stats.t.ppf([1 - tail, power], self.freedom)
        return float(quantiles.sum() * self.error)

    @functools.cached_property
    def _ordered(self) -> tuple[Floats, float]:
        """Return the draws in rising order without missing ones, and their standard deviation."""
        ordered = np.sort(self.draws[~np.isnan(self.draws)])
        return ordered, float(ordered.std())

    def _bound(self, share: float) -> float:
        """Return the quantile of the draws, stretched about the estimate."""
        ordered, drawn = self._ordered
        quantile = float(np.interp(share * (len(ordered) - 1), np.arange(len(ordered)), ordered))
        if drawn == 0:
            return quantile
        wider = float(stats.t.isf(min(share, 1 - share), self.freedom))
        factor = wider / float(stats.norm.isf(min(share, 1 - share))) * self.error / drawn
        return float(self.estimate + (quantile - self.estimate) * factor)

    def _tail(self, value: float) -> float:
        """Return the tail at which the bound towards `value` reaches it, by bisection."""
        if value == self.estimate:
            return 0.5
        low, high = LEAST_TAIL, 0.5 - LEAST_TAIL
        for _ in range(TAIL_STEPS):
            middle = float(np.sqrt(low * high))
            bound = self._bound(middle if value < self.estimate else 1 - middle)
            beyond = bound > value if value < self.estimate else bound < value
            low, high = (low, middle) if beyond else (middle, high)
        return high


def bootstrap(
    values: ArrayLike, *, repetitions: int = 2000, seed: int = 0, level: float = 0.95
) -> Interval:
    """Estimate the mean of `values` with an interval over prompts, or prompts and seeds.

    Percentiles of the bootstrap are stretched about the mean by what they are known to lack:
    Student's quantile over the normal one, and the standard error from the analysis of variance
    over the bootstrap's own. The order of the prompts does not matter.

    Parameters
    ----------
    values : float (prompts,) or (prompts, seeds)
        One outcome each; NaN is missing and stays out. At least two prompts.
    repetitions : int
        Bootstrap samples, >= 100.
    seed : int
        Of the drawing.
    level : float
        Share of intervals that are to cover the truth, in (0, 1).

    Returns
    -------
    Interval
        Of width zero where no value differs from another: the data then say nothing on spread.

    Raises
    ------
    ValueError
        If there are fewer than two prompts, all values of a prompt are missing, or a number is
        out of its bounds.

    Examples
    --------
    >>> print(bootstrap([0.0, 1.0] * 50))
    0.500 [0.400, 0.600]
    """
    table = _ordered(_matrix("values", values))
    _check_numbers(repetitions, level)
    draws = draw_means(table, repetitions, np.random.default_rng(seed))
    return Resampled(float(np.nanmean(table)), draws, *_spread(table)).interval(level)


def paired_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    repetitions: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Estimate mean(first) - mean(second), of two systems on the same prompts, with an interval.

    Row i of both is the same prompt, so prompts are drawn once for both. Seeds of the two have
    nothing to do with each other and are drawn apart; their numbers may differ.

    Parameters
    ----------
    first, second : float (prompts,) or (prompts, seeds)
        As in `bootstrap`.
    repetitions, seed, level
        As in `bootstrap`.

    Raises
    ------
    ValueError
        As `bootstrap`, and if the numbers of prompts differ.

    Examples
    --------
    >>> paired_difference([1, 1, 0, 1], [1, 0, 0, 1]).estimate
    0.25
    """
    _check_numbers(repetitions, level)
    return resampled_difference(first, second, repetitions=repetitions, seed=seed).interval(level)


def resampled_difference(
    first: ArrayLike, second: ArrayLike, *, repetitions: int = 2000, seed: int = 0
) -> Resampled:
    """Return mean(first) - mean(second) as `paired_difference` does, before a level is chosen.

    Parameters
    ----------
    first, second, repetitions, seed
        As in `paired_difference`.

    Raises
    ------
    ValueError
        As `paired_difference`.

    Examples
    --------
    >>> found = resampled_difference([1, 1, 0, 1] * 25, [1, 0, 0, 1] * 25)
    >>> found.interval(0.95).covers(0.0), found.p_above(0.0) < 0.001
    (False, True)
    """
    one, two = _matrix("first", first), _matrix("second", second)
    _check_numbers(repetitions, level=0.95)
    if len(one) != len(two):
        raise ValueError(f"both need the same prompts, got {len(one)} and {len(two)} rows")
    rng = np.random.default_rng(seed)
    split = one.shape[1]
    both = _ordered(np.hstack([one, two]))
    one, two = both[:, :split], both[:, split:]
    levels, counts = _levels(both)
    weights = rng.multinomial(len(both), counts / len(both), size=repetitions)
    draws = _weighted(levels[:, :split], weights, rng) - _weighted(levels[:, split:], weights, rng)
    estimate = float(np.nanmean(one) - np.nanmean(two))
    return Resampled(estimate, draws, *_spread_of_difference(one, two))


def _matrix(name: str, values: ArrayLike) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(f"{name} must be (prompts,) or (prompts, seeds), got {np.shape(values)}")
    if len(table) < 2:
        raise ValueError(f"{name} needs at least 2 prompts for an interval, got {len(table)}")
    if np.isinf(table).any():
        raise ValueError(f"{name} must be finite or missing, got an infinite value")
    empty = np.flatnonzero(np.isnan(table).all(axis=1))
    if len(empty):
        raise ValueError(
            f"{name} has {len(empty)} prompts without any value, the first is row {empty[0]}; "
            "leave such prompts out and say how many"
        )
    if np.isnan(table).all(axis=0).any():
        raise ValueError(f"{name} has a seed without any value")
    return table


def _check_numbers(repetitions: int, level: float) -> None:
    if repetitions < 100:
        raise ValueError(f"repetitions must be at least 100, got {repetitions}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")


def _ordered(table: Floats) -> Floats:
    """Sort the rows, so that sums do not depend on their order even in the last digit."""
    return table[np.lexsort(np.where(np.isnan(table), MISSING, table).T)]


def _levels(table: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return the distinct rows in a fixed order, and how often each is there.

    Drawing counts of distinct rows is drawing rows, faster, and blind to their order.
    """
    filled = np.where(np.isnan(table), MISSING, table)
    levels, counts = np.unique(filled, axis=0, return_counts=True)
    return np.where(levels == MISSING, np.nan, levels), counts


def draw_means(table: Floats, repetitions: int, rng: np.random.Generator) -> Floats:
    """Return the means of bootstrap draws of rows and of columns (repetitions,)."""
    levels, counts = _levels(table)
    weights = rng.multinomial(len(table), counts / len(table), size=repetitions)
    return _weighted(levels, weights, rng)


def _weighted(levels: Floats, weights: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Return (repetitions,) means of `levels` under drawn prompts and newly drawn seeds."""
    seeds = levels.shape[1]
    present = ~np.isnan(levels)
    sums = weights @ np.where(present, levels, 0.0)  # (repetitions, seeds)
    numbers = weights @ present.astype(np.float64)
    chosen = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=len(weights))
    total, number = (sums * chosen).sum(axis=1), (numbers * chosen).sum(axis=1)
    means = np.full(len(total), np.nan)
    np.divide(total, number, out=means, where=number > 0)
    return means


def _components(table: Floats) -> tuple[float, float, float]:
    """Mean squares of prompts, seeds and the rest, missing cells filled by the additive fit."""
    n, seeds = table.shape
    rows, columns, grand = np.nanmean(table, 1), np.nanmean(table, 0), float(np.nanmean(table))
    fit = rows[:, None] + columns[None, :] - grand
    full = np.where(np.isnan(table), fit, table)
    rows, columns, grand = full.mean(1), full.mean(0), float(full.mean())
    of_prompts = seeds * float(((rows - grand) ** 2).sum()) / (n - 1)
    if seeds == 1:
        return of_prompts, 0.0, 0.0
    of_seeds = n * float(((columns - grand) ** 2).sum()) / (seeds - 1)
    rest = full - rows[:, None] - columns[None, :] + grand
    return of_prompts, of_seeds, float((rest**2).sum()) / ((n - 1) * (seeds - 1))


def _spread(table: Floats) -> tuple[float, float]:
    """Return the standard error of the mean, and its degrees of freedom."""
    n, seeds = table.shape
    return _satterthwaite(n, seeds, *_components(table))


def _satterthwaite(
    n: int, seeds: int, of_prompts: float, of_seeds: float, rest: float
) -> tuple[float, float]:
    square = max(of_prompts + of_seeds - rest, of_prompts, of_seeds)
    if square == 0:
        return 0.0, float(n - 1)
    terms = of_prompts**2 / (n - 1)
    if seeds > 1:
        terms += of_seeds**2 / (seeds - 1) + rest**2 / ((n - 1) * (seeds - 1))
    return float(np.sqrt(square / (n * seeds))), max(square**2 / terms, 1.0)


def _spread_of_difference(one: Floats, two: Floats) -> tuple[float, float]:
    """Return the standard error of the difference of means, and its degrees of freedom.

    Prompts enter through the difference of row means; what seeds add to each system's mean
    beyond the noise of single answers is added on top.
    """
    n = len(one)
    gap = np.nanmean(one, axis=1) - np.nanmean(two, axis=1)
    variance = float(gap.var(ddof=1)) / n
    terms = variance**2 / (n - 1)
    for table in (one, two):
        seeds = table.shape[1]
        if seeds > 1:
            _, of_seeds, rest = _components(table)
            extra = max(of_seeds - rest, 0.0) / (n * seeds)
            variance += extra
            terms += extra**2 / (seeds - 1)
    if variance == 0:
        return 0.0, float(n - 1)
    return float(np.sqrt(variance)), max(variance**2 / terms, 1.0)
