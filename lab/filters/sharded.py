"""Filters over shards: pools larger than memory, decided as one process would decide them.

A filter that looks at one row at a time is called on each shard (`lab.shards.over`). Those that
compare rows are here: near-duplicates by bands, each sorted by one task, and novelty by pairs of
shards, in the order of the pool.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab import engine as engines
from lab import files, shards
from lab.filters import near_duplicates as bands
from lab.filters import rouge, text
from lab.filters.near_duplicates import FIELDS, PERMUTATIONS
from lab.filters.novelty import tokens_of
from lab.filters.tokens import Tokenizer, rouge_tokens
from lab.runs import Run

Ints = NDArray[np.int64]


def first_rejection(
    pool: pd.DataFrame, *, by: Mapping[str, Callable[[pd.DataFrame], "pd.Series[bool]"]]
) -> "pd.Series[str]":
    """Return the name of the first filter that rejects each row, "" for those that all keep.

    Each filter sees the rows that those before it keep.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id.
    by : mapping of name to filter
        Functions of a pool, or partials of such, in the order in which they apply.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import filters
    >>> pool = pd.DataFrame({"output": {"x": "Yes.", "y": "", "z": "So it is."}})
    >>> by = {"empty": filters.length, "short": partial(filters.length, min_words=2)}
    >>> first_rejection(pool, by=by).to_dict()
    {'x': 'short', 'y': 'empty', 'z': ''}
    """
    told = pd.Series("", index=pool.index, name="rejected_by", dtype="str")
    left = pool
    for name, keeps in by.items():
        keep = keeps(left)
        told[left.index[~keep]] = name
        left = left[keep]
    return told


def passing(pool: pd.DataFrame, *told: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that no filter rejects.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id.
    told : DataFrame
        Over the same rows, with a column `rejected_by` ("" = kept) or a mask `keep`.

    Raises
    ------
    ValueError
        If what is told is over other rows.

    Examples
    --------
    >>> pool = pd.DataFrame({"output": {"x": "Yes.", "y": ""}})
    >>> passing(pool, pd.DataFrame({"rejected_by": {"x": "", "y": "empty"}})).index.tolist()
    ['x']
    """
    keep = np.ones(len(pool), dtype=bool)
    for table in told:
        if not table.index.equals(pool.index):
            raise ValueError("what is told of rows is over other rows than the pool's")
        keep &= (table["keep"] if "keep" in table else table["rejected_by"] == "").to_numpy()
    return pool[keep]


def no_near_duplicates_shards(
    pools: shards.Shards,
    *,
    max_similarity: float = 0.7,
    words: int = 3,
    best: shards.Shards | None = None,
    fields: tuple[str, ...] = FIELDS,
    seed: int = 0,
    engine: engines.Engine = engines.PROCESSES,
    workers: int | None = None,
) -> list[Path]:
    """Keep what `no_near_duplicates` keeps of all shards together.

    Each shard is cut into shingles and sketched by one task; each band is sorted by one task, which
    compares what shares it; here the pairs become groups. Here lie some 100 bytes for each row, in
    a task the keys of one band, and the shingles of the rows that share it with another.

    Parameters
    ----------
    pools : sequence of Path
        Parquet files of pools.
    max_similarity, words, fields, seed
        As for `no_near_duplicates`.
    best : sequence of Path, optional
        For each shard its scores, such as `shards.over("score", …)` gives.
    engine, workers
        As for `lab.engine.opened`.

    Returns
    -------
    list of Path
        A Parquet file for each shard: the mask `keep` on its ids, for `passing`.

    Examples
    --------
    >>> from lab import paths, records
    >>> rows = [["Say a b c d e f", "Sing"], ["say a b c d e f!", "Go"]]
    >>> pools = [
    ...     pd.DataFrame({"instruction": of}, index=[f"{at}{of[0][0]}", f"{at}z"])
    ...     for at, of in enumerate(rows)
    ... ]
    >>> parts = [records.write_parquet(one, paths.data() / f"{at}") for at, one in enumerate(pools)]
    >>> told = no_near_duplicates_shards(parts, fields=("instruction",), workers=1)
    >>> [records.read_parquet(path)["keep"].tolist() for path in told]
    [[True, True], [False, True]]
    """
    if not 0 < max_similarity <= 1:
        raise ValueError(f"max_similarity must be above 0 and at most 1, got {max_similarity}")
    asked = {"max_similarity": max_similarity, "words": words, "fields": fields, "seed": seed}
    lists = (pools,) if best is None else (pools, best)
    with shards.stage("filters", "no_near_duplicates_shards", asked, *lists) as run:
        if not run.finished:
            width = bands.band_width(max_similarity)
            with engines.opened(engine, workers=workers) as pool:
                places = [run.folder / f"sets-{at:06}" for at in range(len(pools))]
                calls = [
                    (path, place, words, fields, seed, width)
                    for path, place in zip(pools, places, strict=True)
                ]
                engines.each(_sketch, calls, engine=pool, about="shards")
                sizes = np.concatenate([np.diff(np.load(of / "starts.npy")) for of in places])
                parent = bands.equal_sets(_whole_column(places, "same"), sizes)
                if max_similarity == 1:  # nothing is more similar than that
                    parent = np.arange(len(sizes))
                distinct = run.folder / "distinct.npy"
                np.save(distinct, np.flatnonzero((parent == np.arange(len(sizes))) & (sizes > 0)))
                count = PERMUTATIONS // width if max_similarity < 1 else 0
                pairs = [run.folder / f"pairs-{at:03}.npy" for at in range(count)]
                todo = [(places, distinct, at, max_similarity, out) for at, out in enumerate(pairs)]
                engines.each(_pairs, todo, engine=pool, about="bands")
            for path in pairs:
                bands.join(np.load(path), parent)
            rank = bands.ranking(_ids(pools), _scores(best))
            keep = bands.blockers(bands.roots(parent), rank) < 0
            _finish(run, pools, keep, [*places, *pairs, distinct])
    return sorted(run.folder.glob("shard-*"))


