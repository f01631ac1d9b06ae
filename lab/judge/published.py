"""Read verdicts that others published, as the one table of verdicts.

Each reader takes the file as published, gzipped or not. In all of them a is the answer that the
file lists first, but for AlpacaEval, where a is the model and b the baseline.

Source: AlpacaEval (Dubois et al. 2024, arXiv:2404.04475); the Vicuna reviews and MT-bench (Zheng
et al. 2023, arXiv:2306.05685); Cherry LLM (Li et al. 2024, arXiv:2308.12032); PandaLM (Wang et al.
2024, arXiv:2306.05087); LLMBar (Zeng et al. 2024, arXiv:2310.07641).
"""

import gzip
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lab import hashing
from lab.errors import DataError
from lab.judge import parsed, prompting, verdicts
from lab.load import rows as files

PANDALM = {"1": "a", "2": "b", "0": "tie", "tie": "tie"}
QUESTION = ("text", "prompt", "instruction", "Instruction", "conversations", "question")
LLMBAR = {"1": "a", "2": "b"}


def alpaca_eval(path: str | Path) -> pd.DataFrame:
    """Read an `annotations.json` of AlpacaEval 1 or 2; a is the model, b the baseline.

    `preference` is theirs less 1 (0 there is a tie); no answer of the judge is "invalid". Which
    answer was shown first is not in the file.
    """
    rows = []
    for row in _objects(path):
        said = row["preference"]
        missing = said is None or (isinstance(said, float) and math.isnan(said))
        preference = math.nan if missing else (0.5 if said == 0 else float(said) - 1)
        rows.append(
            {
                "prompt": hashing.example_id([], row["instruction"], row.get("input") or "", ""),
                "system": row["generator_2"],
                "reference": row["generator_1"],
                "judge": row["annotator"],
                "verdict": "invalid" if missing else _side(preference),
                "preference": preference,
                "cost_usd": row.get("price_per_example"),
                **_sizes(row["output_2"], row["output_1"]),
            }
        )
    return verdicts.table(rows)


def annotator(path: str | Path) -> pd.DataFrame:
    """Read verdicts on pairs whose writers are not named (AlpacaEval's annotator configs).

    a is `output_2`, b `output_1`; a pair is known by its texts.
    """
    rows = []
    for row in _objects(path):
        texts = [row["instruction"], row.get("input") or "", row["output_1"], row["output_2"]]
        preference = math.nan if row["preference"] is None else float(row["preference"]) - 1
        if preference == -1:
            preference = 0.5
        said: dict[str, Any] = {"preference": preference}
        said["verdict"] = "invalid" if math.isnan(preference) else _side(preference)
        keys = {"prompt": hashing.digest(texts, digits=16), "judge": row["annotator"]}
        keys |= {"system": "output_2", "reference": "output_1"}
        rows.append(keys | said | _sizes(row["output_2"], row["output_1"]))
    return verdicts.table(rows)


def vicuna_reviews(path: str | Path, *, system: str, reference: str) -> pd.DataFrame:
    """Read a review file of the Vicuna evaluation: two scores for each question, in one order."""
    rows = []
    for row in _objects(path):
        keys = {"prompt": str(row["question_id"]), "system": system, "reference": reference}
        keys |= {"judge": row.get("reviewer_id") or "reviewer", "first": "a", "reply": row["text"]}
        rows.append(keys | _scored(row["score"], "a"))
    return verdicts.table(rows)


def two_order_reviews(path: str | Path, *, system: str, reference: str, judge: str) -> pd.DataFrame:
    """Read reviews of both orders (Cherry LLM's form); a is `Answer1`.

    `scores` holds (Answer1, Answer2), `scores_reverse` (Answer2, Answer1): in the order shown.
    """
    rows = []
    for number, row in enumerate(_document(path)["data"]):
        text = next((row[name] for name in QUESTION if name in row), "")
        keys: dict[str, Any] = {
            "prompt": f"{number:04}",
            "system": system,
            "reference": reference,
            "judge": judge,
        }
        keys |= {"question": text, **_sizes(row["Answer1"], row["Answer2"])}
        for first, scores, review in (
            ("a", "scores", "review"),
            ("b", "scores_reverse", "review_reverse"),
        ):
            shown = {"first": first, "reply": row.get(review)}
            rows.append(keys | shown | _scored(row[scores], first))
    return verdicts.table(rows)


