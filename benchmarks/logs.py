"""What the logs of other people's evaluations report, beside what our readers make of them.

    python benchmarks/logs.py [--folder FOLDER]

FOLDER is laid out as `data/` of the shared data is. Where a log keeps fewer items than it reports,
both numbers are shown, and no agreement is claimed.
"""

import argparse
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from statsmodels.stats.multitest import multipletests

from lab import paths
from lab.errors import DataError
from lab.judge.intervals import resampled_difference
from lab.judge.published import files, harnesses, items

RESULT = Path(__file__).parent / "results" / "logs.md"
TAU = {1: 0.420, 2: 0.273, 3: 0.220, 4: 0.200}  # pass^k in the README of tau-bench
Row = tuple[str, str, float, float, int, int]  # log, metric, reported, ours, items kept, of


def main() -> None:
    """Write the tables to `results/logs.md`, and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=paths.shared() / "data")
    logs = parser.parse_args().folder / "eval_logs"
    parts = (lm_eval(logs), inspect(logs), helm(logs), verifiers(logs), tau(logs), skythought(logs))
    rows = [row for part in parts for row in part]
    text = "\n\n".join(
        [
            "## Logs of other harnesses: what they report, and ours from their items",
            reported(rows),
            "### The same items, two runs",
            paired(logs),
            "### Five checkpoints on the same questions of MMLU",
            checkpoints(logs),
        ]
    )
    print(text)
    RESULT.write_text(text + "\n", encoding="utf-8")


def reported(rows: list[Row]) -> str:
    """Return the table of single figures."""
    lines = [
        "| log | metric | reported | ours | difference | items |",
        "|---|---|---:|---:|---:|---|",
    ]
    for log, metric, told, ours, kept, whole in rows:
        same = f"{abs(told - ours):.4f}" if kept >= whole else "items are missing"
        count = f"{kept:,}" if kept >= whole else f"{kept:,} of {whole:,}"
        lines.append(f"| {log} | {metric} | {told:.4f} | {ours:.4f} | {same} | {count} |")
    return "\n".join(lines)


def lm_eval(logs: Path) -> Iterator[Row]:
    """Yield what lm-evaluation-harness reports, and the means of its samples."""
    for path in sorted(logs.glob("lm_eval/*/*/results*.json")):
        told = harnesses.lm_eval_reported(path)
        ours = items.summary(harnesses.lm_eval(path.parent)).set_index(["task", "metric"])
        for row in told.itertuples():
            if (row.task, row.metric) in ours.index:
                one = ours.loc[(row.task, row.metric)]
                kept = int(one["items"])
                whole = kept if pd.isna(row.items) else int(row.items)
                name = f"lm-eval: {path.parent.parent.name}/{path.parent.name}"
                yield name, row.metric, row.value, one["mean"], kept, whole


def inspect(logs: Path) -> Iterator[Row]:
    """Yield what Inspect reports for scores of one number, and the means of its samples."""
    for path in sorted(logs.glob("inspect/*/*")):
        try:
            found = items.summary(harnesses.inspect(path)).set_index("metric")
        except DataError:
            continue  # it was not scored
        log = harnesses.inspect_log(path)
        count = int(log["results"]["completed_samples"])
        for score in log["results"]["scores"]:
            for name in {"accuracy", "mean"} & score["metrics"].keys():
                one = found.loc[score["name"]]
                told = score["metrics"][name]["value"]
                kept = max(int(one["items"]), len(log.get("samples") or []))
                yield f"Inspect: {path.name}", score["name"], told, one["mean"], kept, count


def helm(logs: Path) -> Iterator[Row]:
    """Yield HELM's exact match or F1, as it reports it and as the mean of its instances."""
    for folder in sorted(logs.glob("helm/*")):
        ours = items.summary(harnesses.helm(folder)).set_index("metric")
        for stat in files.objects(folder / "stats.json.gz"):
            name = stat["name"]
            metric = f"{name['name']},{name.get('split')}"
            wanted = name["name"] in {"exact_match", "f1_score"} and "perturbation" not in name
            if wanted and stat["count"] and metric in ours.index:
                one = ours.loc[metric]
                kept = int(one["items"])
                yield f"HELM: {folder.name}", metric, stat["mean"], one["mean"], kept, kept