def novelty_shards(
    pools: shards.Shards,
    *,
    max_similarity: float = 0.7,
    seeds: Iterable[str] = (),
    field: str = "instruction",
    tokenize: Tokenizer = rouge_tokens,
    engine: engines.Engine = engines.PROCESSES,
    workers: int | None = None,
) -> list[Path]:
    """Keep what `novelty` keeps of all shards, end to end, in their order.

    When a shard is decided, every later one is compared with what it kept, a task each; what is
    left of the next one is then decided among itself. So s shards take s (s + 1) / 2 tasks, each
    over the texts of two shards.

    Parameters
    ----------
    pools : sequence of Path
        Parquet files of pools, in the order in which rows are decided.
    max_similarity, seeds, field, tokenize
        As for `novelty`.
    engine, workers
        As for `lab.engine.opened`.

    Returns
    -------
    list of Path
        A Parquet file for each shard: the mask `keep` on its ids, for `passing`.

    Examples
    --------
    >>> from lab import paths, records
    >>> rows = {"x": "Name a red fruit."}, {"y": "Name a red fruit!", "z": "Sort these numbers."}
    >>> pools = [pd.DataFrame({"instruction": of}) for of in rows]
    >>> parts = [records.write_parquet(one, paths.data() / f"{at}") for at, one in enumerate(pools)]
    >>> told = novelty_shards(parts, workers=1)
    >>> [records.read_parquet(path)["keep"].tolist() for path in told]
    [[True], [False, True]]
    """
    if not 0 <= max_similarity <= 1:
        raise ValueError(f"max_similarity must be between 0 and 1, got {max_similarity}")
    before = list(seeds)
    named = f"{tokenize.__module__}.{tokenize.__qualname__}"
    asked = {"max_similarity": max_similarity, "seeds": before, "field": field, "tokenize": named}
    with shards.stage("filters", "novelty_shards", asked, pools) as run:
        if not run.finished:
            how = (run.folder, before, field, tokenize, float(max_similarity))
            with engines.opened(engine, workers=workers) as pool:
                for at in range(len(pools)):
                    engines.each(_decide, [(pools, at, *how)], engine=pool, about="")
                    later = [(pools, at, more, *how) for more in range(at + 1, len(pools))]
                    engines.each(_compare, later, engine=pool, about=f"shard {at + 1}")
            kept = [np.load(_left(run.folder, at, at + 1)) for at in range(len(pools))]
            _finish(run, pools, np.concatenate(kept), list(run.folder.glob("left-*")))
    return sorted(run.folder.glob("shard-*"))


def _sketch(
    path: str | Path, place: Path, words: int, fields: tuple[str, ...], seed: int, width: int
) -> None:
    """Write the shingles of a shard, and a key for each row and band."""
    if place.exists():
        return
    _, found, past = bands.sets(shards.read(path), fields, words)
    made = bands.digests(found, np.arange(len(found.starts) - 1), seed)
    keys = [bands.band_keys(made, at, width) for at in range(0, PERMUTATIONS, width)]
    with files.replacing(place) as part:
        part.mkdir()
        np.save(part / "same.npy", bands.wholes(found, past))
        np.save(part / "keys.npy", np.array(keys).reshape(len(keys), -1))
        for name, sets in (("", found), ("past-", past)):
            np.save(part / f"{name}hashes.npy", sets.hashes)
            np.save(part / f"{name}starts.npy", sets.starts)


