"""Novelty by ROUGE-L: all instructions of Alpaca, beside `rouge_score` in Self-Instruct's loop.

The peer compares each instruction with every one kept before, one pair a call, in one process. It
runs on the first rows of a small pool with planted copies, where its decisions must be ours; its
time for all of Alpaca is scaled by the number of pairs. How our time and memory grow is measured on
real sentences and neighbouring pairs of them, each size in a process of its own.

    python benchmarks/novelty.py [--quick]
"""

import argparse
import gzip
import json
import multiprocessing
import random
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rouge_score import rouge_scorer

from lab import files, filters, paths

LIMIT = 0.7
END = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s+|\n+")
HANZI = re.compile("[\u4e00-\u9fff]")


class Cutter:
    """What `rouge_score` takes as a tokenizer."""

    tokenize = staticmethod(filters.cjk_tokens)


def alpaca() -> list[dict[str, str]]:
    """Return the 52,002 rows."""
    path = paths.shared() / "data" / "alpaca" / "alpaca_data.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows: list[dict[str, str]] = json.load(stream)
    return rows


def frame(texts: list[str]) -> pd.DataFrame:
    """Return a pool of instructions."""
    return pd.DataFrame({"instruction": pd.Series(texts, dtype="str")})


def sentences() -> list[str]:
    """Return a million texts: distinct real sentences and neighbouring pairs of them, shuffled."""
    seen = dict.fromkeys(row["instruction"] for row in alpaca())
    for text in texts():
        seen.update(dict.fromkeys(part for part in END.split(text) if part.count(" ") > 2))
    single = list(seen)
    pairs = [f"{one} {two}" for one, two in pairwise(single)]
    both = (single + pairs)[:1_000_000]
    random.Random(0).shuffle(both)
    return both


def texts() -> Iterator[str]:
    """Yield Alpaca's answers, then all other texts at hand."""
    for row in alpaca():
        yield row["output"]
    for path in sorted(paths.shared().rglob("*.gz")):
        if "alpaca_data" not in path.name:
            with gzip.open(path, "rt", encoding="utf-8", errors="replace") as stream:
                yield plain(stream.read())


def plain(text: str) -> str:
    """Return a file's text without its tags and escapes."""
    return re.sub(r"<[^>]+>", " ", text.replace("\\n", "\n").replace('\\"', '"'))


def copies(given: list[str], count: int, *, seed: int) -> list[str]:
    """Return texts of at least eight words, each with one word changed."""
    draw = random.Random(seed)
    made = []
    for text in draw.sample([text for text in given if len(text.split()) >= 8], count):
        words = text.split()
        words[draw.randrange(len(words))] = f"changed{draw.randrange(10**6)}"
        made.append(" ".join(words))
    return made


def peer(given: list[str]) -> list[bool]:
    """Keep by Self-Instruct's loop."""
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    kept: list[str] = []
    keep = []
    for text in given:
        scores = [scorer.score(text, other)["rougeL"].fmeasure for other in kept]
        keep.append(max(scores, default=0.0) <= LIMIT)
        if keep[-1]:
            kept.append(text)
    return keep


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of a call, and what it returned."""
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


def grown(size: int) -> tuple[float, int, float]:
    """Return seconds, rejected rows and GB of peak memory for so many sentences."""
    filters.novelty(frame(["one", "two words"]))
    rows = frame(sentences()[:size])
    seconds, keep = timed(lambda: filters.novelty(rows, tokenize=filters.cjk_tokens))
    peak = files.peak_memory_mb() / 2**10
    return seconds, int((~keep).sum()), peak


def difference(left: list[str], right: list[str], scorer: rouge_scorer.RougeScorer) -> float:
    """Return the largest difference of F between the peer and us over pairs."""
    theirs = [scorer.score(a, b)["rougeL"].fmeasure for a, b in zip(left, right, strict=True)]
    chinese = scorer._tokenizer.__class__ is Cutter  # noqa: SLF001 - it has no public name
    tokenize = filters.cjk_tokens if chinese else filters.rouge_tokens
    return float(np.abs(filters.rouge_l(left, right, tokenize=tokenize) - theirs).max())


def equal_values() -> list[str]:
    """Return how far F is from the peer's on 300 random pairs in English and in Chinese."""
    draw = random.Random(1)
    english = [row["output"] for row in alpaca()]
    chinese = [text for text in sentences() if len(HANZI.findall(text)) > 4]
    lines = []
    for name, pool, cutter in (("English", english, None), ("Chinese", chinese, Cutter())):
        left, right = draw.choices(pool, k=300), draw.choices(pool, k=300)
        scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False, tokenizer=cutter)
        apart = difference(left, right, scorer)
        if apart > 1e-12:
            raise SystemExit(f"{name}: F differs by {apart}")
        lines.append(f"300 random pairs, {name} ({len(pool):,} texts): F differs by {apart:.0e}.")
    return lines


def compare(given: list[str], *, peer_rows: int) -> list[str]:
    """Return the lines of the table; raise if a decision differs or a planted copy is missed."""
    small = given[:peer_rows]
    small = [*small, *copies(small, peer_rows // 5, seed=0)]
    random.Random(0).shuffle(small)
    spent, theirs = timed(lambda: peer(small))
    ours = filters.novelty(frame(small)).tolist()
    if ours != theirs:
        raise SystemExit("the decisions differ from those of rouge_score")
    pairs = sum(sum(theirs[:row]) for row in range(len(small)))
    whole = spent / pairs * len(given) * (len(given) - 1) / 2
    filters.novelty(frame(given[:100]))
    everything = frame(given)
    seconds, keep = min((timed(lambda: filters.novelty(everything)) for _ in range(3)), key=first)
    planted = copies(given, 1000, seed=1)
    found = ~filters.novelty(frame([*given, *planted]))[len(given) :]
    if not found.all() or not keep.all():
        raise SystemExit(f"{int(found.sum())} of 1000 copies found, {int((~keep).sum())} rejected")
    head = (
        f"Decisions on {len(small)} rows with planted copies are equal, {theirs.count(False)} of "
        f"them rejections. Of all {len(given):,} instructions none is rejected, and of 1,000 "
        "copies with one word changed all are found."
    )
    peer_line = f"rouge_score's loop ({pairs:,} pairs, scaled) | {len(given):,} | {whole:,.0f}"
    return [
        head,
        "",
        "| how | rows | s | times ours |",
        "|---|---:|---:|---:|",
        f"| ours, tokens included (mark: 2 s) | {len(given):,} | {seconds:.2f} | 1 |",
        f"| {peer_line} | {whole / seconds:,.0f} |",
    ]


def first(pair: tuple[float, Any]) -> float:
    """Return the first of two."""
    return pair[0]


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    quick = parser.parse_args().quick
    lines = compare([row["instruction"] for row in alpaca()], peer_rows=200 if quick else 800)
    lines += [
        "",
        *equal_values(),
        "",
        "Real sentences and pairs of them (mark: a million in 300 s):",
    ]
    lines += ["", "| rows | s | rejected | peak memory, GB |", "|---:|---:|---:|---:|"]
    context = multiprocessing.get_context("spawn")
    for size in (10_000, 100_000) if quick else (10_000, 100_000, 300_000, 1_000_000):
        with ProcessPoolExecutor(1, mp_context=context) as one:
            seconds, rejected, peak = one.submit(grown, size).result()
        lines.append(f"| {size:,} | {seconds:.1f} | {rejected:,} | {peak:.1f} |")
    print("\n".join(lines))
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "novelty.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
