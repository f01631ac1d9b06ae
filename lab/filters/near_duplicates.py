"""Keep one of each group of near-duplicates: texts that share most of their runs of words.

MinHash finds candidates, the exact Jaccard similarity of their shingles decides, and what is
linked by a chain of such pairs is one group.

Source: Broder 1997, doi:10.1109/SEQUEN.1997.666900 (shingles, resemblance, min-wise hashing);
Leskovec, Rajaraman & Ullman 2014, Mining of Massive Datasets, section 3.4 (bands).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.compiled import njit
from lab.filters.copies import Copies, Positions, search
from lab.filters.shingles import Hashes, Ints, Shingles, joined, shingles

PERMUTATIONS = 128
MISSED = 1e-3  # a pair just above the limit escapes all bands with at most this probability
FIELDS = ("history", "instruction", "input", "output")


def no_near_duplicates(
    pool: pd.DataFrame,
    *,
    max_similarity: float = 0.7,
    words: int = 3,
    best: "pd.Series[float] | None" = None,
    fields: tuple[str, ...] = FIELDS,
    seed: int = 0,
) -> "pd.Series[bool]":
    """Keep the best of each group of near-duplicates: Jaccard similarity above `max_similarity`.

    Similarity is the share of distinct runs of `words` words that two examples have in common. With
    `history` among the fields, the last exchanges must be that similar, and so must the histories:
    under one long history, other questions and answers are other examples. A
    group may hold pairs that are less similar than the limit, linked by others. Every link is
    exact; a pair just above the limit is missed with probability 0.001 at most, a closer one less.

    Source: Broder 1997, doi:10.1109/SEQUEN.1997.666900; MinHash by rensa.
    Cost: 100,000 short examples a second, once compiled.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id.
    max_similarity : float
        Largest share of common shingles allowed, above 0 and at most 1.
    words : int
        Length of a shingle in words.
    best : Series of float, optional
        A score of each example, higher is better; the best of a group stays, NaN comes last, and
        ties go to the lower id, as they all do without scores.
    fields : tuple of str
        The text columns to compare, as one text; `history` is compared apart from the others.
    seed : int
        Draws the hash functions.

    Returns
    -------
    Series of bool
        True = keep.

    Examples
    --------
    >>> rows = {"instruction": ["Say a b c d e f", "say a b c d e f!", "Sing"]}
    >>> no_near_duplicates(pd.DataFrame(rows), fields=("instruction",)).tolist()
    [True, False, True]
    """
    found = copies_by_shingles(
        pool, max_similarity=max_similarity, words=words, best=best, fields=fields, seed=seed
    )
    return found.keep


def copies_by_shingles(
    pool: pd.DataFrame,
    *,
    max_similarity: float = 0.7,
    words: int = 3,
    best: "pd.Series[float] | None" = None,
    fields: tuple[str, ...] = FIELDS,
    seed: int = 0,
) -> Copies:
    """Return what `no_near_duplicates` keeps, with the kept row of each group and other limits.

    Takes what `no_near_duplicates` takes. The closest row is the one that stays of the group; its
    similarity is below the limit where others link the two.

    Examples
    --------
    >>> tasks = {"x": "Say a b c d e f", "y": "say a b c d e f!", "z": "Sing"}
    >>> found = copies_by_shingles(pd.DataFrame({"instruction": tasks}), fields=("instruction",))
    >>> found.closest().loc["y", "nearest"]
    'x'
    """
    rank = ranking(pool.index, best)
    shown, found, past = sets(pool, fields, words)
    return search(pool, _Shingled(shown.tolist(), found, past, rank, seed), max_similarity)


def sets(
    pool: pd.DataFrame, fields: tuple[str, ...], words: int
) -> tuple["pd.Series[str]", Shingles, Shingles]:
    """Return the texts that are compared, their shingles, and those of what is compared apart."""
    exchange = tuple(name for name in fields if name != "history") or fields
    shown = joined(pool, exchange)
    found = shingles(shown, words=words)
    if exchange == fields:
        return shown, found, found
    return shown, found, shingles(joined(pool, ("history",)), words=words)


@dataclass(frozen=True, eq=False)
class _Shingled:
    """Exchanges and histories as shingles; see `lab.filters.copies.Search`."""

    texts: list[str]
    found: Shingles
    past: Shingles
    rank: NDArray[np.intp]
    seed: int

    def decide(self, limit: float) -> Positions:
        if not 0 < limit <= 1:
            raise ValueError(f"max_similarity must be above 0 and at most 1, got {limit}")
        return blockers(_groups(self.found, self.past, limit, self.seed), self.rank)

    def closest(self, blocker: Positions, rows: Positions) -> tuple[Positions, NDArray[np.float64]]:
        kept = blocker[rows]
        alike = [
            min(_jaccard(of.hashes, of.starts, *pair) for of in (self.found, self.past))
            for pair in zip(rows, kept, strict=True)
        ]
        return kept, np.array(alike, dtype=np.float64)


def blockers(groups: Ints, rank: NDArray[np.intp]) -> Positions:
    """Return for each row the best of its group, -1 where it is that itself."""
    order = np.lexsort((rank, groups))
    leads = np.flatnonzero(np.diff(groups[order], prepend=-1))
    kept = np.empty(len(order), dtype=np.intp)
    kept[order] = np.repeat(order[leads], np.diff(leads, append=len(order)))
    return np.where(kept == np.arange(len(kept)), -1, kept)


def ranking(index: pd.Index, best: "pd.Series[float] | None") -> NDArray[np.intp]:
    """Return each row's rank, 0 for the best score; ties go to the lower id, NaN comes last."""
    if best is not None and not best.index.equals(index):
        raise ValueError("best must hold one score per example of this pool, in its order")
    frame = pd.DataFrame(
        {"id": index, "score": 0.0 if best is None else best.to_numpy(dtype=float)}
    )
    frame = frame.sort_values(["score", "id"], ascending=[False, True], na_position="last")
    rank = np.empty(len(index), dtype=np.intp)
    rank[frame.index.to_numpy()] = np.arange(len(index))
    return rank