def verifiers(logs: Path) -> Iterator[Row]:
    """Yield the mean reward of rollouts."""
    for path in sorted(logs.glob("verifiers/*/*/metadata.json")):
        told = json.loads(path.read_text())
        try:
            ours = items.summary(harnesses.verifiers(path.parent)).set_index("metric")
        except DataError:
            continue  # a dry run
        one, name = ours.loc["reward"], f"verifiers: {path.parent.parent.name}"
        yield (
            name,
            "reward",
            told["avg_reward"],
            one["mean"],
            int(one["items"]),
            told["num_examples"],
        )


def tau(logs: Path) -> Iterator[Row]:
    """Yield pass^k: the chance that k of an item's trials all succeed."""
    path = logs / "tau_bench" / "gpt-4o-airline_rewards.jsonl"
    fields = {"item": "task_id", "value": "reward", "draw": "trial"}
    found = harnesses.records(path, model="gpt-4o", task="airline", **fields)
    good = found["value"].eq(1).groupby(found["item"]).agg(["sum", "size"])
    for k, told in TAU.items():
        chance = [math.comb(won, k) / math.comb(tries, k) for won, tries in good.to_numpy()]
        yield (
            "tau-bench: gpt-4o",
            f"pass^{k}",
            told,
            sum(chance) / len(chance),
            len(good),
            len(good),
        )


def skythought(logs: Path) -> Iterator[Row]:
    """Yield the accuracy of each run of the Qwen2.5-Math harness that is reported."""
    place = logs / "skythought"
    found = harnesses.records(place / "scores.jsonl.gz", model="run", task="task", item="idx")
    ours = items.summary(found).set_index(["model", "task"])
    for told in files.objects(place / "metrics.jsonl"):
        if (told["run"], told["task"]) in ours.index:
            one = ours.loc[(told["run"], told["task"])]
            name = f"Qwen2.5-Math: {told['run']}"
            size = int(told["num_samples"])
            yield name, told["task"], told["acc"] / 100, one["mean"], int(one["items"]), size


def paired(logs: Path) -> str:
    """Return the differences between runs of Meditron3-8B on PubMedQA under several prompts."""
    place = logs / "lm_eval" / "meditron_pubmedqa"
    runs = {
        name: harnesses.lm_eval(place / name) for name in ("baseline", "schema_L1", "schema_L4")
    }
    lines = ["| first | second | difference | other verdict | other answer | items |"]
    lines.append("|---|---|---|---:|---:|---:|")
    for one, two in itertools.combinations(runs, 2):
        gap, counts = items.paired(runs[one], runs[two], metric="exact_match,strict-match")
        told = f"{counts['differ']} | {counts['other_answers']} | {counts['items']}"
        lines.append(f"| {one} | {two} | {gap} | {told} |")
    return "\n".join(lines)


def checkpoints(logs: Path) -> str:
    """Return the differences between all pairs, with p-values corrected by Holm's method."""
    path = logs / "mmlu_checkpoints" / "predictions.csv.gz"
    found = harnesses.predictions(path, gold="gold", item=["subject", "row"], task="mmlu")
    wide = found.pivot_table(index="item", columns="model", values="value")
    order = sorted(wide.columns, key=lambda name: int(name.rpartition("_")[2]))
    pairs = list(itertools.combinations(order, 2))
    gaps = [resampled_difference(wide[one], wide[two]) for one, two in pairs]
    raw = [min(1.0, 2 * min(gap.p_above(0.0), gap.p_below(0.0))) for gap in gaps]
    corrected = multipletests(raw, method="holm")[1]
    lines = [f"Accuracies: {', '.join(f'{name} {wide[name].mean():.4f}' for name in order)}.", ""]
    lines.append("| first | second | difference | p | p, Holm | other verdict |")
    lines.append("|---|---|---|---:|---:|---:|")
    for (one, two), gap, p, holm in zip(pairs, gaps, raw, corrected, strict=True):
        other = int((wide[one] != wide[two]).sum())
        lines.append(f"| {one} | {two} | {gap.interval(0.95)} | {p:.4f} | {holm:.4f} | {other:,} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
