"""Published figures beside ours, computed from the verdicts that were published with them.

`compare` looks for files in a folder laid out as `alpaca_eval/` and `judge/` (see each function)
and makes one row for each figure; further models, reviews or seeds that lie there are taken too.

Source: AlpacaEval's leaderboards (tatsu-lab/alpaca_eval); the Vicuna reviews and FairEval's human
verdicts (Wang et al. 2023, arXiv:2305.17926); Cherry LLM (arXiv:2308.12032); PandaLM
(arXiv:2306.05087); LLMBar (arXiv:2310.07641).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lab.errors import DataError
from lab.judge import leaderboard, length_control, published
from lab.judge import verdicts as tables
from lab.judge.published import files
from lab.judge.rates import mean_preference, win_rate
from lab.judge.reliability import agreement, krippendorff_alpha, majority

COLUMNS = ["source", "what", "published", "ours", "difference", "note"]
BOARDS = {
    "alpaca_eval_gpt4": "leaderboard_alpaca_eval_1.csv",
    "weighted_alpaca_eval_gpt4_turbo": "leaderboard_alpaca_eval_2.csv",
}
COUNTS = {"n_wins": "win", "n_wins_base": "lose", "n_draws": "tie"}
REVIEWS = {("gpt35", "vicuna-13b"): {"a": 44, "tie": 22, "b": 14}}
HUMAN = {"CHATGPT": "a", "VICUNA13B": "b", "TIE": "tie"}
CHERRY = {"gpt4": (44, 15, 21), "gpt3.5": (16, 58, 6)}  # win, tie, lose as published
PANDALM_KAPPA = {(1, 2): 0.85, (1, 3): 0.88, (2, 3): 0.86}
PANDALM_LABELS = {"tie": 105, "a": 422, "b": 472}
REPETITIONS = 200
TWO_TERMS = "lengths alone, no difficulties, no penalty"

Row = dict[str, Any]


def compare(folder: str | Path) -> pd.DataFrame:
    """Return one row per figure: `source`, `what`, `published`, `ours`, `difference`, `note`.

    `published` is missing where nobody printed the figure. Win rates are in percent.

    Raises
    ------
    ValueError
        If the folder holds none of the files.
    """
    place = Path(folder)
    parts = (annotations, matrix, annotator_seeds, vicuna, cherry, pandalm, llmbar)
    rows = [row for part in parts for row in part(place)]
    if not rows:
        raise ValueError(f"{place} holds no published verdicts in alpaca_eval/ or judge/")
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    table["published"] = table["published"].astype("float64")
    table["difference"] = table["ours"] - table["published"]
    return table.assign(note=table["note"].fillna(""))


def annotations(folder: Path) -> Iterator[Row]:
    """Win rates from `alpaca_eval/results/<model>/<annotator>/annotations.json[.gz]`."""
    for annotator, board in BOARDS.items():
        printed = _table(folder / "alpaca_eval" / board)
        for path in sorted(folder.glob(f"alpaca_eval/results/*/{annotator}/annotations.json*")):
            model = path.parent.parent.name
            verdicts = published.alpaca_eval(path)
            ours = _winning(verdicts)
            source = f"AlpacaEval {1 if annotator == 'alpaca_eval_gpt4' else 2}"
            for what, value in ours.items():
                known = _cell(printed, model, what)
                yield {
                    "source": source,
                    "what": f"{model}: {what}",
                    "published": known,
                    "ours": value,
                }
            yield from _controlled(verdicts, source, model, printed)
            if annotator == "weighted_alpaca_eval_gpt4_turbo":
                yield from _beside_board(folder / "alpaca_eval", verdicts, model, printed)


def matrix(folder: Path) -> Iterator[Row]:
    """Win rates, plain and length-controlled, from `alpaca_eval/pref_matrix.csv.gz`."""
    path = folder / "alpaca_eval" / "pref_matrix.csv.gz"
    printed = _table(folder / "alpaca_eval" / BOARDS["weighted_alpaca_eval_gpt4_turbo"])
    if not path.is_file() or printed is None:
        return
    preferences, lengths = read_matrix(path)
    models = [str(name) for name in preferences.columns]
    for model in models:
        yield {
            "source": "AlpacaEval 2, all models",
            "what": f"{model}: win_rate",
            "published": _cell(printed, model, "win_rate"),
            "ours": 100 * float(preferences[model].mean()),
        }
    board = read_board(folder / "alpaca_eval" / "length_control_weights.csv")
    names = [name for name in models if name in board.index]
    for model in names:
        others = [name for name in names if name != model]
        difficulty = leaderboard.difficulties(preferences[others], lengths[others], board)
        theirs = board.loc[[model]].iloc[0]
        with_theirs = 100 * leaderboard.rate(theirs, difficulty)
        shown: Row = {"source": "AlpacaEval 2, all models"}
        shown["published"] = _cell(printed, model, "length_controlled_winrate")
        yield shown | {
            "what": f"{model}: length_controlled_winrate, their coefficients",
            "ours": with_theirs,
            "note": "difficulties found from the other models' verdicts",
        }
        shown["what"] = f"{model}: length_controlled_winrate, our coefficients"
        yield shown | _placed(preferences[model], lengths[model], difficulty, board.loc[others])
        table = _as_verdicts(model, preferences[model], lengths[model])
        yield from _controlled(table, "AlpacaEval 2, all models", model, printed)


def annotator_seeds(folder: Path) -> Iterator[Row]:
    """How far one judge varies under several seeds: `alpaca_eval/annotator_seeds/*.json[.gz]`."""
    paths = sorted(folder.glob("alpaca_eval/annotator_seeds/*_seed*.json*"))
    if len(paths) < 2:
        return
    seeds = {path.name.split(".")[0]: published.annotator(path) for path in paths}
    rates = [win_rate(one, rule=mean_preference, repetitions=REPETITIONS) for one in seeds.values()]
    values = [100 * float(rate["win_rate"].iloc[0]) for rate in rates]
    labels = pd.DataFrame({name: one.set_index("prompt")["verdict"] for name, one in seeds.items()})
    between = agreement(labels, repetitions=REPETITIONS)
    source = "AlpacaEval, one judge under several seeds"
    for name, value in zip(seeds, values, strict=True):
        yield {"source": source, "what": f"{name}: win rate of output 2", "ours": value}
    figures = {
        "variance of the win rate between seeds": float(np.var(values, ddof=1)),
        "standard deviation of the win rate between seeds": float(np.std(values, ddof=1)),
        "agreement between two seeds, mean": 100 * float(between["agreement"].mean()),
        "kappa between two seeds, mean": float(between["kappa"].mean()),
        "alpha of all seeds": krippendorff_alpha(labels),
    }
    for what, value in figures.items():
        yield {"source": source, "what": what, "ours": value, "note": f"{len(labels)} pairs"}


def vicuna(folder: Path) -> Iterator[Row]:
    """Verdicts of reviewers against people: `judge/vicuna80/gpt4_reviews/<a>_vs_<b>.jsonl[.gz]`."""
    place = folder / "judge" / "vicuna80"
    for path in sorted(place.glob("gpt4_reviews/*_vs_*.jsonl*")):
        a, b = path.name.split(".jsonl")[0].split("_vs_")
        verdicts = published.vicuna_reviews(path, system=a, reference=b)
        source = f"Vicuna-80, {a} against {b}"
        judged = verdicts.set_index("prompt")["verdict"]
        human = place / f"human_{a}_vs_{b}.txt"
        printed = REVIEWS.get((a, b), {})
        counts = judged.value_counts()
        for side in ("a", "tie", "b"):
            row: Row = {"source": source, "what": f"reviews: {side}"}
            yield row | {"published": printed.get(side), "ours": int(counts.get(side, 0))}
        if human.is_file():
            lines = human.read_text(encoding="utf-8").split()
            people = pd.Series([HUMAN[line] for line in lines], index=judged.index)
            yield from _against_people(source, people, judged)


def cherry(folder: Path) -> Iterator[Row]:
    """Win, tie and lose from `judge/two_order_reviews/*_reviews_<judge>.json[.gz]`."""
    for path in sorted(folder.glob("judge/two_order_reviews/*_reviews_*.json*")):
        name, judge = path.name.split(".json")[0].split("_reviews_")
        verdicts = published.two_order_reviews(
            path, system="first", reference="second", judge=judge
        )
        rated = win_rate(verdicts, repetitions=REPETITIONS).iloc[0]
        printed = CHERRY.get(judge) if name.startswith("cherry_5pct_vs_alpaca_vicuna") else None
        for place, what in enumerate(("win", "tie", "lose")):
            yield {
                "source": f"Cherry LLM, {name}, {judge}",
                "what": what,
                "published": printed[place] if printed else None,
                "ours": int(rated[what]),
                "note": "nine_cell, scores of the second order swapped back",
            }


def pandalm(folder: Path) -> Iterator[Row]:
    """Verdicts against the majority of three people, from `judge/pandalm/`."""
    place = folder / "judge" / "pandalm"
    test = sorted(place.glob("testset-v1.json*"))
    judged = {
        path.name.split("-testset")[0]: path for path in sorted(place.glob("*-testset-v1.json*"))
    }
    if not test:
        return
    labels = published.pandalm(test[0], **judged)
    people = labels[[f"annotator{i}" for i in (1, 2, 3)]]
    truth = majority(people)
    for side, count in PANDALM_LABELS.items():
        number = int((truth == side).sum())
        yield {"source": "PandaLM", "what": f"people: {side}", "published": count, "ours": number}
    table = agreement(people, repetitions=REPETITIONS).set_index(["first", "second"])
    for (one, two), kappa in PANDALM_KAPPA.items():
        ours = _number(table.loc[(f"annotator{one}", f"annotator{two}"), "kappa"])
        what = f"kappa of annotators {one} and {two}"
        yield {"source": "PandaLM", "what": what, "published": kappa, "ours": ours}
    printed = {"gpt-3.5-turbo": 69.3, "pandalm-7b": 66.8}
    for name in judged:
        found = agreement(
            pd.DataFrame({"people": truth, name: labels[name]}), repetitions=REPETITIONS
        )
        same = 100 * _number(found["agreement_all"].iloc[0])
        decided = 100 * float(((truth == labels[name]) & (truth != "tie")).mean())
        note = f"{int(found['invalid'].iloc[0])} unreadable verdicts count as wrong"
        literal = name == "gpt-3.5-turbo"  # its file spells ties "Tie", the labels spell them 0
        first = {"source": "PandaLM", "what": f"{name}: agreement with people", "note": note}
        yield first | {"published": None if literal else printed.get(name), "ours": same}
        if literal:
            what = f"{name}: agreement with people, ties spelt 'Tie' not read as ties"
            yield first | {"what": what, "published": printed[name], "ours": decided}


def llmbar(folder: Path) -> Iterator[Row]:
    """Accuracy and agreement between orders, from `judge/llmbar_*/<judge>_result.json[.gz]`."""
    for path in sorted(folder.glob("judge/llmbar_*/*_result.json*")):
        judge = path.name.split("_result")[0]
        verdicts = published.llmbar(path, judge=judge)
        sides = verdicts.pivot_table(
            index="prompt", columns="first", values="verdict", aggfunc="first"
        )
        label = verdicts.groupby("prompt")["label"].first()
        right = sides.eq(label, axis=0)
        between = agreement(sides, repetitions=REPETITIONS).iloc[0]
        ours = {
            "correct_False": 100 * float(right["a"].mean()),
            "correct_True": 100 * float(right["b"].mean()),
            "correct_both": 100 * float(right.all(axis=1).mean()),
            "equal": 100 * float(between["agreement_all"]),
            "kappa_agreement": float(between["kappa"]),
        }
        statistics = path.with_name(f"{judge}_statistics.json")
        printed = json.loads(statistics.read_text(encoding="utf-8")) if statistics.is_file() else {}
        for what, value in ours.items():
            known: Any = printed.get(what)
            if isinstance(known, str):
                known = float(known.split("=")[-1].strip(" %"))
            yield {
                "source": f"LLMBar, {path.parent.name}, {judge}",
                "what": what,
                "published": known,
                "ours": value,
            }


def read_matrix(path: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read AlpacaEval preferences (0 to 1) and length differences as (prompts, models) frames."""
    rows = pd.read_csv(path)
    rows["p"] = rows["preference"].replace(0, 1.5) - 1
    rows["d"] = (rows["len_baseline"] - rows["len_model"]).astype("float64")
    made = [
        rows.pivot_table(values=name, index="instruction_index", columns="model")
        for name in ("p", "d")
    ]
    return made[0], made[1]


