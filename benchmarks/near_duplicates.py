"""Near-duplicates over whole examples, beside datasketch in the usual loop.

The peer makes one MinHash of 128 permutations per document, updates it shingle by shingle, and asks
and fills an LSH index, on the first rows only. Ours runs from texts to groups: shingles, sketches,
bands, exact similarities. On a part of the pool its groups are checked against all pairs.

    python benchmarks/near_duplicates.py [--quick]
"""

import argparse
import gzip
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasketch import MinHash, MinHashLSH
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from lab import filters, paths, records
from lab.filters.shingles import joined, shingles

LIMIT, WORDS, PERMUTATIONS = 0.7, 3, 128
FIELDS = ("instruction", "input", "output")


def alpaca() -> pd.DataFrame:
    """Return the 52,002 rows as a pool."""
    path = paths.shared() / "data" / "alpaca" / "alpaca_data.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return records.frame(json.load(stream))


def with_copies(pool: pd.DataFrame, count: int) -> tuple[pd.DataFrame, pd.Index]:
    """Return the pool with near-copies of long rows, two words of thirty or more changed."""
    draw = random.Random(0)
    long = pool[pool["output"].str.split().str.len() >= 40]
    rows = []
    for key in draw.sample(list(long.index), count):
        words = long.loc[key, "output"].split()
        for _ in range(2):
            words[draw.randrange(len(words))] = f"changed{draw.randrange(10**6)}"
        row = {name: long.loc[key, name] for name in ("instruction", "input")}
        rows.append({**row, "output": " ".join(words)})
    made = records.frame(rows)
    return pd.concat([pool, made]), made.index


def exact(pool: pd.DataFrame) -> np.ndarray:
    """Return a group per row, by the similarity of all pairs."""
    found = shingles(joined(pool, FIELDS), words=WORDS)
    _, column = np.unique(found.hashes, return_inverse=True)
    table = csr_matrix((np.ones(len(column)), column, found.starts))
    shared = (table @ table.T).tocoo()
    sizes = np.diff(found.starts)
    share = shared.data / (sizes[shared.row] + sizes[shared.col] - shared.data)
    close = share > LIMIT
    links = csr_matrix((share[close], (shared.row[close], shared.col[close])), shape=shared.shape)
    groups: np.ndarray = connected_components(links, directed=False)[1]
    return groups


def peer(texts: list[str]) -> int:
    """Sketch, ask and fill, one document at a time; return the candidates found."""
    index, found = MinHashLSH(threshold=LIMIT, num_perm=PERMUTATIONS), 0
    for row, text in enumerate(texts):
        sketch, words = MinHash(num_perm=PERMUTATIONS), text.lower().split()
        for at in range(max(1, len(words) - WORDS + 1)):
            sketch.update(" ".join(words[at : at + WORDS]).encode("utf-8"))
        found += len(index.query(sketch)) > 0
        index.insert(str(row), sketch)
    return found


def timed(call: Callable[[], Any]) -> float:
    """Return the seconds of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def groups(pool: pd.DataFrame) -> "pd.Series[str]":
    """Return for each row the id of the one that stays of its group."""
    found = filters.copies_by_shingles(pool, max_similarity=LIMIT, words=WORDS, fields=FIELDS)
    stays = pool.index.to_series()
    stays.update(found.closest()["nearest"])
    return stays


def check(pool: pd.DataFrame, planted: pd.Index) -> str:
    """Return what was compared with all pairs; stop if a group differs or a copy is missed."""
    part = pd.concat([pool.loc[planted], pool.drop(planted).sample(4000, random_state=0)])
    kept = groups(part)
    theirs = pd.Series(exact(part), index=part.index)
    same = kept.groupby(theirs).nunique().max() == 1 and kept.nunique() == theirs.nunique()
    whole = groups(pool)
    sizes = whole.groupby(whole).size()
    missed = int((sizes[whole[planted]] < 2).sum())
    if not same or missed:
        raise SystemExit(f"groups equal: {same}; planted copies missed: {missed}")
    return (
        f"Groups of {len(part):,} rows are those of all pairs; all {len(planted):,} planted copies "
        f"are found; of Alpaca's own rows {len(pool) - len(planted) - int((sizes > 0).sum()):+,} "
        "fall (copies may lead their group)."
    )


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows for the peer")
    quick = parser.parse_args().quick
    pool, planted = with_copies(alpaca(), 1000)
    note = check(pool, planted)  # compiles too
    ours = min(timed(lambda: filters.no_near_duplicates(pool, fields=FIELDS)) for _ in range(3))
    texts = joined(pool, FIELDS).tolist()[: 500 if quick else 5000]
    theirs = timed(lambda: peer(texts))
    rate, peer_rate = len(pool) / ours, len(texts) / theirs
    ours_line = f"ours, text to groups (mark: 100,000/s) | {len(pool):,} | {ours:.2f}"
    peer_line = f"datasketch loop | {len(texts):,} | {theirs:.2f}"
    lines = [
        note,
        "",
        "| how | documents | s | documents/s | times slower |",
        "|---|---:|---:|---:|---:|",
        f"| {ours_line} | {rate:,.0f} | 1 |",
        f"| {peer_line} | {peer_rate:,.0f} | {rate / peer_rate:,.0f} |",
    ]
    print("\n".join(lines))
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "near_duplicates.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
