"""Dense regions of a pool, and keywords to call them by.

Source: Campello, Moulavi & Sander 2013, doi:10.1007/978-3-642-37456-2_14 (HDBSCAN);
Grootendorst 2022, arXiv:2203.05794, section 3.3 (c-TF-IDF).
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lab.coverage.neighbours import check_matrix
from lab.errors import MissingPackageError

WORD = r"(?u)\b[^\W\d_]{2,}\b"  # letters only
NOISE = -1  # the label of rows in no cluster


def clusters(
    X: ArrayLike, *, min_size: int = 15, min_samples: int | None = None
) -> "pd.Series[int]":
    """Label the dense regions of `X`: 0 for the largest, then by size; -1 for rows in none.

    Parameters
    ----------
    X : float (n, d)
        An embedding, or a reduction of it; HDBSCAN finds little in hundreds of dimensions.
    min_size : int
        Fewest rows of a cluster, at least 2.
    min_samples : int, optional
        Neighbours that make a row dense; by default `min_size`.

    Returns
    -------
    Series of int
        Named "cluster", on the index of `X` if it has one.

    Raises
    ------
    ValueError
        If `X` is not finite or `min_size` is out of range.
    """
    try:
        from hdbscan import HDBSCAN
    except ImportError:
        raise MissingPackageError("hdbscan", needed_by="clusters") from None

    matrix = check_matrix(X)
    if not 2 <= min_size <= len(matrix):
        raise ValueError(f"min_size must be between 2 and the {len(matrix)} rows, got {min_size}")
    model = HDBSCAN(
        min_cluster_size=min_size,
        min_samples=min_samples,
        approx_min_span_tree=False,
        core_dist_n_jobs=1,
    )
    labels = by_size(model.fit_predict(matrix.astype(np.float64)))
    index = X.index if isinstance(X, pd.DataFrame) else None
    return pd.Series(labels, index=index, name="cluster")


def by_size(labels: ArrayLike) -> np.ndarray:
    """Renumber clusters by size, largest first, ties to the one that starts at the lower row."""
    given = np.asarray(labels)
    found, first, count = np.unique(given[given != NOISE], return_index=True, return_counts=True)
    order = np.lexsort((first, -count))
    renamed = np.full(len(given), NOISE)
    for new, old in enumerate(found[order]):
        renamed[given == old] = new
    return renamed


def names(texts: "pd.Series[str]", labels: "pd.Series[int]", *, words: int = 3) -> "pd.Series[str]":
    """Name each cluster by the words that are frequent in it and rare elsewhere (c-TF-IDF).

    Parameters
    ----------
    texts, labels : Series
        On the same index; rows labelled -1 are left out.
    words : int
        Words of a name, at most.

    Returns
    -------
    Series of str
        One name per cluster, on the sorted labels.

    Raises
    ------
    ValueError
        If the indexes differ or `words` is below 1.

    Examples
    --------
    >>> texts = pd.Series(["red apple pie", "apple tart", "two plus two", "plus one"])
    >>> names(texts, pd.Series([0, 0, 1, 1]), words=1).tolist()
    ['apple', 'plus']
    """
    from sklearn.feature_extraction.text import CountVectorizer

    if words < 1:
        raise ValueError(f"words must be at least 1, got {words}")
    if not texts.index.equals(labels.index):
        raise ValueError("texts and labels must have the same index")
    inside = labels[labels != NOISE]
    found = sorted(inside.unique())
    if not found:
        return pd.Series([], dtype="str", name="name")
    joined = [" ".join(texts[inside.index[inside == label]]) for label in found]
    counter = CountVectorizer(stop_words="english", token_pattern=WORD)
    try:
        counts = counter.fit_transform(joined).toarray()
    except ValueError:  # no word at all
        return pd.Series([f"cluster {label}" for label in found], index=found, name="name")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    weight = share * np.log1p(counts.sum() / len(found) / counts.sum(axis=0))
    terms = counter.get_feature_names_out()
    best = [
        ", ".join(terms[place] for place in np.argsort(-row, kind="stable")[:words] if row[place])
        for row in weight
    ]
    titles = [name or f"cluster {label}" for name, label in zip(best, found, strict=True)]
    return pd.Series(titles, index=found, name="name", dtype="str")
