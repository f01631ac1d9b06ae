"""MIG: information over a graph of labels, where a pick informs the labels near its own as well.

Source: Chen et al. 2025, arXiv:2504.13835, as in the authors' code. Labels are joined where the
cosine of their vectors is at least 0.9. A row puts its score on each of its labels; a label keeps
a share of what is put on it and gets shares from those it is joined to, 1 in all. Information is
the sum over labels of mass ** 0.8, and the next pick is the row of largest gain to first order: its
own spread mass times the derivative at the mass so far, which the code takes at mass + 1e-6. The
paper prints the gradient with the matrix where its transpose is needed; the code has it right.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import FloatArray, Selection, check_budget, check_matrix, check_scores

POWER = 0.8
START = 1e-6  # added to a mass, so that an empty label has a derivative


def mig(
    tags: Sequence[Collection[Hashable]],
    scores: ArrayLike,
    k: int,
    *,
    vectors: Mapping[Hashable, ArrayLike] | None = None,
    min_similarity: float = 0.9,
    propagation: float = 1.0,
) -> Selection:
    """Pick `k` rows of high score whose labels bring the most information (MIG); nested.

    Parameters
    ----------
    tags : sequence (n,) of collections
        The labels of each row, of #InsTag in the paper; repeats count once. A row without labels
        is never picked.
    scores : float (n,)
        Quality, at least 0; DEITA's quality times complexity in the paper. NaN is never picked.
        Every label gets the whole score, so that rows of many labels win; divide a row's score by
        its number of labels for the code's option `norm`.
    k : int
        Rows to pick; ties go to the lower row.
    vectors : mapping, optional
        Label -> its vector (d,), of any length but 0. Without, no two labels are joined.
    min_similarity : float
        Cosine from which on two labels are joined, 0..1.
    propagation : float
        Weight of what goes to joined labels, at least 0; 0 is the same as no vectors.

    Returns
    -------
    Selection
        `trace` is the information of the picks so far, never falling.

    Raises
    ------
    ValueError
        If fewer than `k` rows have a label and a score, a score is below 0, a label has no vector,
        or a parameter is out of range.

    Notes
    -----
    Cost: one pass per pick over the labels of all rows and what they are joined to.

    Examples
    --------
    >>> vectors = {"a": [1.0, 0.0], "b": [0.95, 0.31]}
    >>> mig([["a"], ["b"], ["a"]], [1.0, 0.9, 0.95], 3, vectors=vectors).indices.tolist()
    [0, 2, 1]
    >>> mig([["a"], ["b"], ["a"]], [1.0, 0.9, 0.95], 3).indices.tolist()
    [0, 1, 2]
    """
    sets = [frozenset(of) for of in tags]
    quality = check_scores(scores, len(sets))
    left = np.array([bool(of) for of in sets]) & ~np.isnan(quality)
    check_budget(k, int(left.sum()))
    if (quality < 0).any():
        raise ValueError(f"scores must be at least 0, got {np.nanmin(quality)}")
    if not 0 <= min_similarity <= 1 or not propagation >= 0:
        raise ValueError(
            "min_similarity must be between 0 and 1 and propagation at least 0, "
            f"got {min_similarity} and {propagation}"
        )
    spread = _spread(sets, np.where(left, quality, 0), vectors, min_similarity, propagation)
    mass = np.zeros(spread.shape[1])
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    for step in range(k):
        gains = spread @ (POWER * (mass + START) ** (POWER - 1))
        row = indices[step] = int(np.argmax(np.where(left, gains, -np.inf)))
        left[row] = False
        place = slice(spread.indptr[row], spread.indptr[row + 1])
        mass[spread.indices[place]] += spread.data[place]
        trace[step] = (mass**POWER).sum()
    params = {"k": k, "labels": spread.shape[1], "joined": vectors is not None}
    params |= {"min_similarity": min_similarity, "propagation": propagation}
    return Selection(indices, trace, n=len(sets), method="mig", params=params)


def _spread(
    sets: Sequence[frozenset[Hashable]],
    quality: FloatArray,
    vectors: Mapping[Hashable, ArrayLike] | None,
    min_similarity: float,
    propagation: float,
) -> Any:
    """Return the mass that each row puts on labels, theirs and joined ones: sparse (n, labels)."""
    from scipy import sparse

    labels = sorted(frozenset().union(*sets), key=lambda label: (str(label), repr(label)))
    place = {label: number for number, label in enumerate(labels)}
    own = [sorted(place[label] for label in of) for of in sets]
    starts = np.concatenate([[0], np.cumsum([len(of) for of in own])])
    columns = np.array([number for of in own for number in of], dtype=np.intp)
    weights = np.repeat(quality, np.diff(starts))
    spread = sparse.csr_array((weights, columns, starts), shape=(len(sets), len(labels)))
    if vectors is not None:
        edges = _edges(labels, vectors, min_similarity) * propagation
        np.fill_diagonal(edges, 1.0)
        spread = (spread @ sparse.csr_array(edges / edges.sum(axis=0))).tocsr()
        spread.sort_indices()
    return spread


def _edges(
    labels: Sequence[Hashable], vectors: Mapping[Hashable, ArrayLike], min_similarity: float
) -> FloatArray:
    """Return the cosine of every two labels (labels, labels), 0 below `min_similarity`."""
    missing = [label for label in labels if label not in vectors]
    if missing:
        raise ValueError(f"vectors must hold every label, got none for {missing[:5]}")
    rows = check_matrix([np.asarray(vectors[label], np.float64) for label in labels], "vectors")
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    if (length == 0).any():
        raise ValueError(f"vectors must not be of length 0, as that of {labels[length.argmin()]!r}")
    cosine = (rows / length) @ (rows / length).T
    return np.where(cosine >= min_similarity, cosine, 0.0)
