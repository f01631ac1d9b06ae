"""Fair shares of categories: LIMA's draw over exchanges, with a temperature.

Source: Zhou et al. 2023, arXiv:2305.11206, section 2.1 (a temperature of 3 over exchanges, the
best-scored questions within). The paper gives no formula; here the share of a category of size m
goes as m ** (1 / temperature), the usual reading. Rounding is by Webster's method (highest
quotient share / (2 picks + 1)), which makes the picks nested: no budget takes back a pick.
"""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import IntArray, Selection, by_score, check_budget, check_scores


def stratified(
    strata: Sequence[Any],
    k: int,
    *,
    scores: ArrayLike | None = None,
    temperature: float = 1.0,
    quotas: Mapping[Any, int] | None = None,
    seed: int = 0,
) -> Selection:
    """Pick `k` rows so that each category gets its share, the best-scored within it first.

    Parameters
    ----------
    strata : sequence (n,)
        The category of each row; hashable.
    k : int
        Rows to pick.
    scores : (n,), optional
        Within a category the highest come first, ties to the lower row, NaN never; without
        scores the order within is random.
    temperature : float
        1 keeps the pool's shares, larger is more uniform, infinity is uniform; above 0.
    quotas : mapping, optional
        The most picks of a category; one that is not named has no limit.
    seed : int
        Of the order within a category, without scores.

    Returns
    -------
    Selection
        `trace` counts the categories reached after each pick.

    Raises
    ------
    ValueError
        If fewer than `k` rows can be picked, or `temperature` is not above 0.

    Examples
    --------
    >>> stratified(["a", "a", "a", "a", "b"], k=2, scores=[1, 4, 3, 2, 0], temperature=9).indices
    array([1, 4])
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    queues = _queues(strata, scores, seed)
    n = len(strata)
    limits = quotas or {}
    allowed = {name: min(len(q), limits.get(name, len(q))) for name, q in queues.items()}
    check_budget(k, sum(allowed.values()))

    counts: dict[Any, int] = {}
    for name in strata:
        counts[name] = counts.get(name, 0) + 1
    shares = {name: counts[name] ** (1 / temperature) for name in queues}
    order = {name: number for number, name in enumerate(queues)}  # ties: larger, then first seen
    heap = [(-shares[name], order[name], 0, name) for name in queues if allowed[name]]
    heapq.heapify(heap)
    indices, reached = np.empty(k, dtype=np.intp), np.empty(k)
    seen = 0
    for step in range(k):
        _, place, picks, name = heapq.heappop(heap)
        indices[step] = queues[name][picks]
        seen += picks == 0
        reached[step] = seen
        if picks + 1 < allowed[name]:
            quotient = shares[name] / (2 * picks + 3)
            heapq.heappush(heap, (-quotient, place, picks + 1, name))
    params = {
        "k": k,
        "temperature": temperature,
        "quotas": {str(name): most for name, most in limits.items()},
        "scored": scores is not None,
        "seed": seed,
    }
    return Selection(indices, reached, n=n, method="stratified", params=params)


def _queues(strata: Sequence[Any], scores: ArrayLike | None, seed: int) -> dict[Any, IntArray]:
    """Return the rows of each category in the order of picking; categories as first seen."""
    rows: dict[Any, list[int]] = {}
    for row, name in enumerate(strata):
        rows.setdefault(name, []).append(row)
    if scores is None:
        order = np.random.default_rng(seed).permutation(len(strata))
        scores = np.empty(len(strata))
        scores[order] = -np.arange(len(strata))
    rank = check_scores(scores, len(strata))
    return {name: np.array(of)[by_score(rank[of])] for name, of in rows.items()}