def _groups(found: Shingles, past: Shingles, limit: float, seed: int) -> NDArray[np.intp]:
    """Return a group number per row: rows linked by pairs with both similarities above `limit`."""
    sizes = np.diff(found.starts)
    if limit == 1 or not sizes.any():
        return np.arange(len(sizes))
    parent = equal_sets(wholes(found, past), sizes)
    width = band_width(limit)
    distinct = np.flatnonzero((parent == np.arange(len(sizes))) & (sizes > 0))
    rows, made = _candidates(found, distinct, width, seed)
    both, pasts = (found.hashes, found.starts), (past.hashes, past.starts)
    for column in range(0, PERMUTATIONS, width):
        keys = band_keys(made, column, width)
        order = np.argsort(keys, kind="stable")
        link(rows[order], keys[order], both, pasts, limit, parent)
    return roots(parent)


def wholes(found: Shingles, past: Shingles) -> Hashes:
    """Return one hash per row, equal for equal sets of exchanges and of histories."""
    return _whole(found.hashes, found.starts) ^ (_whole(past.hashes, past.starts) >> np.uint64(1))


def equal_sets(same: Hashes, sizes: Ints) -> NDArray[np.int64]:
    """Return for each row the first with equal sets; one with nothing to compare stays alone."""
    _, first, inverse = np.unique(same, return_index=True, return_inverse=True)
    parent = first[inverse].astype(np.int64)
    parent[sizes == 0] = np.flatnonzero(sizes == 0)
    return parent


