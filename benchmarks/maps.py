"""The map as a picture: names placed, ground under them, room used, and how good the names are.

Names of clusters are held against the testbed's true families, beside plain c-TF-IDF (as BERTopic
weighs words, scikit-learn's English stop words left out).

    python benchmarks/maps.py
"""

import time
from collections import Counter

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer

from lab import coverage, embed, load, paths, testbed, texts
from lab.coverage import canvas, placement

SIZE = (920.0, 620.0)
ALPACA = "alpaca/alpaca_data.json.gz"
SEEDS = 3


def plain_names(rows: "pd.Series[str]", labels: "pd.Series[int]") -> "pd.Series[str]":
    """Return the three words of each cluster that plain c-TF-IDF weighs most."""
    joined = rows.groupby(labels).agg(" ".join).drop(-1, errors="ignore")
    reader = CountVectorizer(stop_words="english")
    counts = reader.fit_transform(joined).toarray()
    share = counts / counts.sum(axis=1, keepdims=True)
    weight = share * np.log1p(counts.sum() / len(joined) / counts.sum(axis=0))
    words = reader.get_feature_names_out()
    best = np.argsort(-weight, axis=1)[:, :3]
    return pd.Series([", ".join(words[row]) for row in best], index=joined.index)


def vocabulary(pool: pd.DataFrame) -> dict[str, set[str]]:
    """Return, for each family, the words of its instructions that are mostly its own."""
    counted = {
        family: Counter(word for text in rows for word in set(texts.terms(text)))
        for family, rows in pool.groupby("family")["instruction"]
    }
    everywhere = sum(counted.values(), Counter[str]())
    return {
        family: {word for word, n in words.items() if n > 0.5 * everywhere[word]}
        for family, words in counted.items()
    }


def quality(names: "pd.Series[str]", pool: pd.DataFrame, labels: "pd.Series[int]") -> list[float]:
    """Return the share of names with a word of their family, and of words in two names or more."""
    own = vocabulary(pool)
    main = pool["family"].groupby(labels).agg(lambda rows: rows.mode()[0])
    said = {label: {word.strip() for word in name.split(",")} for label, name in names.items()}
    hits = [bool(words & own[main[label]]) for label, words in said.items()]
    used = Counter(word for words in said.values() for word in words)
    return [float(np.mean(hits)), float(np.mean([used[w] > 1 for ws in said.values() for w in ws]))]


def on_the_testbed() -> pd.DataFrame:
    """Measure names over a few pools, ours beside the plain ones."""
    rows = []
    for seed in range(SEEDS):
        pool = testbed.pool(1500, tail=1.0, seed=seed)
        labels = coverage.clusters(embed.lexical(pool["instruction"], dimensions=64, seed=seed))
        for name, make in (("ours", coverage.names), ("plain c-TF-IDF", plain_names)):
            rows.append([name, *quality(make(pool["instruction"], labels), pool, labels)])
    columns = ["names", "with a word of the family", "words used twice"]
    return pd.DataFrame(rows, columns=columns).groupby("names").mean()


def placed(places: pd.DataFrame, labels: "pd.Series[int]", names: "pd.Series[str]") -> list[object]:
    """Place names, and measure the picture: time, overlaps, points under names, room."""
    fitted = canvas.fit(places, width=SIZE[0], height=SIZE[1])
    start = time.process_time()
    put = placement.place_names(fitted.xy, labels.to_numpy(), names.to_dict(), canvas=SIZE)
    seconds = time.process_time() - start
    x, y, w, h = (put[name].to_numpy()[:, None] for name in ("x", "y", "width", "height"))
    apart = (np.abs(x - x.T) * 2 >= w + w.T) | (np.abs(y - y.T) * 2 >= h + h.T)
    overlaps = int((~apart).sum() - len(put)) // 2
    under = np.zeros(len(fitted.xy), bool)
    for row in put.itertuples():
        near = np.abs(fitted.xy - [row.x, row.y]) < np.array([row.width, row.height]) / 2
        under |= near.all(axis=1)
    room = max(fitted.used())
    return [len(names), len(put), overlaps, float(under.mean()), room, 1e3 * seconds]


def table(rows: pd.DataFrame) -> list[str]:
    """Return a table as lines of Markdown."""
    lines = ["| | " + " | ".join(map(str, rows.columns)) + " |"]
    lines.append("| --- |" + " ---: |" * len(rows.columns))
    for name, row in rows.iterrows():
        lines.append(f"| {name} | " + " | ".join(f"{value:,.3g}" for value in row) + " |")
    return [*lines, ""]


def main() -> None:
    """Print the tables, and keep them."""
    lines = ["### Names of clusters, against the testbed's families", "", *table(on_the_testbed())]
    file = paths.shared() / "data" / ALPACA
    pools = {"testbed": testbed.pool(1500, tail=1.0, seed=0)}
    if file.exists():
        pools["Alpaca"] = load.alpaca(file).pool
    rows = {}
    for name, pool in pools.items():
        X = embed.lexical(embed.texts(pool), dimensions=64)
        places = coverage.project(X)
        labels = coverage.clusters(places, min_size=max(5, len(pool) // 500))
        names = coverage.names(pool["instruction"], labels)
        placed(places, labels, names)  # compiled by now
        rows[f"{name}, {len(pool):,} rows"] = placed(places, labels, names)
    columns = ["clusters", "names placed", "overlaps", "points under names", "room used", "CPU ms"]
    lines += ["### The map as a picture, 920 by 620", ""]
    lines += table(pd.DataFrame(rows, index=columns).T)
    text = "\n".join(lines)
    print(text)
    (paths.benchmark_results() / "maps.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
