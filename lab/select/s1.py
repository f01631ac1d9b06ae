"""s1's draw: a domain by chance, then in it a row by chance, long traces before short ones.

The rules before it are a mask of the caller's: drop what a solver gets right, keep what is well
formed.

Source: Muennighoff et al. 2025, arXiv:2501.19393, section 2.2: a domain uniformly, then a row with
weight 2 ** -rank, rank 0 the longest trace. In the authors' notebook rows that were taken stay in
the draw and are drawn again; here they leave it, so that ranks are those of what is left.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import Selection, by_score, check_budget, check_scores

DEEPEST = 60  # ranks beyond it have no chance that a double could tell from zero


def s1(lengths: ArrayLike, domains: Sequence[Any], k: int, *, seed: int = 0) -> Selection:
    """Pick `k` rows, domain by domain at random, preferring long traces (s1); nested.

    Parameters
    ----------
    lengths : float (n,)
        Of the traces, in any unit; rows without one (NaN) are never picked. Ties go to the lower
        row.
    domains : sequence (n,)
        The domain of each row; hashable.
    k : int
        Rows to pick.
    seed : int
        Of the draws.

    Returns
    -------
    Selection
        `trace` is the length of each pick.

    Raises
    ------
    ValueError
        If `lengths` and `domains` differ in number, or fewer than `k` rows have a length.

    Examples
    --------
    >>> picked = s1([9.0, 8.0, 7.0, 1.0], ["a", "a", "a", "b"], k=2, seed=0)
    >>> len(set(picked.indices.tolist()))
    2
    """
    values = check_scores(lengths, len(domains))
    order = by_score(values)
    check_budget(k, len(order))
    left: dict[Any, list[int]] = {}
    for row in order:
        left.setdefault(domains[row], []).append(int(row))
    rng = np.random.default_rng(seed)
    names = list(left)
    indices = np.empty(k, dtype=np.intp)
    for step in range(k):
        place = int(rng.integers(len(names)))
        rows = left[names[place]]
        weights = np.exp2(-np.arange(min(len(rows), DEEPEST), dtype=np.float64))
        rank = int(rng.choice(len(weights), p=weights / weights.sum()))
        indices[step] = rows.pop(rank)
        if not rows:
            del left[names[place]], names[place]
    params = {"k": k, "domains": len(set(domains)), "seed": seed}
    return Selection(indices, values[indices], n=len(values), method="s1", params=params)
