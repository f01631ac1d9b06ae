"""What selections of several ablations have in common, kept as runs: ratings, scores, vectors."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lab import embed, runs, score
from lab.ablate.setups import Select
from lab.llm import Client
from lab.select import Selection, stratified, top


def rated(pool: pd.DataFrame, client: Client) -> "pd.Series[float]":
    """Return what a rater gives each row, 0 to 5, as `score.rating`; asked once.

    Parameters
    ----------
    pool : DataFrame
        Candidates.
    client : Client
        The rater.

    Examples
    --------
    >>> from lab import testbed
    >>> rated(testbed.pool(2), testbed.client()).tolist()
    [5.0, 5.0]
    """
    return scored(partial(score.rating, pool, client))


def scored(make: Callable[[], "pd.Series[float]"]) -> "pd.Series[float]":
    """Return a score, computed once and kept as a run.

    Parameters
    ----------
    make : `functools.partial` of a score
        Such as `partial(score.ifd, pool, model=...)`.

    Examples
    --------
    >>> from lab import records
    >>> pool = records.frame([{"instruction": "?", "output": "two words"}])
    >>> scored(partial(score.length, pool)).tolist()
    [2.0]
    """
    return runs.once("score", make).iloc[:, 0]


def vectors(pool: pd.DataFrame, *, model: str | Path) -> pd.DataFrame:
    """Return a unit vector per row, of what a causal model makes of its text; computed once.

    Parameters
    ----------
    pool : DataFrame
        Candidates.
    model : str or Path
        As in `embed.hidden`.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> vectors(testbed.pool(2), model=paths.base_model()).shape
    (2, 128)
    """
    return runs.once("embed", partial(hidden, embed.texts(pool), model=model))


def hidden(texts: "pd.Series[str]", *, model: str | Path) -> pd.DataFrame:
    """Return what `embed.hidden` does, without its counts, as a run can keep it."""
    return embed.hidden(texts, model=model).vectors


def best(make: Callable[[pd.DataFrame], "pd.Series[float]"], k: int) -> Select:
    """Return a selector that takes the `k` rows of highest score.

    Parameters
    ----------
    make : callable
        pool -> score; a row without one is never taken.
    k : int
        Rows to take.

    Examples
    --------
    >>> from lab import testbed
    >>> pool = testbed.pool(20, noise=0.5, seed=0)
    >>> chosen = best(lambda rows: rows["quality"], 5)(pool, seed=0)
    >>> chosen["quality"].min()
    np.float64(5.0)
    """

    def select(pool: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        del seed
        return top(make(pool).to_numpy(dtype=np.float64), k).take(pool)

    return select


def cluster_random(X: ArrayLike, k: int, *, clusters: int, seed: int = 0) -> Selection:
    """Pick `k` rows by chance within k-means clusters, each cluster by its share of the pool.

    Between `select.random`, which knows no clusters, and `select.kmeans`, which picks the rows
    nearest to their centres.

    Parameters
    ----------
    X : float (n, d)
        One row per example.
    k : int
        Rows to pick.
    clusters : int
        1 <= clusters <= n.
    seed : int
        Of the clustering and the draws.

    Returns
    -------
    Selection
        As `select.stratified`.

    Examples
    --------
    >>> rows = [[0.0], [0.1], [9.0], [9.1]]
    >>> sorted(cluster_random(rows, 2, clusters=2).indices // 2)
    [np.int64(0), np.int64(1)]
    """
    from sklearn.cluster import KMeans

    matrix = np.asarray(X)
    labels = KMeans(clusters, n_init=1, random_state=seed).fit_predict(matrix)
    return stratified(labels.tolist(), k, seed=seed)
