"""Which coverage measure predicts the tuned model? Subsets of one size, each tuned over seeds.

On the testbed: subsets chosen in different ways from one pool, from very narrow to very broad, each
tuned with several seeds and asked held-out prompts. For every measure: Spearman's correlation with
accuracy over the subsets, with a 95 % interval that draws subsets and seeds anew.

Tuned subsets are recorded as runs, so a stopped study goes on where it was.

    python benchmarks/measures.py [--quick]
"""

import argparse
import tempfile
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from lab import coverage, embed, models, paths, records, runs, select, testbed, tune

DRAWS = 2_000  # of the bootstrap


def subsets(pool: pd.DataFrame, X: np.ndarray, k: int, count: int) -> dict[str, np.ndarray]:
    """Return `count` subsets of `k` rows, by positions."""
    made: dict[str, np.ndarray] = {}
    near = coverage.neighbours(X, k=20)
    dense = coverage.density(near)
    families = pool["family"].to_numpy()
    rating = testbed.rating(pool, noise=0.5, seed=0).to_numpy()
    graph = (near.indices, near.similarities())
    ways = {
        "k-center": partial(select.kcenter, X, k),
        "k-center from the middle": partial(select.kcenter, X, k, start=[select.medoid(X)]),
        "facility": partial(select.facility, X, k, graph=graph),
        "k-means": partial(select.kmeans, X, k),
        "novelsum": partial(select.novelsum, X, dense, k),
        "dpp": partial(select.dpp, X, k),
        "longest": partial(select.longest, pool["output"].tolist(), k),
        "top rating": partial(select.top, rating, k),
        "deita": partial(select.deita, X, rating, k, max_similarity=0.98),
        "mmr": partial(select.mmr, X, rating / 5, k),
        "stratified": partial(select.stratified, families.tolist(), k, temperature=1e6),
        "stratified, 3": partial(select.stratified, families.tolist(), k, temperature=3.0),
    }
    for name, way in ways.items():
        picked = way().indices
        if len(picked) == k:
            made[name] = picked
    rng = np.random.default_rng(0)
    names = np.unique(families)
    while len(made) < count:
        number = len(made)
        if number % 3 == 0:
            made[f"random {number}"] = select.random(len(pool), k, seed=number).indices
            continue
        wide = int(rng.integers(4, len(names)))  # rows of some families only
        inside = np.flatnonzero(np.isin(families, rng.choice(names, wide, replace=False)))
        if len(inside) >= k:
            made[f"{wide} families, {number}"] = rng.permutation(inside)[:k]
    return dict(list(made.items())[-count:] if count < len(ways) else made.items())


def measures(pool: pd.DataFrame, X: np.ndarray, rows: np.ndarray, limit: float) -> dict[str, float]:
    """Return every measure of one subset; radius and distance negated, so that more is more."""
    near = coverage.neighbours(X, k=20)
    labels = pd.factorize(pool["family"])[0]
    return {
        "radius (minus)": -coverage.radius(X, rows),
        "mean distance (minus)": -coverage.mean_distance(X, rows),
        "recall at a radius": coverage.recall(X, rows, max_distance=limit),
        "facility value": coverage.facility_value(X, rows),
        "Vendi score": coverage.vendi(X[rows]),
        "NovelSum": coverage.novelsum(X, coverage.density(near), rows),
        "entropy of true families": coverage.cluster_entropy(labels, rows),
        "true families": float(pool["family"].iloc[rows].nunique()),
        "true quality, mean": float(pool["quality"].iloc[rows].mean()),
        "output words, mean": float(pool["output"].iloc[rows].str.split().str.len().mean()),
    }


def accuracy(pool: pd.DataFrame, rows: np.ndarray, prompts: pd.DataFrame, seed: int) -> float:
    """Return the share of prompts that a model tuned on `rows` answers exactly; recorded."""
    subset = pool.iloc[np.sort(rows)]
    recipe = replace(tune.presets.testbed, seed=seed)
    params = {"recipe": recipe.params(), "model": models.identity(recipe.model)}
    inputs = [records.fingerprint(subset), records.fingerprint(prompts)]
    done = runs.find("ablate", "measures", params, inputs)
    if done is None:
        with (
            runs.start("ablate", "measures", params, inputs) as done,
            tempfile.TemporaryDirectory() as folder,
        ):
            answers = tune.generate(tune.sft(subset, recipe, folder), prompts, max_new_tokens=48)
            done.log(accuracy=float(testbed.exact(prompts, answers).mean()))
    return float(done.numbers["accuracy"])


def interval(values: np.ndarray, scores: np.ndarray) -> tuple[float, float, float]:
    """Return Spearman's correlation of a measure (m,) with scores (m, seeds), and its interval."""
    rng = np.random.default_rng(0)
    point = float(spearmanr(values, scores.mean(axis=1)).statistic)
    drawn = []
    for _ in range(DRAWS):
        rows = rng.integers(len(values), size=len(values))
        seeds = rng.integers(scores.shape[1], size=scores.shape[1])
        if np.ptp(values[rows]) > 0:
            drawn.append(spearmanr(values[rows], scores[rows][:, seeds].mean(axis=1)).statistic)
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return point, float(low), float(high)


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="12 subsets, one seed")
    quick = parser.parse_args().quick
    count, seeds, n, k = (12, 1, 2_000, 300) if quick else (40, 3, 4_000, 500)
    pool = testbed.pool(n, noise=0.1, tail=1.0, seed=0)
    prompts = testbed.prompts(300 if quick else 600, split="held_out", seed=1)
    X = embed.hidden(embed.texts(pool), model=testbed.base_model()).vectors.to_numpy()
    limit = float(np.quantile(coverage.neighbours(X, k=5).distances[:, -1], 0.5))
    chosen = subsets(pool, X, k, count)
    table = pd.DataFrame({name: measures(pool, X, rows, limit) for name, rows in chosen.items()}).T
    scores = np.empty((len(chosen), seeds))
    for place, (name, rows) in enumerate(chosen.items()):
        scores[place] = [accuracy(pool, rows, prompts, seed) for seed in range(seeds)]
        print(f"{name}: {scores[place].mean():.3f}", flush=True)
    means = scores.mean(axis=1)
    about = (
        f"{len(chosen)} subsets of {k} of {n:,} rows, {seeds} seeds each; accuracy on "
        f"{len(prompts)} held-out prompts from {means.min():.2f} to {means.max():.2f}. "
        "Vectors: hidden states of the base model."
    )
    lines = ["### Which coverage measure predicts the tuned model (testbed)", "", about, ""]
    lines += ["| measure | Spearman | 95 % interval |", "|---|---:|---|"]
    found = {name: interval(table[name].to_numpy(), scores) for name in table}
    for name, (point, low, high) in sorted(found.items(), key=lambda item: -item[1][0]):
        lines.append(f"| {name} | {point:.2f} | {low:.2f} to {high:.2f} |")
    lines += ["", "| subset | accuracy | families |", "|---|---:|---:|"]
    for place in np.argsort(-means):
        name = table.index[place]
        families = int(table["true families"].iloc[place])
        lines.append(f"| {name} | {means[place]:.3f} | {families} |")
    text = "\n".join(lines) + "\n"
    print(text)
    if not quick:
        folder = paths.benchmark_results()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "measures.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
