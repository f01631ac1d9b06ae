"""Keep examples that mean something new: no kept one lies closer than a given cosine.

Source: Abbas et al. 2023, arXiv:2303.09540 (SemDeDup: duplicates in the space of embeddings);
Liu et al. 2024, arXiv:2312.15685, section 2.4 (DEITA: best first, skip what is too close).
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lab.filters import text
from lab.filters.near_duplicates import ranking

BLOCK, TILE = 1024, 8192  # rows compared at a time, and kept rows that they are compared with
ROUNDING = 1e-5  # of a product of unit rows in single precision; closer calls are made in double
CELL = 1000  # rows per center beyond the exact size
PROBES = 3  # nearest centers of a row

Matrix = NDArray[np.float32]


def semantic(
    pool: pd.DataFrame,
    X: ArrayLike,
    *,
    max_similarity: float = 0.9,
    best: "pd.Series[float] | None" = None,
    exact_up_to: int = 200_000,
    seed: int = 0,
) -> "pd.Series[bool]":
    """Keep examples, best first, whose cosine to every kept one is at most `max_similarity`.

    Exact up to `exact_up_to` rows: no two kept rows are closer, and every rejected one has a kept
    one that is. Beyond, rows are compared only near common centers of k-means, as SemDeDup does:
    a few close pairs stay, and a few rows fall to one that fell itself.

    Source: SemDeDup, arXiv:2303.09540; DEITA, arXiv:2312.15685; k-means by scikit-learn.
    Cost: 20,000 rows of 384 numbers in seconds, growing with the square, once embedded.

    Parameters
    ----------
    pool : DataFrame
        n examples, indexed by id.
    X : float (n, d)
        Embedding, a row per example; rows need not be unit.
    max_similarity : float
        Largest cosine allowed, -1 to 1.
    best : Series of float, optional
        A score of each example, higher is better; NaN comes last, ties go to the lower id, as they
        all do without scores.
    exact_up_to : int
        Rows up to which all pairs are compared.
    seed : int
        Draws the centers.

    Returns
    -------
    Series of bool
        True = keep.

    Examples
    --------
    >>> rows = pd.DataFrame({"output": ["a", "b", "c"]})
    >>> semantic(rows, [[1.0, 0.0], [0.99, 0.14], [0.0, 1.0]]).tolist()
    [True, False, True]
    """
    found = closest_kept(
        pool, X, max_similarity=max_similarity, best=best, exact_up_to=exact_up_to, seed=seed
    )
    return text.flags((found["nearest"] == "").to_numpy(dtype=bool), pool.index)


def closest_kept(
    pool: pd.DataFrame,
    X: ArrayLike,
    *,
    max_similarity: float = 0.9,
    best: "pd.Series[float] | None" = None,
    exact_up_to: int = 200_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the kept example that rejects each rejected one, and their cosine.

    Takes what `semantic` takes, and is the evidence for it. Where a row stays, `nearest` is "" and
    `similarity` NaN.
    """
    if not -1 <= max_similarity <= 1:
        raise ValueError(f"max_similarity must be between -1 and 1, got {max_similarity}")
    rows = unit_rows(X, len(pool), "X")
    order = np.argsort(ranking(pool.index, best))
    search = _exact if len(rows) <= exact_up_to else _approximate
    blocker, similarity = search(rows[order], max_similarity, seed)
    out = order[blocker >= 0]
    nearest = np.full(len(rows), "", dtype=object)
    nearest[out] = pool.index.to_numpy(dtype=object)[order[blocker[blocker >= 0]]]
    cosines = np.full(len(rows), np.nan)
    cosines[out] = similarity[blocker >= 0]
    columns = {"similarity": cosines, "nearest": pd.array(nearest.tolist(), dtype="str")}
    return pd.DataFrame(columns, index=pool.index)


