"""A random draw with the lengths of another subset: the control that a selection has to beat.

Many scores prefer long answers, so that a subset may win by its length alone. The published
"Cherry" 5 % of Alpaca, for example, can be told from other rows by their number of words.

Source: Rubin 1973, doi:10.2307/2529684 (matching on one variable before comparing).
"""

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import IntArray, Selection, check_budget, check_rows, check_scores


def matched(
    values: ArrayLike, like: IntArray, k: int, *, nearest: int = 20, seed: int = 0
) -> Selection:
    """Pick `k` rows by chance whose values are spread as those of the rows in `like`; nested.

    The rows of `like` are gone through in random order, again and again; for each, one of the
    `nearest` rows by value that are not picked yet is drawn. Rows of `like` may be drawn, too.

    Parameters
    ----------
    values : float (n,)
        What is matched, such as `score.length_words`; NaN rows are neither matched nor picked.
    like : int (m,)
        Rows of the subset to match, such as the `indices` of a selection.
    k : int
        Rows to pick: 1 <= k <= rows with a value.
    nearest : int
        How many candidates each draw has, >= 1: fewer match closer, more are more random.
    seed : int
        Of the order and the draws.

    Returns
    -------
    Selection
        `trace` is the distance in value of each pick from the row it was matched to.

    Raises
    ------
    ValueError
        If `k`, `nearest` or a row of `like` is out of range, or no row of `like` has a value.

    Examples
    --------
    >>> picked = matched([1.0, 2.0, 50.0, 51.0, 52.0], like=[3], k=2, nearest=3)
    >>> sorted(picked.indices.tolist()) in ([2, 3], [2, 4], [3, 4])
    True
    """
    array = check_scores(values)
    rows = check_rows(like, len(array), "like")
    targets = array[rows][~np.isnan(array[rows])]
    if len(targets) == 0:
        raise ValueError(f"like must name a row with a value, got {len(rows)} rows without one")
    if nearest < 1:
        raise ValueError(f"nearest must be at least 1, got {nearest}")
    left = np.argsort(array, kind="stable")[: int((~np.isnan(array)).sum())]  # by value
    check_budget(k, len(left))

    rng = np.random.default_rng(seed)
    targets = rng.permutation(np.sort(targets))
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    for step in range(k):
        target = targets[step % len(targets)]
        at = int(np.searchsorted(array[left], target))
        window = np.arange(max(at - nearest, 0), min(at + nearest, len(left)))
        distances = np.abs(array[left[window]] - target)
        closest = window[np.argsort(distances, kind="stable")[:nearest]]
        drawn = int(rng.choice(closest))
        indices[step], trace[step] = left[drawn], abs(array[left[drawn]] - target)
        left = np.delete(left, drawn)
    params = {"k": k, "like": len(rows), "nearest": nearest, "seed": seed}
    return Selection(indices, trace, n=len(array), method="matched", params=params)