def band_width(limit: float) -> int:
    """Return the widest band that still finds a pair at `limit` but for `MISSED`."""
    widths = [1, 2, 4, 8, 16]
    fine = [w for w in widths if (1 - limit**w) ** (PERMUTATIONS // w) <= MISSED]
    return max(fine, default=1)


def _candidates(
    found: Shingles, rows: Ints, width: int, seed: int
) -> tuple[Ints, NDArray[np.uint32]]:
    """Return the rows that share a band with another, and their digests (f, PERMUTATIONS)."""
    from rensa import RMinHashLSH  # compiled; not needed by the other filters

    bands = RMinHashLSH(0.5, PERMUTATIONS, PERMUTATIONS // width)
    sketch = _sketch(found, rows, seed)
    flagged = np.array(bands.query_duplicate_flags_matrix_one_shot(sketch), dtype=bool)
    rows = rows[flagged]
    return rows, digests(found, rows, seed)


def digests(found: Shingles, rows: Ints, seed: int) -> NDArray[np.uint32]:
    """Return the least hash of each row under each permutation (r, PERMUTATIONS)."""
    made = _sketch(found, rows, seed).to_rows()
    return np.array(made, dtype=np.uint32).reshape(-1, PERMUTATIONS)


def _sketch(found: Shingles, rows: Ints, seed: int) -> Any:
    from rensa import RMinHash

    hashes, offsets = gather(found.hashes, found.starts, rows)
    return RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, PERMUTATIONS, seed)


@njit(cache=True, nogil=True)
def gather(hashes: Hashes, starts: Ints, rows: Ints) -> tuple[Hashes, Hashes]:
    """Return the hashes of some rows, end to end, and where each starts."""
    offsets = np.zeros(len(rows) + 1, dtype=np.uint64)
    for at, row in enumerate(rows):
        offsets[at + 1] = offsets[at] + np.uint64(starts[row + 1] - starts[row])
    gathered = np.empty(offsets[-1], dtype=np.uint64)
    for at, row in enumerate(rows):
        gathered[offsets[at] : offsets[at + 1]] = hashes[starts[row] : starts[row + 1]]
    return gathered, offsets


@njit(cache=True, nogil=True)
def _whole(hashes: Hashes, starts: Ints) -> Hashes:
    """Return one hash per set of hashes; the sets are sorted, so equal sets have equal hashes."""
    whole = np.full(len(starts) - 1, np.uint64(0x9E3779B97F4A7C15))
    for row in range(len(starts) - 1):
        for value in hashes[starts[row] : starts[row + 1]]:
            whole[row] = (whole[row] ^ value) * np.uint64(0xBF58476D1CE4E5B9)
            whole[row] ^= whole[row] >> np.uint64(29)
    return whole


@njit(cache=True, nogil=True)
def band_keys(digests: NDArray[np.uint32], first: int, width: int) -> Hashes:
    """Return one hash per row over columns `first` to `first + width` of the digests."""
    keys = np.full(len(digests), np.uint64(0xCBF29CE484222325))
    for row in range(len(digests)):
        for column in range(first, first + width):
            keys[row] = (keys[row] ^ np.uint64(digests[row, column])) * np.uint64(0x100000001B3)
            keys[row] ^= keys[row] >> np.uint64(29)
    return keys


@njit(cache=True, nogil=True)
def _root(parent: Ints, row: int) -> int:
    """Return the row that stands for a group, halving the path to it in place."""
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


@njit(cache=True, nogil=True)
def roots(parent: Ints) -> NDArray[np.int64]:
    """Return the row that stands for the group of each."""
    found = np.empty(len(parent), dtype=np.int64)
    for row in range(len(parent)):
        found[row] = _root(parent, row)
    return found


@njit(cache=True, nogil=True)
def join(pairs: Ints, parent: Ints) -> None:
    """Join, in place, the groups of each pair (p, 2)."""
    for at in range(len(pairs)):
        one, two = _root(parent, pairs[at, 0]), _root(parent, pairs[at, 1])
        parent[max(one, two)] = min(one, two)


@njit(cache=True, nogil=True)
def _jaccard(hashes: Hashes, starts: Ints, one: int, two: int) -> float:
    """Return the shared over all distinct hashes of two rows, both sorted."""
    i, j, shared = starts[one], starts[two], 0
    while i < starts[one + 1] and j < starts[two + 1]:
        if hashes[i] == hashes[j]:
            shared, i, j = shared + 1, i + 1, j + 1
        elif hashes[i] < hashes[j]:
            i += 1
        else:
            j += 1
    total = starts[one + 1] - starts[one] + starts[two + 1] - starts[two] - shared
    return shared / total if total else 1.0


@njit(cache=True, nogil=True)
def link(
    rows: Ints,
    keys: Hashes,
    found: tuple[Hashes, Ints],
    past: tuple[Hashes, Ints],
    limit: float,
    parent: Ints,
) -> None:
    """Join, in place, the groups of rows with equal keys and both similarities above `limit`."""
    first = 0
    for at in range(1, len(rows) + 1):
        if at < len(rows) and keys[at] == keys[first]:
            continue
        for i in range(first, at):
            for j in range(i + 1, at):
                one, two = _root(parent, rows[i]), _root(parent, rows[j])
                if (
                    one != two
                    and _jaccard(found[0], found[1], rows[i], rows[j]) > limit
                    and _jaccard(past[0], past[1], rows[i], rows[j]) > limit
                ):
                    parent[max(one, two)] = min(one, two)
        first = at
