"""Pools larger than memory: synthetic rows on disk through every stage, shard by shard.

Rows are written as Parquet, 100,000 a shard: instructions of the testbed with random words of its
vocabulary, answers of 5 to 60 words, some of them empty, refused or copied. Each size runs in a
process of its own, after all stages ran on a few rows: seconds of the processor and
of the clock (longer where others work on the machine), and the most memory that the process had
held by the end of each stage.

    python benchmarks/scale.py [--rows 100000 1000000] [--workers N] [--peer] [--quick]

Another size adds its lines to those that are there. `--peer` runs near-duplicates beside datatrove,
which needs an xxhash below 4 and so is in no extra.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", TQDM_DISABLE="1")

import numpy as np
import pandas as pd

from lab import (
    embed,
    engine,
    files,
    filters,
    hashing,
    paths,
    records,
    runs,
    score,
    select,
    shards,
    testbed,
)

SHARD, DIMENSIONS, PICKS = 100_000, 32, 1_000
PARTS = ("instruction",)  # what is embedded
COMPARED = 1_000_000  # rows that are read and compared with each other, at most
BY = {
    "length": partial(filters.length, min_words=2),
    "language": filters.language,
    "no_refusal": filters.no_refusal,
    "no_markup": filters.no_markup,
}
RESULT = Path(__file__).parent / "results" / "scale.md"
HEAD = ["rows", "workers", "stage", "CPU s", "s", "peak memory, MB", "found"]


@cache
def seeds() -> pd.DataFrame:
    """Return exchanges of the testbed."""
    return testbed.pool(500, seed=0)


def make(number: int, rows: int) -> pd.DataFrame:
    """Return a shard of the synthetic pool; its number is its seed."""
    rng = np.random.default_rng(number)
    seed = seeds()
    words = sorted({word for text in seed["output"] for word in text.split()})
    given = seed["instruction"].to_numpy()[rng.integers(len(seed), size=rows)].tolist()
    drawn = np.array(words, dtype=object)[rng.integers(len(words), size=(rows, 66))].tolist()
    lengths = (6 + rng.integers(5, 61, size=rows)).tolist()
    kinds = rng.random(rows).tolist()
    made: list[tuple[str, str]] = []
    for ask, picked, length, kind in zip(given, drawn, lengths, kinds, strict=True):
        if kind < 0.01:
            told = ""
        elif kind < 0.03:
            told = "I am sorry, but I cannot help with that."
        elif kind < 0.08 and made:
            made.append((made[-1][0], f"{made[-1][1]} {picked[0]}"))
            continue
        else:
            told = " ".join(picked[6:length]) + "."
        made.append((f"{ask} Mind {' '.join(picked[:6])}.", told))
    ids = [hashing.example_id([], ask, "", told) for ask, told in made]
    table = pd.DataFrame(made, columns=["instruction", "output"], index=pd.Index(ids, name="id"))
    table = table.assign(input="", source="testbed", parent=None, recipe=None)
    return table.assign(history=[[] for _ in range(rows)])[~table.index.duplicated()]


def spent_cpu() -> float:
    """Return the seconds of the processor of this process and of those that it waited for."""
    return sum(os.times()[:4])


def peak_mb(workers: int) -> int:
    """Return the most memory held here, and, where there are others, of the largest in each."""
    if workers == 1:
        return files.peak_memory_mb()
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 2**10
    return files.peak_memory_mb() + workers * largest


def put(path: Path, number: int, rows: int) -> None:
    """Write a shard of the synthetic pool."""
    if not path.exists():
        records.write_parquet(make(number, rows), path)


def stages(rows: int, folder: Path, workers: int) -> list[list[Any]]:
    """Run every stage over so many rows, and return a line for each."""
    lines: list[list[Any]] = []
    over = partial(shards.over, workers=workers)

    def timed(name: str, call: Callable[[], Any], found: Callable[[Any], str]) -> Any:
        cpu, clock = spent_cpu(), time.perf_counter()
        result = call()
        spent = (spent_cpu() - cpu, time.perf_counter() - clock)
        numbers = (round(spent[0], 2), round(spent[1], 2), peak_mb(workers))
        lines.append([rows, workers, name, *numbers, found(result)])
        print(json.dumps(lines[-1]), file=sys.stderr, flush=True)
        return result

    size = min(SHARD, max(rows // 5, 1))  # five shards at least
    raw = [folder / "raw" / f"part-{at:05}.parquet" for at in range(rows // size)]
    calls = [(path, at, size) for at, path in enumerate(raw)]
    engine.each(put, calls, workers=workers)
    pools = raw
    if rows <= COMPARED:
        pools = timed("load", partial(shards.cut, folder / "raw", rows=size, workers=1), _rows)
    choose = partial(filters.first_rejection, by=BY)
    told = timed("filters", partial(over, "filters", choose, pools), _rows)
    kept = timed("keep", partial(over, "filters", filters.passing, pools, told), _rows)
    if rows <= COMPARED:
        timed("score.length", partial(over, "score", score.length, kept), _rows)
    sample = embed.texts(records.read_parquet(kept[0]), parts=PARTS).iloc[:50_000]
    fit = partial(embed.lexical_table, sample, dimensions=DIMENSIONS)
    table = timed("vectors, fit", fit, lambda _: f"{DIMENSIONS} columns")
    by = partial(embed.vectors_of, by=partial(embed.static, model=table), parts=PARTS)
    vectors = timed("vectors", partial(over, "embed", by, kept), _rows)
    for method in (select.kcenter_shards, select.kcenter_two_rounds):
        pick = partial(method, vectors, PICKS, workers=workers)
        timed(method.__name__, pick, _radius)
    if rows <= COMPARED:
        for compare in (filters.no_near_duplicates_shards, filters.novelty_shards):
            timed(compare.__name__, partial(compare, kept, workers=1), _kept)
    return lines


def beside_datatrove(rows: int) -> str:
    """Remove near-duplicates of the same rows with both, one process each in turn; return lines.

    Both make 128 hashes of runs of three words and 32 bands; ours compares what shares a band, the
    peer takes it for equal. It reads its texts from memory and cuts them by one regular expression,
    which is faster than its own tokenizers; ours reads Parquet.
    """
    import re
    from types import SimpleNamespace

    import datatrove.pipeline.dedup.minhash as peer
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from loguru import logger

    logger.remove()
    folder = paths.data()
    parts = [make(at, rows // 5) for at in range(5)]
    pools = [
        records.write_parquet(part, folder / f"part-{at}.parquet") for at, part in enumerate(parts)
    ]
    how = {"max_similarity": 0.7, "fields": ("instruction", "output"), "workers": 1}
    filters.no_near_duplicates_shards(pools[:1], **how)  # compiles
    cpu = time.process_time()
    told = filters.no_near_duplicates_shards(pools, **how)
    ours = time.process_time() - cpu
    pool = pd.concat(parts)
    texts = (pool["instruction"] + "\n" + pool["output"]).to_dict()
    peer.load_word_tokenizer = lambda _: SimpleNamespace(word_tokenize=re.compile(r"\w+").findall)
    config = peer.MinhashConfig(n_grams=3, num_buckets=32, hashes_per_bucket=4)
    sketches, buckets, removed = (str(folder / name) for name in ("sketches", "buckets", "removed"))
    kept: list[str] = []

    def read(data: Any = None, rank: int = 0, world_size: int = 1) -> Any:
        del data, rank, world_size
        return (Document(text=of, id=key) for key, of in texts.items())

    def keep(data: Any, rank: int = 0, world_size: int = 1) -> Any:
        del rank, world_size
        for document in data:
            kept.append(document.id)
            yield document

    cpu = time.process_time()
    for at, (steps, tasks) in enumerate(
        [
            ([read, peer.MinhashDedupSignature(sketches, config)], 1),
            ([peer.MinhashDedupBuckets(sketches, buckets, config=config)], 32),
            ([peer.MinhashDedupCluster(buckets, removed, config=config)], 1),
            ([read, peer.MinhashDedupFilter(removed), keep], 1),
        ]
    ):
        LocalPipelineExecutor(
            steps, tasks=tasks, workers=1, logging_dir=str(folder / f"{at}")
        ).run()
    theirs = time.process_time() - cpu
    lines = [
        (
            f"Near-duplicates of {rows:,} synthetic rows, one process; the peer is datatrove"
            f" {metadata.version('datatrove')}."
        ),
        "",
        "| how | CPU s | rows/CPU s | times slower | kept |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, taken, left in (
        ("`filters.no_near_duplicates_shards`", ours, _kept(told)),
        ("datatrove, MinHash, four stages", theirs, f"{len(kept):,} kept"),
    ):
        lines.append(
            f"| {name} | {taken:.1f} | {rows / taken:,.0f} | {taken / ours:.1f} | {left} |"
        )
    return "\n".join([*lines, ""])


def _radius(few: select.Selection) -> str:
    table = runs.frame("select")
    rounds = int(table.get("rounds", pd.Series(2)).iloc[-1]) if "shards" in few.method else 2
    return f"{len(few):,} picks in {rounds} rounds, radius {few.trace[-1]:.4f}"


def _gb(made: list[Path]) -> str:
    return f"{sum(path.stat().st_size for path in made) / 2**30:.2f} GB"


def _rows(made: list[Path]) -> str:
    return f"{sum(shards.sizes(made)):,} rows, {_gb(made)}"


def _kept(told: list[Path]) -> str:
    return f"{sum(int(shards.read(path)['keep'].sum()) for path in told):,} kept"


def measure(rows: int, workers: int) -> list[list[Any]]:
    """Run one size in a process of its own, in a folder that goes away."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("WINNOW_SCRATCH")) as folder:
        command = [sys.executable, __file__, "--one", str(rows), "--workers", str(workers)]
        here = {"WINNOW_DATA": folder, "PYTHONPATH": str(paths.root())}
        done = subprocess.run(
            command, env={**os.environ, **here}, check=True, stdout=subprocess.PIPE, text=True
        )
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def written() -> list[list[Any]]:
    """Return the lines that are there."""
    if not RESULT.exists():
        return []
    cells = [line.split(" | ") for line in RESULT.read_text().splitlines() if line.startswith("| ")]
    rows = [[cell.strip("| ") for cell in line] for line in cells[1:] if "---" not in line[0]]
    return [[*map(_number, row[:2]), row[2], *map(_number, row[3:6]), row[6]] for row in rows]


