"""Dense regions of a pool, and keywords to call them by.

Source: Campello, Moulavi & Sander 2013, doi:10.1007/978-3-642-37456-2_14 (HDBSCAN);
Grootendorst 2022, arXiv:2203.05794, section 3.3 (c-TF-IDF).
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lab.coverage.neighbours import Neighbours, check_matrix
from lab.coverage.stopwords import stop_words
from lab.errors import MissingPackageError
from lab.texts import terms

NOISE = -1  # the label of rows in no cluster
GRAMMAR = re.compile("[\u3041-\u309f]{2}")  # two hiragana: Japanese particles and endings
POSSESSIVE = re.compile("['\u2019]s$")
SAMPLE = 4000  # characters of a cluster that tell its language
LOOKED_AT = 60  # words of a cluster that may be in its name
AGAIN = 0.6  # weight of a word for each name that holds it already


def clusters(
    X: ArrayLike,
    *,
    min_size: int = 15,
    min_samples: int | None = None,
    graph: Neighbours | None = None,
) -> "pd.Series[int]":
    """Label the dense regions of `X` (HDBSCAN): 0 for the largest, then by size; -1 for none.

    Parameters
    ----------
    X : float (n, d)
        An embedding, or its map: HDBSCAN leaves most rows out in hundreds of dimensions.
    min_size : int
        Fewest rows of a cluster, at least 2.
    min_samples : int, optional
        Neighbours, the row itself included, that make a row dense; by default `min_size`.
    graph : Neighbours, optional
        Of `X`, with at least `min_samples` - 1 neighbours. With it only neighbours are compared:
        no distance is computed again, and parts that no edge joins are joined last.

    Returns
    -------
    Series of int
        Named "cluster", on the index of `X` if it has one.

    Raises
    ------
    ValueError
        If `X` is not finite, `min_size` or `min_samples` is out of range, or the graph is of
        another pool or too narrow.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.concatenate([np.linspace(0, 1, 20), np.linspace(9, 9.5, 20)])[:, None]
    >>> clusters(X, min_size=10).value_counts().to_dict()
    {0: 20, 1: 20}
    """
    try:
        from hdbscan import HDBSCAN
        from hdbscan._hdbscan_linkage import label as linkage
        from hdbscan.hdbscan_ import _tree_to_labels
    except ImportError:
        raise MissingPackageError("hdbscan", needed_by="clusters") from None

    matrix = check_matrix(X)
    n = len(matrix)
    if not 2 <= min_size <= n:
        raise ValueError(f"min_size must be between 2 and the {n} rows, got {min_size}")
    dense = min_size if min_samples is None else min_samples
    if not 1 <= dense <= n:
        raise ValueError(f"min_samples must be between 1 and the {n} rows, got {dense}")
    if graph is None:
        model = HDBSCAN(
            min_cluster_size=min_size,
            min_samples=min(dense, n - 1),
            approx_min_span_tree=False,
            core_dist_n_jobs=1,
        )
        labels = model.fit_predict(matrix.astype(np.float64))
    else:
        tree = linkage(_spanning_tree(graph, n, dense))
        labels = _tree_to_labels(matrix, tree, min_cluster_size=min_size)[0]
    index = X.index if isinstance(X, pd.DataFrame) else None
    return pd.Series(by_size(labels), index=index, name="cluster")


def by_size(labels: ArrayLike) -> NDArray[np.intp]:
    """Renumber clusters by size, largest first, ties to the one that starts at the lower row.

    Examples
    --------
    >>> by_size([7, -1, 3, 3]).tolist()
    [1, -1, 0, 0]
    """
    given = np.asarray(labels)
    found, first, count = np.unique(given[given != NOISE], return_index=True, return_counts=True)
    order = np.lexsort((first, -count))
    renamed = np.full(len(given), NOISE, dtype=np.intp)
    for new, old in enumerate(found[order]):
        renamed[given == old] = new
    return renamed


def names(texts: "pd.Series[str]", labels: "pd.Series[int]", *, words: int = 3) -> "pd.Series[str]":
    """Name each cluster by the words that are frequent in it and rare elsewhere (c-TF-IDF).

    Words are those of `texts.terms`, of two letters or more, in any script; the function words of
    the cluster's language are left out. No name holds two forms of a word, and a word
    that is in one name weighs less in the next.

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
    if words < 1:
        raise ValueError(f"words must be at least 1, got {words}")
    if not texts.index.equals(labels.index):
        raise ValueError("texts and labels must have the same index")
    found = sorted(set(labels[labels != NOISE]))
    counted = [Counter(_keywords(texts[labels == label])) for label in found]
    total = sum(counted, Counter[str]())
    size = total.total() / max(len(found), 1)  # words of a cluster, on average
    used: Counter[str] = Counter()  # names that hold a word already
    titles = []
    for label, counts in zip(found, counted, strict=True):
        weight = {term: n * np.log1p(size / total[term]) for term, n in counts.items()}
        heavy = sorted(weight, key=lambda term: (-weight[term], term))[:LOOKED_AT]
        chosen = _told_apart([(term, weight[term] * AGAIN ** used[term]) for term in heavy], words)
        used.update(chosen)
        titles.append(", ".join(chosen) or f"cluster {label}")
    return pd.Series(titles, index=found, name="name", dtype="str")