def _pairs(places: list[Path], distinct: Path, band: int, limit: float, out: Path) -> None:
    """Write the pairs (p, 2) of rows that share a band and are more similar than the limit."""
    if out.exists():
        return
    rows = np.load(distinct)
    keys = _whole_column(places, "keys", band)[rows]
    order = np.argsort(keys, kind="stable")
    again = keys[order][1:] == keys[order][:-1]
    shared = np.append(again, False) | np.append(False, again)
    rows = np.sort(rows[order[shared]])
    found, past = (_sets(places, rows, name) for name in ("", "past-"))
    keys = _whole_column(places, "keys", band)[rows]
    order = np.argsort(keys, kind="stable")
    parent = np.arange(len(rows))
    bands.link(order, keys[order], found, past, limit, parent)
    top = bands.roots(parent)
    moved = np.flatnonzero(top != np.arange(len(rows)))
    shards.write(out, np.stack([rows[moved], rows[top[moved]]], axis=1))


def _sets(places: list[Path], rows: Ints, name: str) -> tuple[NDArray[np.uint64], Ints]:
    """Return the shingles of some rows of all shards, end to end, and where each row's start."""
    parts, starts, first, used = [], [np.zeros(1, dtype=np.int64)], 0, 0
    for place in places:
        own = np.load(place / f"{name}starts.npy")
        n = len(own) - 1
        here = rows[np.searchsorted(rows, first) : np.searchsorted(rows, first + n)] - first
        hashes = np.load(place / f"{name}hashes.npy", mmap_mode="r")
        gathered, offsets = bands.gather(hashes, own, here)
        parts.append(gathered)
        starts.append(offsets[1:].astype(np.int64) + used)
        first, used = first + n, used + len(gathered)
    return np.concatenate(parts), np.concatenate(starts)


def _whole_column(places: list[Path], name: str, band: int | None = None) -> NDArray[np.uint64]:
    parts = [np.load(place / f"{name}.npy", mmap_mode="r") for place in places]
    return np.concatenate([part if band is None else part[band] for part in parts])


def _decide(
    pools: shards.Shards,
    at: int,
    folder: Path,
    before: list[str],
    field: str,
    tokenize: Tokenizer,
    limit: float,
) -> None:
    """Decide what is left of a shard among itself; nothing that was kept before rejects it."""
    out = _left(folder, at, at + 1)
    if out.exists():
        return
    pool = shards.read(pools[at])
    left = np.load(_left(folder, at, at)) if at else np.ones(len(pool), dtype=bool)
    forced = [] if at else before
    shards.write(out, _still(pool, left, forced, field, tokenize, limit, grows=True))


def _compare(
    pools: shards.Shards,
    at: int,
    later: int,
    folder: Path,
    before: list[str],
    field: str,
    tokenize: Tokenizer,
    limit: float,
) -> None:
    """Reject of a later shard what is too close to what shard `at` kept."""
    out = _left(folder, later, at + 1)
    if out.exists():
        return
    kept = text.column(shards.read(pools[at]), field)[np.load(_left(folder, at, at + 1))]
    pool = shards.read(pools[later])
    left = np.load(_left(folder, later, at)) if at else np.ones(len(pool), dtype=bool)
    forced = [*([] if at else before), *kept]
    shards.write(out, _still(pool, left, forced, field, tokenize, limit, grows=False))


def _still(
    pool: pd.DataFrame,
    left: NDArray[np.bool_],
    forced: list[str],
    field: str,
    tokenize: Tokenizer,
    limit: float,
    *,
    grows: bool,
) -> NDArray[np.bool_]:
    tokens, _ = tokens_of(pool[left], forced, field, tokenize)
    rows = rouge.arrange(tokens.ids, tokens.starts)
    blocker, _ = rouge.greedy(rows, tokens.vocabulary, limit, len(forced), grows=grows)
    still = left.copy()
    still[left] = blocker[len(forced) :] < 0
    return still


def _left(folder: Path, shard: int, decided: int) -> Path:
    """Return the file of the rows of a shard that so many shards from the first do not reject."""
    return folder / f"left-{shard:06}-{decided:06}.npy"


def _ids(pools: shards.Shards) -> pd.Index:
    parts = [shards.index(path) for path in pools]
    return parts[0].append(parts[1:])


def _scores(best: shards.Shards | None) -> "pd.Series[float] | None":
    return None if best is None else pd.concat([shards.read(path).iloc[:, 0] for path in best])


def _finish(run: Run, pools: shards.Shards, keep: NDArray[np.bool_], used: list[Path]) -> None:
    """Write the mask of each shard, and remove what it was made from."""
    run.log(shards=len(pools), rows=len(keep), kept=int(keep.sum()))
    first = 0
    for at, path in enumerate(pools):
        index = shards.index(path)
        mask = text.flags(keep[first : first + len(index)], index)
        shards.write(run.folder / f"shard-{at:06}", mask)
        first += len(index)
    for path in used:
        files.remove(path)