def read_board(path: str | Path) -> pd.DataFrame:
    """Read AlpacaEval's published coefficients as (models; phi, psi, theta)."""
    names = {"np.tanh(std_delta_len)": "phi", "instruction_difficulty": "psi"}
    names["not_gamed_baseline.astype(float)"] = "theta"
    return files.named(path).rename(columns=names)[leaderboard.COEFFICIENTS]


def _winning(verdicts: pd.DataFrame) -> dict[str, float]:
    rated = win_rate(verdicts, rule=mean_preference, repetitions=REPETITIONS).iloc[0]
    ours = {"win_rate": 100 * float(rated["win_rate"])}
    ours["standard_error"] = 100 * _number(verdicts["preference"].sem())
    return ours | {theirs: float(rated[name]) for theirs, name in COUNTS.items()}


def _controlled(
    verdicts: pd.DataFrame, source: str, model: str, printed: pd.DataFrame | None
) -> Iterator[Row]:
    found = length_control.length_controlled(verdicts, repetitions=REPETITIONS).iloc[0]
    note = f"refused: {found['note']}" if found["note"] else TWO_TERMS
    yield {
        "source": source,
        "what": f"{model}: length_controlled_winrate, two terms",
        "published": _cell(printed, model, "length_controlled_winrate"),
        "ours": 100 * float(found["lc_win_rate"]),
        "note": note,
    }


