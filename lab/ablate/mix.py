"""Mixtures of pools as arms, so that ratios are compared like subsets."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def mix(
    pools: Mapping[str, pd.DataFrame], n: int, *, weights: Mapping[str, float], seed: int
) -> pd.DataFrame:
    """Draw `n` examples from several pools at given weights, and shuffle them.

    Parameters
    ----------
    pools : mapping
        Name -> pool; an example that is in two pools is drawn from the first alone.
    n : int
        Examples of the mixture.
    weights : mapping
        Name -> share, >= 0; they are divided by their sum, and rounded to whole examples by
        largest remainder, ties to the earlier pool. A pool without a weight gives none.
    seed : int
        Of the draws, which are nested: with a larger `n` each pool gives the same and more.

    Returns
    -------
    DataFrame
        A pool with a further column `part`, the name of the pool an example is from.

    Raises
    ------
    ValueError
        If a weight is negative or names no pool, all are zero, or a pool is too small.

    Examples
    --------
    >>> from lab import testbed
    >>> parts = {"clean": testbed.pool(40, seed=0), "noisy": testbed.pool(40, noise=1.0, seed=1)}
    >>> mixed = mix(parts, 20, weights={"clean": 3, "noisy": 1}, seed=0)
    >>> mixed["part"].value_counts().to_dict()
    {'clean': 15, 'noisy': 5}
    """
    for name, weight in weights.items():
        if name not in pools:
            raise ValueError(f"weights must name a pool of {list(pools)}, got {name!r}")
        if not weight >= 0 or np.isinf(weight):
            raise ValueError(f"weights must be 0 or more, got {weight} for {name!r}")
    if not sum(weights.values()) > 0:
        raise ValueError(f"weights must not all be zero, got {dict(weights)}")
    drawn, taken = [], pd.Index([])
    for name, count in _counts({name: weights.get(name, 0.0) for name in pools}, n).items():
        pool = pools[name][~pools[name].index.isin(taken)]
        if count > len(pool):
            raise ValueError(
                f"pool {name!r} must hold {count} examples for its weight, it has {len(pool)}"
            )
        rows = np.random.default_rng(seed).permutation(len(pool))[:count]
        drawn.append(pool.iloc[rows].assign(part=name))
        taken = taken.union(pools[name].index)
    mixed = pd.concat([part for part in drawn if len(part)])
    return mixed.iloc[np.random.default_rng(seed).permutation(len(mixed))]


def _counts(weights: Mapping[str, float], n: int) -> dict[str, int]:
    """Return whole numbers that add up to `n`, in the ratio of the weights."""
    total = sum(weights.values())
    exact = {name: n * weight / total for name, weight in weights.items()}
    counts = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: counts[name] - exact[name])
    for name in by_remainder[: n - sum(counts.values())]:
        counts[name] += 1
    return counts
