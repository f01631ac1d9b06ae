"""LTD's method on the testbed: what k-center from cluster centres covers, budget by budget.

Chen et al. 2023 (arXiv:2305.09246) pick a coreset from clustered sentence vectors. Here: covering
radius, and how many true task families are reached, for k-center from k-means centres and from
agglomerative centres beside random, the longest answers and the best-rated ones. Each seed draws
another long-tailed pool; intervals are 95 %, by Student's t over seeds.

    python benchmarks/ltd.py [--quick]
"""

import argparse

import numpy as np
import pandas as pd
from scipy import stats

from lab import coverage, embed, paths, select, testbed

BUDGETS = [20, 50, 100, 200]
CENTRES = 20
ROWS = 2_000


def picks(pool: pd.DataFrame, X: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return the picks of every method at the largest budget, in order."""
    k = max(BUDGETS)
    rating = testbed.rating(pool, noise=0.5, seed=seed).to_numpy()
    means = select.centres(X, CENTRES, seed=seed)
    wards = select.agglomerative_centres(X, CENTRES)
    return {
        "k-center from k-means": select.kcenter(X, k, start=means).indices,
        "k-center from agglomerative": select.kcenter(X, k, start=wards).indices,
        "k-center from a random row": select.kcenter(X, k, seed=seed).indices,
        "random": select.random(len(pool), k, seed=seed).indices,
        "longest": select.longest(pool["output"].tolist(), k).indices,
        "top rating": select.top(rating, k).indices,
    }


def one_seed(seed: int) -> pd.DataFrame:
    """Return one row per method and budget: radius and families reached."""
    pool = testbed.pool(ROWS, noise=0.2, tail=1.0, seed=seed)
    X = embed.hidden(embed.texts(pool), model=testbed.base_model()).vectors.to_numpy()
    rows = []
    for method, order in picks(pool, X, seed).items():
        for k in BUDGETS:
            radius = coverage.radius(X, order[:k])
            families = pool["family"].iloc[order[:k]].nunique() / pool["family"].nunique()
            rows.append({"method": method, "k": k, "radius": radius, "families": families})
    return pd.DataFrame(rows).assign(seed=seed)


def cell(values: pd.Series) -> str:
    """Return a mean with its interval."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std() / np.sqrt(len(values))
    return f"{values.mean():.3f} ± {half:.3f}"


def main() -> None:
    """Print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="three seeds")
    quick = parser.parse_args().quick
    seeds = 3 if quick else 10
    table = pd.concat([one_seed(seed) for seed in range(seeds)])
    lines = [
        "### LTD's method on the testbed",
        "",
        f"{ROWS:,} rows, {CENTRES} cluster centres, {seeds} seeds; the base model's hidden states.",
    ]
    titles = {"radius": "Covering radius (lower covers more)", "families": "Share of families"}
    for measure, title in titles.items():
        lines += ["", f"{title}:", "", "| method | " + " | ".join(map(str, BUDGETS)) + " |"]
        lines.append("|---" * (len(BUDGETS) + 1) + "|")
        shown = table.groupby(["method", "k"], sort=False)[measure].apply(cell).unstack()  # noqa: PD010
        for method, row in shown.iterrows():
            lines.append(f"| {method} | " + " | ".join(row) + " |")
    text = "\n".join(lines) + "\n"
    print(text)
    if not quick:
        folder = paths.benchmark_results()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ltd.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