def _as_verdicts(model: str, preferences: "pd.Series[Any]", gaps: "pd.Series[Any]") -> pd.DataFrame:
    """Return a column of the matrix as verdicts; of lengths only differences are known."""
    known = preferences.dropna()
    return tables.table(
        {
            "prompt": str(prompt),
            "system": model,
            "judge": "matrix",
            "verdict": "tie" if p == 0.5 else "a" if p > 0.5 else "b",
            "preference": p,
            "length_a": max(-gaps[prompt], 0.0),
            "length_b": max(gaps[prompt], 0.0),
        }
        for prompt, p in known.items()
    )


def _beside_board(
    folder: Path, verdicts: pd.DataFrame, model: str, printed: pd.DataFrame | None
) -> Iterator[Row]:
    """Place a model that is not in the matrix beside those that are; its prompts in their order."""
    path = folder / "pref_matrix.csv.gz"
    if not path.is_file():
        return
    preferences, lengths = read_matrix(path)
    if model in preferences.columns:
        return
    board = read_board(folder / "length_control_weights.csv")
    names = [str(name) for name in preferences.columns if name in board.index]
    difficulty = leaderboard.difficulties(preferences[names], lengths[names], board)
    gap = verdicts["length_b"] - verdicts["length_a"]
    shown: Row = {"source": "AlpacaEval 2"}
    shown["published"] = _cell(printed, model, "length_controlled_winrate")
    shown["what"] = f"{model}: length_controlled_winrate, our coefficients"
    yield shown | _placed(verdicts["preference"], gap, difficulty, board.loc[names])