def unit_rows(X: ArrayLike, n: int, name: str) -> Matrix:
    """Return `X` with rows of length 1, or raise ValueError."""
    array = np.asarray(X, dtype=np.float32)
    if array.ndim != 2 or len(array) != n:
        raise ValueError(f"{name} must be (n, d) with n = {n} examples, got shape {array.shape}")
    lengths = np.linalg.norm(array.astype(np.float64), axis=1)
    bad = ~(np.isfinite(lengths) & (lengths > 0))
    if bad.any():
        raise ValueError(
            f"{name} must be finite and without zero rows, but row {int(np.argmax(bad))} is not"
        )
    unit: Matrix = (array / lengths[:, None]).astype(np.float32)
    return unit


def _exact(rows: Matrix, limit: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return, for rows from best to worst, the kept row closest to each rejected one, or -1."""
    del seed  # nothing is drawn
    n = len(rows)
    blocker, similarity = np.full(n, -1, dtype=np.intp), np.full(n, np.nan)
    kept_rows, kept = np.empty_like(rows), np.empty(n, dtype=np.intp)
    count = 0
    for first in range(0, n, BLOCK):
        block = rows[first : first + BLOCK]
        inside = block @ block.T > limit - ROUNDING
        before = _close(block, kept_rows[:count], limit)
        start = count
        for at in range(len(block)):
            new = kept[start:count]
            hits = np.concatenate([kept[before[at]], new[inside[at, new - first]]])
            if len(hits):
                exact = rows[hits].astype(np.float64) @ block[at].astype(np.float64)
                top = int(np.argmax(exact))
                if exact[top] > limit:
                    blocker[first + at], similarity[first + at] = hits[top], exact[top]
                    continue
            kept_rows[count], kept[count] = block[at], first + at
            count += 1
    return blocker, similarity


def _close(block: Matrix, kept_rows: Matrix, limit: float) -> list[NDArray[np.intp]]:
    """Return, for each row of a block, the kept rows that may be too close."""
    found: list[list[NDArray[np.intp]]] = [[np.empty(0, dtype=np.intp)] for _ in block]
    for first in range(0, len(kept_rows), TILE):
        close = block @ kept_rows[first : first + TILE].T > limit - ROUNDING
        for row in np.flatnonzero(close.any(axis=1)):
            found[row].append(first + np.flatnonzero(close[row]))
    return [np.concatenate(parts) for parts in found]


def _approximate(
    rows: Matrix, limit: float, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return nearly the same, comparing only rows that share one of their nearest centers."""
    n = len(rows)
    blocker, similarity = np.full(n, -1, dtype=np.intp), np.full(n, np.nan)
    for members in _cells(rows, seed):
        left = members[blocker[members] < 0]
        found, cosines = _exact(rows[left], limit, seed)
        out = found >= 0
        blocker[left[out]], similarity[left[out]] = left[found[out]], cosines[out]
    fallen = np.flatnonzero(blocker >= 0)
    while (blocker[blocker[fallen]] >= 0).any():  # what rejected a row fell later: name what stays
        further = blocker[blocker[fallen]]
        blocker[fallen] = np.where(further >= 0, further, blocker[fallen])
    pairs = rows[fallen].astype(np.float64), rows[blocker[fallen]].astype(np.float64)
    similarity[fallen] = np.einsum("nd,nd->n", *pairs)
    return blocker, similarity


def _cells(rows: Matrix, seed: int) -> list[NDArray[np.intp]]:
    """Return the members of each cell, in order; a row is in the cells of its nearest centers."""
    from sklearn.cluster import MiniBatchKMeans

    count = -(-len(rows) // CELL)
    probes = min(PROBES, count)
    sample = np.random.default_rng(seed).permutation(len(rows))[: count * 100]
    model = MiniBatchKMeans(count, random_state=seed, n_init=1, batch_size=4096)
    centers = model.fit(rows[np.sort(sample)]).cluster_centers_
    offsets = np.einsum("kd,kd->k", centers, centers) / 2
    cells = np.empty((len(rows), probes), dtype=np.int32)
    for first in range(0, len(rows), BLOCK):
        near = rows[first : first + BLOCK] @ centers.T - offsets
        cells[first : first + BLOCK] = np.argpartition(-near, probes - 1, axis=1)[:, :probes]
    order = np.argsort(cells.ravel(), kind="stable")
    ends = np.searchsorted(cells.ravel()[order], np.arange(1, count))
    return np.split(order // probes, ends)
