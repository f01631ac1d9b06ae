"""Where our rules decide otherwise than published runs did, class by class, each with an example.

    python benchmarks/replay.py

Self-Instruct's rules and novelty on the raw runs of alpaca-libre (v1, v2, v3), row by row against
their published statuses; the elimination of Evol-Instruct on three published generations of tasks
about code. Rows are named by their line in the file, from 1. A class is told by what can be
checked: which rule, and what gives the similarity that they wrote down, to three digits. That is
the largest F to any other row of one session, later ones and refused ones included; where one
session ends and the next begins is found from these numbers.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lab import filters, paths, synth
from lab.filters import rouge
from lab.filters.tokens import encode
from lab.synth.self_instruct import wrong_instance, wrong_tasks

RAW = "self_instruct/alpaca_libre_raw/alpaca_libre_tasks_v{}.jsonl.gz"
GENERATIONS = ("gen0_converted_alpaca_2k", "gen1_evol-codealpaca-2k-1", "gen2_evol-codealpaca-2k-2")
LIMIT, DIGITS = 0.7, 5e-4
FOUND, COARSE = 0.99, 50  # share of similarities found again that is enough; rows between two tries
UNEXPLAINED = "not explained"
HEAD = ["| run | theirs | ours | what it is | rows | example |", "|" + " --- |" * 6]


@dataclass(frozen=True)
class Raw:
    """A raw run: its rows with their lines, and what is said of lines that are no rows."""

    rows: pd.DataFrame  # line, status, similarity and the three texts
    broken: list[int]


def read(folder: Path, version: int) -> Raw:
    """Read a raw run of alpaca-libre."""
    rows, broken = [], []
    with gzip.open(folder / RAW.format(version), "rt", encoding="utf-8") as file:
        for line, text in enumerate(file.read().split("\n"), 1):
            try:
                row = json.loads(text)
            except ValueError:
                broken += [line] if text else []
                continue
            more = row.pop("other", None) or {}
            rows.append({"similarity": more.get("similarity"), **row, "line": line})
    return Raw(pd.DataFrame(rows), broken)


def replayed(folder: Path, version: int) -> pd.DataFrame:
    """Return what was decided of each row, by them and by us, and what a disagreement is."""
    raw = read(folder, version)
    rows = raw.rows
    tasks = rows["instruction"].tolist()
    ours = wrong_tasks(tasks, "en", words=filters.ALPACA_WORDS)
    pool, near = filters.Growing(), [""] * len(tasks)
    for at, task in enumerate(tasks):
        if not ours[at] and (found := pool.offer(task)) is not None:
            ours[at], near[at] = "not novel", found
        elif not ours[at]:
            instance = {"input": rows["input"][at], "output": rows["output"][at].strip()}
            ours[at] = wrong_instance(instance) if not instance["output"] else "kept"
    table = rows.assign(ours=ours, near=near)
    found = pd.Series("", index=table.index)
    for at, what in _explained(table):
        found[at] = what
    broken = pd.DataFrame({"line": raw.broken, "status": "", "ours": "refused", "instruction": ""})
    table = pd.concat([table.assign(what=found), broken.assign(what="the line is cut: no JSON")])
    return table.assign(run=f"alpaca-libre v{version}")


def _explained(table: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Yield the rows on which decisions differ, and why."""
    names = {"ok": "kept", "too similar": "not novel", "too short": "length of the instruction"}
    names |= {"blacklist": "asks for more than text", "empty": "no output"}
    starts = ("asks for a program", "starts with no letter")
    measures = pairwise(table["instruction"].tolist())
    session, largest = sessions(measures, table)
    for at, (status, ours) in enumerate(zip(table["status"], table["ours"], strict=True)):
        if names.get(status) == ours or (status == "bad start" and ours in starts):
            continue
        if status == "error":
            yield at, "their parser failed, and wrote the word ERROR as the task"
        elif "length" in ours:
            yield at, "breaks two rules: too long, and a listed word; we look at length first"
        elif ours == "no output":
            yield at, "the output is empty, which they do not look at here"
        elif ours == "not novel":
            near = table["instruction"].tolist().index(table["near"][at])
            if measures[at, near] < LIMIT + DIGITS:
                yield at, "F is 0.7 but for rounding: they round to three digits"
            else:
                other = session[near] != session[at]
                yield at, "close to a row of another session" if other else UNEXPLAINED
        elif abs(largest[at] - table["similarity"][at]) <= DIGITS:
            yield at, "first of its kind: they refuse all that are close to one another"
        else:
            yield at, UNEXPLAINED


