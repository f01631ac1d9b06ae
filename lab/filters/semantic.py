"""Keep examples that mean something new: no kept one lies closer than a given cosine.

Source: Abbas et al. 2023, arXiv:2303.09540 (SemDeDup: duplicates in the space of embeddings);
Liu et al. 2024, arXiv:2312.15685, section 2.4 (DEITA: best first, skip what is too close).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lab.filters.copies import Copies, Positions, search
from lab.filters.near_duplicates import ranking
from lab.filters.shingles import joined

BLOCK, TILE = 1024, 4096  # rows compared at a time, and kept rows that they are compared with
HEADS = (16, 24, 32, 48, 64, 96, 128, 192)  # columns that may be multiplied first
RARE = 3e-4  # share of pairs that the first columns may leave open
PAIRS = 65_536  # open pairs that are checked at a time
ROUNDING = 1e-5  # of a product of unit rows in single precision; closer calls are made in double
CELL = 1000  # rows per center beyond the exact size
USER_AND_ANSWER = ("instruction", "input", "output")  # what is shown of a row
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
    found = copies_by_meaning(
        pool, X, max_similarity=max_similarity, best=best, exact_up_to=exact_up_to, seed=seed
    )
    return found.keep


def copies_by_meaning(
    pool: pd.DataFrame,
    X: ArrayLike,
    *,
    max_similarity: float = 0.9,
    best: "pd.Series[float] | None" = None,
    exact_up_to: int = 200_000,
    seed: int = 0,
) -> Copies:
    """Return what `semantic` keeps, with what each rejected row is close to and other limits.

    Takes what `semantic` takes; the similarity is a cosine.

    Examples
    --------
    >>> rows = pd.DataFrame({"output": {"x": "a", "y": "b", "z": "c"}})
    >>> found = copies_by_meaning(rows, [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]], max_similarity=0.7)
    >>> found.closest().round(3).values.tolist()
    [[0.8, 'y', 'b']]
    """
    rows = unit_rows(X, len(pool), "X")
    order = np.argsort(ranking(pool.index, best))
    return search(pool, _Embedded(pool, rows, order, exact_up_to, seed), max_similarity)


@dataclass(frozen=True, eq=False)
class _Embedded:
    """Unit rows, with their order from best to worst; see `lab.filters.copies.Search`."""

    pool: pd.DataFrame
    rows: Matrix
    order: Positions
    exact_up_to: int
    seed: int

    @property
    def texts(self) -> list[str]:
        fields = tuple(name for name in USER_AND_ANSWER if name in self.pool)
        return joined(self.pool, fields).tolist() if fields else [""] * len(self.pool)

    def decide(self, limit: float) -> Positions:
        if not -1 <= limit <= 1:
            raise ValueError(f"max_similarity must be between -1 and 1, got {limit}")
        ordered = self.rows[self.order]
        if len(ordered) <= self.exact_up_to:
            found = _exact(ordered, limit)
        else:
            found = _approximate(ordered, limit, self.seed)
        blocker = np.full(len(ordered), -1, dtype=np.intp)
        out = found >= 0
        blocker[self.order[out]] = self.order[found[out]]
        return blocker

    def closest(self, blocker: Positions, rows: Positions) -> tuple[Positions, NDArray[np.float64]]:
        kept = blocker[rows]
        pairs = self.rows[rows].astype(np.float64), self.rows[kept].astype(np.float64)
        return kept, np.einsum("nd,nd->n", *pairs)


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


def _exact(rows: Matrix, limit: float) -> Positions:
    """Return, for rows from best to worst, the kept row closest to each rejected one, or -1.

    Most pairs are settled by a few columns: turned so that the first hold most of the rows, what
    the others can add is at most the product of their lengths (Cauchy and Schwarz).
    """
    n = len(rows)
    blocker = np.full(n, -1, dtype=np.intp)
    heads = _heads(rows, limit)
    kept_rows, kept_heads = np.empty_like(rows), np.empty_like(heads)
    kept = np.empty(n, dtype=np.intp)
    count = 0
    for first in range(0, n, BLOCK):
        block = rows[first : first + BLOCK]
        inside = block @ block.T > limit - ROUNDING
        compared = block, heads[first : first + BLOCK]
        before = _close(compared, (kept_rows[:count], kept_heads[:count]), limit)
        start = count
        for at in range(len(block)):
            new = kept[start:count]
            hits = np.concatenate([kept[before[at]], new[inside[at, new - first]]])
            if len(hits):
                exact = rows[hits].astype(np.float64) @ block[at].astype(np.float64)
                top = int(np.argmax(exact))
                if exact[top] > limit:
                    blocker[first + at] = hits[top]
                    continue
            kept_rows[count], kept_heads[count] = block[at], heads[first + at]
            kept[count] = first + at
            count += 1
    return blocker


def _heads(rows: Matrix, limit: float) -> Matrix:
    """Return a few columns whose products are at least the cosines, or all where few do not do."""
    n, d = rows.shape
    if n <= TILE or d <= HEADS[0]:
        return rows
    sample = rows[:: -(-n // 20_000)].astype(np.float64)
    axes = np.linalg.eigh(sample.T @ sample)[1][:, ::-1]  # the longest first
    turned = rows @ axes.astype(np.float32)
    some = np.linspace(0, n - 1, 2000).astype(np.intp)
    for h in HEADS:
        if h < d:
            rest = np.linalg.norm(turned[:, h:], axis=1)  # by itself: a difference would cancel
            heads = np.column_stack([turned[:, :h], rest]).astype(np.float32)
            open_pairs = (heads[some] @ heads[some].T > limit - ROUNDING).mean()
            if open_pairs < RARE + 1 / len(some):  # each with itself
                return heads
    return rows


def _close(
    block: tuple[Matrix, Matrix], kept: tuple[Matrix, Matrix], limit: float
) -> list[NDArray[np.intp]]:
    """Return, for each row of a block, the kept rows that may be too close.

    Both come as rows and their heads.
    """
    (rows, heads), (kept_rows, kept_heads) = block, kept
    found = [np.empty((2, 0), dtype=np.intp)]
    for first in range(0, len(kept_rows), TILE):
        close = heads @ kept_heads[first : first + TILE].T > limit - ROUNDING
        row, place = np.divmod(np.flatnonzero(close.ravel()), close.shape[1])
        for some in range(0, len(row), PAIRS):
            pair = row[some : some + PAIRS], first + place[some : some + PAIRS]
            product = np.einsum("nd,nd->n", rows[pair[0]], kept_rows[pair[1]])
            found.append(np.stack(pair)[:, product > limit - ROUNDING])
    row, place = np.concatenate(found, axis=1)
    order = np.argsort(row, kind="stable")
    return np.split(place[order], np.searchsorted(row[order], np.arange(1, len(rows))))


def _approximate(rows: Matrix, limit: float, seed: int) -> Positions:
    """Return nearly the same, comparing only rows that share one of their nearest centers."""
    blocker = np.full(len(rows), -1, dtype=np.intp)
    for members in _cells(rows, seed):
        left = members[blocker[members] < 0]
        found = _exact(rows[left], limit)
        out = found >= 0
        blocker[left[out]] = left[found[out]]
    fallen = np.flatnonzero(blocker >= 0)
    while (blocker[blocker[fallen]] >= 0).any():  # what rejected a row fell later: name what stays
        further = blocker[blocker[fallen]]
        blocker[fallen] = np.where(further >= 0, further, blocker[fallen])
    return blocker


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
