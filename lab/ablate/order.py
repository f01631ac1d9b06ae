"""Orders of training as arms: easy to hard, or one kind after the other.

The order is kept by a recipe with `order="given"`; the control is the same subset with the usual
random order. Let a model see every example once (steps x batch size = examples), or the order
begins again.

Source: Bengio et al. 2009, doi:10.1145/1553374.1553380 (curricula).
"""

from typing import Any

import numpy as np
import pandas as pd


def easy_to_hard(subset: pd.DataFrame, hardness: "pd.Series[float]") -> pd.DataFrame:
    """Sort a subset by hardness, lowest first; ties keep their order.

    Parameters
    ----------
    subset : DataFrame
        A pool.
    hardness : Series of float
        A score on the subset's ids, such as `score.perplexity` or the number of steps.

    Raises
    ------
    ValueError
        If a row has no hardness; it would have no place.

    Examples
    --------
    >>> from lab import records
    >>> pool = records.frame([{"instruction": c, "output": c} for c in "ab"])
    >>> easy_to_hard(pool, pd.Series([2.0, 1.0], pool.index))["output"].tolist()
    ['b', 'a']
    """
    values = hardness.reindex(subset.index)
    if values.isna().any():
        raise ValueError(
            f"hardness must cover the subset, but {int(values.isna().sum())} rows have none, "
            f"the first is {values.index[values.isna()][0]!r}"
        )
    return subset.loc[values.sort_values(kind="stable").index]


def blocked(subset: pd.DataFrame, groups: "pd.Series[Any]", *, seed: int) -> pd.DataFrame:
    """Put the rows of each group together, the groups in random order.

    Parameters
    ----------
    subset : DataFrame
        A pool.
    groups : Series
        A label on the subset's ids, such as the kind of task; a missing one is a group, too.
    seed : int
        Of the order of the groups, and of the rows inside each.

    Examples
    --------
    >>> from lab import records
    >>> pool = records.frame([{"instruction": str(i), "output": "x"} for i in range(4)])
    >>> kinds = pd.Series(["a", "b", "a", "b"], pool.index)
    >>> "".join(kinds.loc[blocked(pool, kinds, seed=0).index]) in ("aabb", "bbaa")
    True
    """
    rng = np.random.default_rng(seed)
    shuffled = subset.iloc[rng.permutation(len(subset))]
    labels = groups.reindex(shuffled.index).astype("object")
    codes, names = pd.factorize(labels, sort=False, use_na_sentinel=False)
    places = rng.permutation(len(names))[codes]
    return shuffled.iloc[np.argsort(places, kind="stable")]