def mt_bench_pairs(path: str | Path) -> pd.DataFrame:
    """Read pairwise judgments of MT-bench (FastChat's form), `turn` beside them; a is `model_1`."""
    rows = []
    for row in _objects(path):
        winners = {row["model_1"]: "a", row["model_2"]: "b", "model_1": "a", "model_2": "b"}
        winners |= {"tie": "tie"}
        turn = int(row.get("turn", 1))
        keys = {"prompt": f"{row['question_id']}-{turn}", "turn": turn}
        keys |= {"system": row["model_1"], "reference": row["model_2"]}
        judge = row.get("judge", "judge")
        keys |= {"judge": str(judge[0] if isinstance(judge, list) else judge)}
        for first, game in (("a", "g1"), ("b", "g2")):
            said = {"verdict": winners.get(str(row[f"{game}_winner"]), "invalid")}
            rows.append(keys | said | {"first": first, "reply": row.get(f"{game}_judgment")})
    return verdicts.table(rows)


def llmbar(path: str | Path, *, judge: str) -> pd.DataFrame:
    """Read an LLMBar result, its last round; `label` is the better answer, "a" or "b"."""
    rows = []
    for number, row in enumerate(_objects(path)):
        keys: dict[str, Any] = {
            "prompt": f"{number:04}",
            "judge": judge,
            "label": LLMBAR[str(row["label"])],
        }
        keys |= {"system": "output_1", "reference": "output_2"}
        keys |= _sizes(row["output_1"], row["output_2"])
        for first, name in (("a", "swap = False"), ("b", "swap = True")):
            found = row["results"][-1][name]
            said = {"verdict": LLMBAR.get(str(found["winner"]), "invalid")}
            rows.append(keys | said | {"first": first, "reply": str(found["completion"][0])})
    return verdicts.table(rows)


def pandalm(test_set: str | Path, **judged: str | Path) -> pd.DataFrame:
    """Read PandaLM's test set with its three annotators, and files of verdicts, as labels.

    Returns
    -------
    DataFrame of str (items, raters)
        "a", "b", "tie", or "invalid": `annotator1` to `annotator3`, then one column for each name
        in `judged`.
    """
    people = pd.DataFrame(list(_objects(test_set))).set_index("idx")
    labels = people[[name for name in people if str(name).startswith("annotator")]].map(_pandalm)
    for name, path in judged.items():
        found = pd.DataFrame(list(_objects(path))).set_index("idx")
        column = next(key for key in found if str(key).endswith("_result"))
        labels[name] = found[column].map(_pandalm).reindex(labels.index)
    return labels


def _pandalm(value: object) -> str:
    return PANDALM.get(str(value).strip().lower(), "invalid")


def _objects(path: str | Path) -> list[Mapping[str, Any]]:
    rows = list(files.read(path))
    for row in rows:
        if row.reason or not isinstance(row.value, Mapping):
            raise DataError("is no object", file=path, row=row.number, value=row.raw)
    return [row.value for row in rows]


def _document(path: str | Path) -> dict[str, Any]:
    place = Path(path)
    raw = place.read_bytes()
    text = gzip.decompress(raw) if place.suffix == ".gz" else raw
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("data"), list):
        raise DataError("must be an object with a list under 'data'", file=path)
    return found


def _scored(scores: object, first: str) -> dict[str, Any]:
    """Turn two scores, a list or its text, in the order shown, into columns."""
    pair = json.loads(scores) if isinstance(scores, str) else scores
    if not isinstance(pair, list) or len(pair) != 2 or min(pair) < 0:
        return {"verdict": "invalid"}
    return prompting.columns(parsed.by_scores(float(pair[0]), float(pair[1])), first)


def _side(preference: float) -> str:
    return "tie" if preference == 0.5 else "a" if preference > 0.5 else "b"


def _sizes(a: str, b: str) -> dict[str, float]:
    return {"length_a": float(len(a)), "length_b": float(len(b))}