def pairwise(tasks: list[str]) -> "np.ndarray[Any, Any]":
    """Return ROUGE-L F of all pairs of tasks; that of a task with itself is -1."""
    tokens = encode(tasks, filters.rouge_tokens)
    rows = rouge.arrange(tokens.ids, tokens.starts)
    left, right = np.triu_indices(len(tasks), 1)
    measures = np.full((len(tasks), len(tasks)), -1.0)
    measures[left, right] = rouge.pairs(rows, tokens.vocabulary, left, right)
    return np.maximum(measures, measures.T)


def sessions(
    measures: "np.ndarray[Any, Any]", table: pd.DataFrame
) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """Return the session of each row, and its largest F to another row of its session."""
    wrote = table["similarity"].to_numpy(dtype=float)
    known = table["status"].isin(["ok", "too similar"]).to_numpy()
    places = np.arange(len(table))

    def at(cuts: list[int]) -> "tuple[float, np.ndarray[Any, Any], np.ndarray[Any, Any]]":
        block = np.searchsorted(sorted(cuts), places, side="right")
        inside = np.where(block[:, None] == block[None, :], measures, -1.0).max(axis=1)
        return float((np.abs(inside - wrote) <= DIGITS)[known].mean()), block, inside

    cuts: list[int] = []
    while at(cuts)[0] < FOUND:
        coarse = max(range(COARSE, len(table), COARSE), key=lambda cut: at([*cuts, cut])[0])
        near = range(coarse - COARSE, min(coarse + COARSE, len(table)))
        best = max(near, key=lambda cut: at([*cuts, cut])[0])
        if at([*cuts, best])[0] <= at(cuts)[0]:
            break
        cuts.append(best)
    return at(cuts)[1], at(cuts)[2]


def elimination(folder: Path) -> pd.DataFrame:
    """Return the rows of the generations of code that show a sign of failure; theirs kept all."""
    found = []
    for name in GENERATIONS:
        with gzip.open(folder / "evol_code" / f"{name}.json.gz", "rt", encoding="utf-8") as file:
            rows = pd.DataFrame(json.load(file))
        signs = synth.eliminated(rows, [""] * len(rows), equal=[False] * len(rows))
        apology = rows["output"].str.lower().str.contains(r"\b(?:i'm|i am|we are) sorry\b")
        empty = rows["output"].str.strip() == ""
        table = rows.assign(
            run=name.partition("_")[0], status="kept", ours=signs, line=rows.index + 1
        )
        table["what"] = np.where(apology, "the answer is an apology", "the word sorry, in code")
        table.loc[empty, ["ours", "what"]] = ["kept", "the answer is empty, which no sign names"]
        found.append(table[(table["ours"] != "") | empty].assign(of=len(rows)))
    return pd.concat(found, ignore_index=True)


def lines(table: pd.DataFrame) -> list[str]:
    """Return a line for each class: how many rows, and the first of them."""
    made = []
    apart = table[table["what"] != ""]
    for found, rows in apart.groupby(["run", "status", "ours", "what"], sort=False):
        text = " ".join(str(rows["instruction"].iloc[0]).split())[:60].replace("|", "/")
        example = f"line {rows['line'].iloc[0]:.0f}: {text}"
        made.append(f"| {' | '.join(map(str, found))} | {len(rows)} | {example} |")
    return made


def main() -> None:
    """Replay, print, and write the table beside the others."""
    folder, made, sums = paths.shared() / "data", [*HEAD], []
    for version in (1, 2, 3):
        table = replayed(folder, version)
        made += lines(table)
        apart = int((table["what"] != "").sum())
        sums.append(f"v{version}: {len(table) - apart:,} of {len(table):,} lines decided alike")
    made += lines(elimination(folder))
    text = "\n".join([f"Published runs replayed; {'; '.join(sums)}.", "", *made])
    print(text)
    target = paths.benchmark_results()
    target.mkdir(parents=True, exist_ok=True)
    (target / "replay.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
