"""How a rater mistakes one score for another, found from ratings of near neighbours, without truth.

Two rows that lie together in an embedding mostly deserve the same score. How often a row and its
two nearest neighbours are given the same ratings, and which, then tells the chance of each rating
given each true score: the transition matrix.

Source: Zhu, Song & Liu 2021, arXiv:2102.05291 (high-order consensuses), as DS2 uses it: Pang et al.
2025, arXiv:2410.10877.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.errors import DataError
from lab.score import consensus
from lab.score.nearest import nearest

FloatArray = NDArray[np.float64]
SHUFFLES = 199
CHANCE = 0.01  # a pool whose neighbours agree no better than this share of shuffled ones is refused


@dataclass(frozen=True, eq=False)
class Transition:
    """Chances of each rating given each true score, and of the true scores.

    Examples
    --------
    >>> square = pd.DataFrame([[0.9, 0.1], [0.2, 0.8]], index=[0.0, 5.0], columns=[0.0, 5.0])
    >>> found = Transition(square, pd.Series(0.5, square.index), misfit=0.0, rows=9)
    >>> found.matrix.loc[5.0].tolist()
    [0.2, 0.8]
    """

    matrix: pd.DataFrame  # (true score, rating), rows sum to 1
    prior: "pd.Series[float]"  # chance of each true score
    misfit: float  # sum of the three norms that the fit makes small; 0 is a perfect fit
    rows: int  # rows with vectors of their own that it was found from
    low: pd.DataFrame | None = None  # 95 % intervals of the matrix, with resamples
    high: pd.DataFrame | None = None


def transition(
    ratings: "pd.Series[float]", vectors: pd.DataFrame, *, resamples: int = 0, seed: int = 0
) -> Transition:
    """Find how a rater mistakes true scores, from the ratings of a row and its two neighbours.

    The counts of one, two and three ratings together are fitted as the paper does (the sum of
    three Frobenius norms, from a matrix near the identity, by Adam); L-BFGS ends the descent. It
    holds only as far as neighbours deserve the same score. Of rows with equal vectors the one with
    the lowest id is used, since copies agree whatever they deserve.

    Source: Zhu et al. 2021, arXiv:2102.05291; Pang et al. 2025, arXiv:2410.10877 (DS2).
    Cost: exact neighbours, n squared times d; then well under a second, and for each resample.

    Parameters
    ----------
    ratings : Series
        A few distinct values, such as 0 to 5 in whole steps; NaN where there is none.
    vectors : DataFrame (n, d)
        One embedding per rated row.
    resamples : int
        Of a bootstrap over triples for 95 % intervals, >= 0. As many are drawn as share no row, so
        that neighbours are not counted as if they were independent.
    seed : int
        Of the bootstrap and of the shuffles.

    Returns
    -------
    Transition
        `matrix` (true score by rating), `prior`, `misfit`, `rows`, `low` and `high`.

    Raises
    ------
    DataError
        If a rated row has no vector, fewer than two ratings occur, or neighbours agree no better
        than shuffled ones do: then nothing can be told from them.

    Examples
    --------
    >>> angle = np.append(np.linspace(0, 0.2, 40), np.linspace(1.3, 1.5, 40))
    >>> place = pd.DataFrame({"x": np.cos(angle), "y": np.sin(angle)})
    >>> given = pd.Series(np.repeat([1.0, 5.0], 40))
    >>> transition(given, place).matrix.round(1).to_numpy().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    known, X = distinct(ratings, vectors)
    classes, codes = np.unique(known.to_numpy(dtype=np.float64), return_inverse=True)
    if len(classes) < 2:
        raise DataError(f"ratings must hold at least 2 distinct values, got {classes.tolist()}")
    rng = np.random.default_rng(seed)
    places, _ = nearest(X, 2)
    _check_neighbours(codes, places[:, 0], len(classes), rng)
    counts = _triples(codes, places, len(classes))
    best, misfit = consensus.fit(counts)
    matrix, prior = consensus.chances(best)
    true, rated = pd.Index(classes, name="true"), pd.Index(classes, name="rated")
    low = high = None
    if resamples:
        size = _independent(places)
        drawn = rng.multinomial(size, counts.ravel(), size=resamples) / size
        fits = [consensus.settle(best, each.reshape(counts.shape))[0] for each in drawn]
        again = [consensus.chances(each)[0] for each in fits]
        ends = np.quantile(again, (0.025, 0.975), axis=0)
        low, high = (pd.DataFrame(end, true, rated) for end in ends)
    return Transition(
        pd.DataFrame(matrix, true, rated),
        pd.Series(prior, true, name="prior"),
        misfit,
        len(known),
        low,
        high,
    )


def distinct(
    ratings: "pd.Series[float]", vectors: pd.DataFrame
) -> tuple["pd.Series[float]", FloatArray]:
    """Return the ratings that are there, by id, and their unit vectors; of copies, the first."""
    known = ratings.dropna().sort_index()
    lost = known.index.difference(vectors.index)
    if len(lost):
        raise DataError("a rated row has no vector", row=str(lost[0]))
    X = vectors.loc[known.index].to_numpy(dtype=np.float64)
    if not np.isfinite(X).all() or not np.abs(X).sum(axis=1).all():
        bad = ~np.isfinite(X).all(axis=1) | ~np.abs(X).sum(axis=1).astype(bool)
        raise DataError("a vector must be finite and not all zero", row=str(known.index[bad][0]))
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    first = (
        np.sort(np.unique(X.round(12), axis=0, return_index=True)[1]) if len(X) else np.arange(0)
    )
    if len(first) < 4:
        raise DataError(f"at least 4 rated rows with distinct vectors are needed, got {len(first)}")
    return known.iloc[first], X[first]


def _check_neighbours(
    codes: NDArray[np.intp], places: NDArray[np.intp], k: int, rng: np.random.Generator
) -> None:
    """Refuse ratings that do not depend on those of the neighbours."""
    share = np.bincount(codes, minlength=k) / len(codes)

    def apart(given: NDArray[np.intp]) -> float:
        pairs = np.bincount(given * k + given[places], minlength=k * k).reshape(k, k)
        return float(((pairs / len(given) - np.outer(share, share)) ** 2).sum())

    seen = apart(codes)
    chance = (1 + sum(apart(rng.permutation(codes)) >= seen for _ in range(SHUFFLES))) / (
        1 + SHUFFLES
    )
    if chance > CHANCE:
        raise DataError(
            "neighbours are rated no more alike than shuffled rows are, so that no transition "
            f"matrix can be found from them (p = {chance:.2f})"
        )


def _triples(codes: NDArray[np.intp], places: NDArray[np.intp], k: int) -> FloatArray:
    """Return the shares (k, k, k) of the ratings of a row and of its two neighbours."""
    first, second = codes[places[:, 0]], codes[places[:, 1]]
    counts = np.bincount((codes * k + first) * k + second, minlength=k**3)
    return counts.reshape(k, k, k) / len(codes)


def _independent(places: NDArray[np.intp]) -> int:
    """Count triples, taken in order, that share no row with one taken before."""
    used = np.zeros(len(places), dtype=bool)
    count = 0
    for row, near in enumerate(places):
        if not (used[row] or used[near].any()):
            used[row] = used[near] = True
            count += 1
    return count
