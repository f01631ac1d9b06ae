"""Methods that cover a set of features: the tags of #InsTag, the n-grams of GraphFilter.

Source: Lu et al. 2024, arXiv:2308.07074 (#InsTag: complexity-first diverse sampling); Wang et al.
2025, arXiv:2410.12458 (GraphFilter: greedy cover of a bipartite graph of texts and n-grams).
"""

import heapq
from collections import Counter
from collections.abc import Collection, Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import Selection, check_budget, check_scores
from lab.texts import terms


def instag(tags: Sequence[Collection[Hashable]], k: int) -> Selection:
    """Pick the rows of most tags, each only if it brings a new one; nested.

    The pool is passed over in the order of its tag counts, most first, ties to the lower row. A
    row that adds no tag to those of this pass is left for the next, which starts with none.

    Parameters
    ----------
    tags : sequence of collections
        The normalised tags of each row; repeats count once.
    k : int
        Rows to pick; a row without tags is never picked.

    Returns
    -------
    Selection
        `trace` counts the distinct tags covered after each pick.

    Raises
    ------
    ValueError
        If fewer than `k` rows have a tag.

    Examples
    --------
    >>> instag([["a"], ["a", "b"], ["c"], ["b", "c"]], k=3).indices
    array([1, 3, 0])
    """
    sets = [frozenset(of) for of in tags]
    queue = sorted((row for row, of in enumerate(sets) if of), key=lambda row: -len(sets[row]))
    check_budget(k, len(queue))
    indices: list[int] = []
    covered: set[Hashable] = set()
    trace: list[float] = []
    while len(indices) < k:
        seen: set[Hashable] = set()
        later = []
        for row in queue:
            if len(indices) < k and not sets[row] <= seen:
                seen |= sets[row]
                covered |= sets[row]
                indices.append(row)
                trace.append(float(len(covered)))
            else:
                later.append(row)
        queue = later
    picked = np.array(indices, dtype=np.intp)
    return Selection(picked, np.array(trace), n=len(sets), method="instag", params={"k": k})


def graphfilter(
    texts: Sequence[str], k: int, *, scores: ArrayLike | None = None, max_words: int = 3
) -> Selection:
    """Pick texts of high score that hold many n-grams which no picked text holds; nested.

    The priority of a text is its score times the summed weight of its n-grams that are not
    covered yet. The weight of an n-gram is its count in the text times log(n / texts with it),
    this project's choice where the abstract gives none.

    Parameters
    ----------
    texts : sequence of str
        One per row; compared in lower case, cut into words and signs by `texts.terms`.
    k : int
        Rows to pick.
    scores : float (n,), optional
        Quality, at least 0 (the paper takes IFD); by default 1 for every row. NaN is never
        picked.
    max_words : int
        Longest n-gram.

    Returns
    -------
    Selection
        `trace` is the priority of each pick, never rising.

    Raises
    ------
    ValueError
        If a score is below 0, or `k` or `max_words` is out of range.

    Examples
    --------
    >>> texts = ["name a red fruit", "name a green fruit", "sort these numbers"]
    >>> graphfilter(texts, 2).indices.tolist()
    [0, 2]
    """
    n = len(texts)
    quality = np.ones(n) if scores is None else check_scores(scores, n)
    check_budget(k, int((~np.isnan(quality)).sum()))
    if (quality < 0).any():
        raise ValueError(f"scores must be at least 0, got {np.nanmin(quality)}")
    if max_words < 1:
        raise ValueError(f"max_words must be at least 1, got {max_words}")
    grams = [_ngrams(text, max_words) for text in texts]
    holders = Counter(gram for of in grams for gram in of)
    rarity = {gram: float(np.log(n / count)) for gram, count in holders.items()}
    weights = [{gram: count * rarity[gram] for gram, count in of.items()} for of in grams]
    covered: set[tuple[str, ...]] = set()
    heap = [
        (-quality[row] * sum(of.values()), row)
        for row, of in enumerate(weights)
        if not np.isnan(quality[row])
    ]
    heapq.heapify(heap)
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    for step in range(k):
        while True:  # priorities only fall, so a fresh one at the top is the highest
            old, row = heapq.heappop(heap)
            new = -quality[row] * sum(w for gram, w in weights[row].items() if gram not in covered)
            if new <= old or not heap or (new, row) <= heap[0]:
                break
            heapq.heappush(heap, (new, row))
        indices[step], trace[step] = row, -new + 0.0
        covered.update(weights[row])
    params = {"k": k, "scored": scores is not None, "max_words": max_words}
    return Selection(indices, trace, n=n, method="graphfilter", params=params)


def _ngrams(text: str, max_words: int) -> Counter[tuple[str, ...]]:
    words = terms(text, signs=True)
    return Counter(
        tuple(words[at : at + size])
        for size in range(1, max_words + 1)
        for at in range(len(words) - size + 1)
    )
