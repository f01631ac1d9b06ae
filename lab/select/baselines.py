"""The baselines that every method has to beat: chance, length, and one score alone.

Source: Zhao et al. 2024, arXiv:2402.04833 (the longest answers are a strong baseline).
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import Selection, by_score, check_budget, check_scores


def random(n: int, k: int, *, seed: int = 0) -> Selection:
    """Pick `k` of `n` rows by chance, without replacement; nested.

    Returns
    -------
    Selection
        `trace` is the share of the pool after each pick.

    Raises
    ------
    ValueError
        Unless 1 <= k <= n.

    Examples
    --------
    >>> len(random(10, 3, seed=1))
    3
    """
    check_budget(k, n)
    indices = np.random.default_rng(seed).permutation(n)[:k]
    params = {"k": k, "seed": seed}
    return Selection(indices, np.arange(1, k + 1) / n, n=n, method="random", params=params)


def top(scores: ArrayLike, k: int, *, lowest_first: bool = False) -> Selection:
    """Pick the `k` rows of highest score (lowest with `lowest_first`); ties to the lower row.

    Rows whose score is NaN have none and are never picked. Nested.

    Returns
    -------
    Selection
        `trace` is the score of each pick, in the score's own unit.

    Raises
    ------
    ValueError
        If fewer than `k` rows have a score, or a score is infinite.

    Examples
    --------
    >>> top([1.0, 5.0, float("nan"), 5.0], k=2).indices
    array([1, 3])
    """
    array = check_scores(scores)
    order = by_score(-array if lowest_first else array)
    if k > len(order):
        raise ValueError(f"k must be between 1 and the {len(order)} rows with a score, got {k}")
    check_budget(k, len(order))
    picked = order[:k]
    params = {"k": k, "lowest_first": lowest_first}
    return Selection(picked, array[picked], n=len(array), method="top", params=params)


def longest(texts: Sequence[str], k: int, *, count: Callable[[str], int] = len) -> Selection:
    """Pick the `k` longest texts, usually outputs; ties to the lower row; nested.

    Parameters
    ----------
    texts : sequence of str
        One per row.
    k : int
        Rows to pick.
    count : callable
        The length of a text: `len` counts characters. The published list was counted in words of
        NLTK's tokenizer: `texts.treebank_count` gives 995 of its 1,000 rows, words between white
        space 933, characters 858, and tokens of a model's tokenizer fewer still.

    Returns
    -------
    Selection
        `trace` is the length of each pick, in the unit of `count`, never rising.

    Raises
    ------
    ValueError
        Unless 1 <= k <= number of texts.

    Examples
    --------
    >>> longest(["a", "abc", "ab"], k=2).indices
    array([1, 2])
    """
    lengths = np.array([count(text) for text in texts], dtype=np.float64)
    check_budget(k, len(lengths))
    picked = by_score(lengths)[:k]
    params = {"k": k, "count": getattr(count, "__name__", type(count).__name__)}
    return Selection(picked, lengths[picked], n=len(lengths), method="longest", params=params)