def _placed(
    preferences: "pd.Series[Any]",
    lengths: "pd.Series[Any]",
    difficulty: leaderboard.Floats,
    board: pd.DataFrame,
) -> Row:
    """Return our rate of a model beside the board, or why it has none: others keep theirs."""
    try:
        found = leaderboard.place(preferences, lengths, difficulty, board)
    except (ValueError, DataError) as error:
        return {"ours": np.nan, "note": f"refused: {error}"}
    note = "difficulties and pull found from the other models"
    return {"ours": 100 * leaderboard.rate(found, difficulty), "note": note}


def _against_people(
    source: str, people: "pd.Series[Any]", judged: "pd.Series[Any]"
) -> Iterator[Row]:
    found = agreement(pd.DataFrame({"people": people, "judge": judged}), repetitions=REPETITIONS)
    for side, count in {"a": 41, "b": 25, "tie": 14}.items():
        ours = int((people == side).sum())
        yield {"source": source, "what": f"people: {side}", "published": count, "ours": ours}
    same = int((people == judged).sum())
    yield {
        "source": source,
        "what": "reviews that agree with people",
        "published": 42,
        "ours": same,
    }
    for what in ("agreement", "tie_discounted", "kappa", "weighted_kappa"):
        yield {"source": source, "what": what, "ours": float(found[what].iloc[0])}


def _table(path: Path) -> pd.DataFrame | None:
    return files.named(path) if path.is_file() else None


def _cell(table: pd.DataFrame | None, model: str, column: str) -> float | None:
    if table is None or model not in table.index or column not in table:
        return None
    return _number(table.loc[model, column])


def _number(cell: Any) -> float:
    return float(cell)