def _number(text: str) -> float:
    return float(text.replace(",", "")) if "." in text else int(text.replace(",", ""))


def text(lines: list[list[Any]]) -> str:
    """Return the table as Markdown."""
    about = (
        f"Synthetic rows through all stages, {SHARD:,} rows a shard (a fifth of smaller pools),"
        f" vectors of the instruction in {DIMENSIONS} columns; filters: {', '.join(BY)}."
    )
    made = ["| " + " | ".join(HEAD) + " |", "|---:|---:|---|---:|---:|---:|---|"]
    for rows, workers, stage, cpu, clock, peak, found in lines:
        numbers = f"{cpu:,.2f} | {clock:,.2f} | {peak:,}"
        made.append(f"| {rows:,} | {workers} | {stage} | {numbers} | {found} |")
    return "\n".join([about, "", *made, ""])


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--quick", action="store_true", help="5,000 rows, nothing is kept")
    parser.add_argument("--peer", action="store_true", help="near-duplicates beside datatrove")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        stages(2_000, paths.data() / "first", 1)  # compiles, and loads what is loaded once
        print(json.dumps(stages(given.one, paths.data() / "rows", given.workers)))
        return
    if given.peer:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["WINNOW_DATA"] = folder
            table = beside_datatrove(5_000 if given.quick else 100_000)
        print(table)
        if not given.quick:
            RESULT.with_name("scale-peer.md").write_text(table, encoding="utf-8")
        return
    sizes = [5_000] if given.quick else given.rows
    lines = [] if given.quick else [line for line in written() if line[0] not in sizes]
    for rows in sizes:
        lines += measure(rows, given.workers)
    lines.sort(key=lambda line: line[0])
    print(text(lines))
    if not given.quick:
        RESULT.write_text(text(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
