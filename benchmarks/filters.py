"""A pool of 100,000 rows through every filter that needs no model: rows a second, peak memory.

The pool is Alpaca's 52,002 rows and the same instructions with the next row's output. Each filter
runs in a process of its own, which loads the pool and compiles before the clock starts; the memory
is what the filter adds to it. The embedding for the filter by meaning is drawn at random (384
numbers a row), so that nothing falls and all pairs are compared.

    python benchmarks/filters.py [--quick]
"""

import argparse
import gzip
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pandas as pd
import psutil

from lab import filters, paths, records

COPIES = ["novelty", "no_near_duplicates", "semantic", "decontaminate", "decontaminate_semantic"]
RULES = [
    *("length", "language", "no_refusal", "no_apology", "no_first_person", "no_other_answers"),
    *(
        "no_leaked_prompt",
        "no_blacklisted",
        "no_bad_start",
        "content_words",
        "no_echo",
        "no_repetition",
    ),
    *("no_markup", "no_personal"),
]


def pool(rows: int) -> pd.DataFrame:
    """Return so many rows."""
    path = paths.shared() / "data" / "alpaca" / "alpaca_data.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        given = json.load(stream)
    later = [*given[1:], given[0]]
    mixed = [{**one, "output": two["output"]} for one, two in zip(given, later, strict=True)]
    return records.frame([*given, *mixed]).iloc[:rows]


def gsm8k() -> list[str]:
    """Return 1,319 questions to keep out."""
    path = paths.shared() / "data" / "gsm8k" / "test.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line)["question"] for line in stream]


def needs(name: str, rows: int) -> dict[str, Any]:
    """Return what a filter takes besides the pool."""
    draw = np.random.default_rng(0)
    given: dict[str, Any] = {"evaluation": gsm8k()} if name == "decontaminate" else {}
    if name.endswith("semantic"):
        given["X"] = draw.normal(size=(rows, 384)).astype(np.float32)
    if name == "decontaminate_semantic":
        given["evaluation_X"] = draw.normal(size=(1319, 384)).astype(np.float32)
    if name == "novelty":
        given["tokenize"] = filters.cjk_tokens
    return given


def cut(given: dict[str, Any], rows: int) -> dict[str, Any]:
    """Return the same for the first rows."""
    return {**given, "X": given["X"][:rows]} if "X" in given else given


def measure(name: str, rows: int) -> tuple[float, int, float]:
    """Return seconds, rejected rows and the peak of added memory in MB."""
    filter_ = getattr(filters, name)
    whole, given = pool(rows), needs(name, rows)
    filter_(whole.iloc[:50], **cut(given, 50))
    process = psutil.Process()
    before, peak, done = process.memory_info().rss, 0, Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, process.memory_info().rss)

    watcher = Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    keep = filter_(whole, **given)
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return seconds, int((~keep).sum()), max(peak - before, 0) / 2**20


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    rows = 10_000 if parser.parse_args().quick else 100_000
    lines = ["| filter | rejects | s | rows/s | added memory, MB |", "|---|---:|---:|---:|---:|"]
    total, most = 0.0, 0.0
    context = multiprocessing.get_context("spawn")
    for name in [*RULES, *COPIES]:
        with ProcessPoolExecutor(1, mp_context=context) as one:
            seconds, rejects, memory = one.submit(measure, name, rows).result()
        total, most = total + seconds, max(most, memory)
        lines.append(
            f"| {name} | {rejects:,} | {seconds:.2f} | {rows / seconds:,.0f} | {memory:,.0f} |"
        )
    lines.append(f"| all in turn | | {total:.1f} | {rows / total:,.0f} | {most:,.0f} |")
    lines = [f"{rows:,} rows through every filter that needs no model.", "", *lines]
    print("\n".join(lines))
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "filters.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