def _told_apart(weighed: Sequence[tuple[str, float]], words: int) -> list[str]:
    """Return the heaviest words, none of which is a form of another."""
    chosen: list[str] = []
    for term, _ in sorted(weighed, key=lambda pair: -pair[1]):
        if len(chosen) < words and not any(_alike(term, other) for other in chosen):
            chosen.append(term)
    return chosen


def _alike(one: str, other: str) -> bool:
    """Tell whether two words are forms of one, such as "word" and "words": they begin alike."""
    shared = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    shared = min(len(one), len(other)) if shared is None else shared
    return shared >= max(4, 0.7 * min(len(one), len(other)))


def _keywords(inside: "pd.Series[str]") -> list[str]:
    """Return the words of a cluster's texts, repeats included, without those of every text."""
    every = [POSSESSIVE.sub("", term) for text in inside for term in terms(text)]
    kept = [
        term
        for term in every
        if len(term) > 1 and any(map(str.isalpha, term)) and not GRAMMAR.fullmatch(term)
    ]
    stops = stop_words(" ".join(inside)[:SAMPLE])
    return [term for term in kept if term not in stops]


def _spanning_tree(graph: Neighbours, n: int, dense: int) -> NDArray[np.float64]:
    """Return the n - 1 edges (row, row, mutual reachability) that join all rows, shortest first."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

    if len(graph) != n or graph.k < dense - 1:
        raise ValueError(
            f"graph must hold {dense - 1} neighbours of {n} rows, got {graph.k} of {len(graph)}"
        )
    reach = graph.distances[:, dense - 2] if dense > 1 else np.zeros(n, np.float32)
    core = reach.astype(np.float64)
    rows = np.repeat(np.arange(n), graph.k)
    others = graph.indices.ravel().astype(np.intp)
    length = np.maximum(np.maximum(core[rows], core[others]), graph.distances.ravel())
    low, high = np.minimum(rows, others), np.maximum(rows, others)
    _, once = np.unique(low * n + high, return_index=True)  # an edge seen from both ends
    tiny = np.finfo(np.float64).tiny  # a sparse matrix would drop an edge of length 0
    joined: Any = coo_matrix((length[once] + tiny, (low[once], high[once])), shape=(n, n))
    tree = minimum_spanning_tree(joined.tocsr()).tocoo()
    count, part = connected_components(joined, directed=False)
    edges = [np.column_stack([tree.row, tree.col, tree.data])]
    if count > 1:
        first = np.array([np.flatnonzero(part == p)[0] for p in range(count)], dtype=np.float64)
        far = np.full(count - 1, 2 * length.max() + 1)
        edges.append(np.column_stack([first[:-1], first[1:], far]))
    every = np.vstack(edges)
    return every[np.argsort(every[:, 2], kind="stable")]
