"""Ratings of a language model as noisy labels, corrected where neighbours say otherwise.

Source: Pang et al. 2025, arXiv:2410.10877 (DS2, score curation); the detection is that of Zhu, Dong
& Liu 2022, arXiv:2110.06283. Read in the authors' code were the votes, the threshold of each class,
the repeats and the confidence; how it looks neighbours up could not be read. The authors put
ratings of 1 to 10 into six classes first: up to 4, then 5, 6, 7, 8, and 9 with 10.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.score.nearest import nearest
from lab.score.transition import Transition, distinct, transition

FloatArray = NDArray[np.float64]
REPEATS, SHARE = 51, 0.9
OUTSIDE = {"low": 0.05, "high": 0.95}  # shares of errors that stand for those beyond 0 and 1


def corrected(
    ratings: "pd.Series[float]",
    vectors: pd.DataFrame,
    *,
    found: Transition | None = None,
    neighbours: int = 10,
    min_confidence: float = 0.5,
    seed: int = 0,
) -> pd.DataFrame:
    """Correct ratings that the ratings of near neighbours contradict.

    The row and its neighbours vote with weight 1 - cosine distance. Of each rating, the share that
    the transition matrix calls wrong is flagged, those with the fewest votes for themselves
    first, in 51 draws of nine tenths of the rows. A row that is flagged in more than half of them
    is given what most votes name, if the confidence suffices. It can help only where neighbours
    deserve the same score; whether it does is to be measured, not assumed.

    Source: Pang et al. 2025, arXiv:2410.10877 (DS2).
    Cost: that of `transition`, which is exact neighbours, n squared times d.

    Parameters
    ----------
    ratings : Series
        A few distinct values, such as 0 to 5 in whole steps; NaN stays NaN and does not vote.
    vectors : DataFrame (n, d)
        One embedding per rated row.
    found : Transition, optional
        What `transition` gives for these; found here by default.
    neighbours : int
        Rows that vote, the row itself among them, >= 3; rows with equal vectors vote once.
    min_confidence : float
        Below it a rating stays, 0 to 1; the authors' is 0.5.
    seed : int
        Of the draws.

    Returns
    -------
    DataFrame
        On the index of `ratings`: `rating`, `suggested` and `confidence` (NaN where nothing else
        is suggested), and `corrected`.

    Raises
    ------
    DataError
        As `transition` does.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> angle = np.append(np.linspace(0, 0.2, 40), np.linspace(1.3, 1.5, 40))
    >>> place = pd.DataFrame({"x": np.cos(angle), "y": np.sin(angle)})
    >>> given = pd.Series(np.repeat([1.0, 5.0], 40))
    >>> given[[3, 60]] = given[[60, 3]].to_numpy()
    >>> corrected(given, place).loc[[2, 3], "corrected"].tolist()
    [1.0, 1.0]
    """
    if neighbours < 3:
        raise ValueError(f"neighbours must be at least 3, got {neighbours}")
    if not 0 <= min_confidence <= 1:
        raise ValueError(f"min_confidence must be between 0 and 1, got {min_confidence}")
    found = found or transition(ratings, vectors, seed=seed)
    known, X = distinct(ratings, vectors)
    classes = found.matrix.index.to_numpy(dtype=np.float64)
    codes = np.searchsorted(classes, known.to_numpy(dtype=np.float64))
    votes = _votes(codes, X, min(neighbours, len(X)), len(classes))
    times, flagged = _flags(codes, votes, _wrong(found, codes), seed)
    said = votes.argmax(axis=1)
    doubted = (flagged + 1) / (times + 2)
    confidence = (flagged + 1) / (flagged + len(classes)) * doubted
    other = (said != codes) & (doubted > 0.5)
    table = pd.DataFrame({"rating": ratings.astype("float64")})
    table["suggested"] = pd.Series(classes[said], known.index).where(other).reindex(ratings.index)
    table["confidence"] = pd.Series(confidence, known.index).where(other).reindex(ratings.index)
    sure = table["confidence"] >= min_confidence
    return table.assign(corrected=table["rating"].mask(sure, table["suggested"]))


def _votes(codes: NDArray[np.intp], X: FloatArray, k: int, classes: int) -> FloatArray:
    """Return what a row and its k - 1 neighbours vote for (n, classes), each row of length one."""
    places, distances = nearest(X, k - 1)
    cosine = 1 - distances**2 / 2
    own = 1 - (2 * (1 - cosine[:, :1]) - (1 - cosine[:, 1:2]))  # as far as the next, outwards
    votes = np.zeros((len(X), classes))
    np.add.at(votes, (np.arange(len(X))[:, None], codes[places]), cosine)
    np.add.at(votes, (np.arange(len(X)), codes), own[:, 0])
    unit: FloatArray = votes / np.maximum(np.linalg.norm(votes, axis=1, keepdims=True), 1e-12)
    return unit


def _wrong(found: Transition, codes: NDArray[np.intp]) -> FloatArray:
    """Return the share of each rating that is not the true score, by Bayes' rule."""
    share = np.bincount(codes, minlength=len(found.prior)) / len(codes)
    right = np.diag(found.matrix.to_numpy()) * found.prior.to_numpy() / np.maximum(share, 1e-12)
    wrong: FloatArray = 1 - np.minimum(right, 1.0)
    return np.where(wrong >= 1, OUTSIDE["high"], np.where(wrong <= 0, OUTSIDE["low"], wrong))


def _flags(
    codes: NDArray[np.intp], votes: FloatArray, wrong: FloatArray, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return how often each row was drawn, and how often flagged as wrongly rated."""
    rng = np.random.default_rng(seed)
    n = len(codes)
    doubt = -np.log(np.maximum(votes[np.arange(n), codes], 0.0) + 1e-8)
    times, flagged = np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp)
    for _ in range(REPEATS):
        drawn = np.sort(rng.choice(n, max(1, int(SHARE * n)), replace=False))
        times[drawn] += 1
        for code, share in enumerate(wrong):
            rows = drawn[codes[drawn] == code]
            if len(rows):
                tail = np.percentile(doubt[rows], 100 * (1 - share))
                flagged[rows[doubt[rows] >= tail]] += 1
    return times, flagged
