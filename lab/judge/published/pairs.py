"""Read verdicts that others published, as the one table of verdicts.

Each reader takes the file as published, gzipped or not. In all of them a is the answer that the
file lists first, but for AlpacaEval, where a is the model and b the baseline.

Source: AlpacaEval (Dubois et al. 2024, arXiv:2404.04475); the Vicuna reviews and MT-bench (Zheng
et al. 2023, arXiv:2306.05685); Cherry LLM (Li et al. 2024, arXiv:2308.12032); PandaLM (Wang et al.
2024, arXiv:2306.05087); LLMBar (Zeng et al. 2024, arXiv:2310.07641).
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lab import hashing
from lab.errors import DataError
from lab.judge import parsed, prompting, verdicts
from lab.judge.published import files
from lab.llm import Completion

PANDALM = {"1": "a", "2": "b", "0": "tie", "tie": "tie"}
QUESTION = ("text", "prompt", "instruction", "Instruction", "conversations", "question")
REVIEW = ("review", "judgment", "content", "output", "text")  # `text` is the question beside one
LLMBAR = {"1": "a", "2": "b"}


def alpaca_eval(path: str | Path) -> pd.DataFrame:
    """Read an `annotations.json` of AlpacaEval 1 or 2; a is the model, b the baseline.

    `preference` is theirs less 1 (0 there is a tie); no answer of the judge is "invalid". Which
    answer was shown first is not in the file.
    """
    rows = []
    for row in files.objects(path):
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
    for row in files.objects(path):
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
    """Read reviews in one order, two scores for each question; a is the answer shown first.

    The review is in `review`, `judgment`, `content` or `output`, with the question in `text`, or in
    `text` itself; the scores in `score` or `scores`, as a list or its text. Where they are missing
    or were not found (-1), they are read from the review.
    """
    rows = []
    for number, row in enumerate(files.objects(path), start=1):
        review = str(files.take(row, *REVIEW, file=path, number=number))
        name = files.take(row, "question_id", "id", "idx", file=path, number=number)
        keys = {"prompt": str(name), "system": system, "reference": reference, "first": "a"}
        keys |= {"judge": str(row.get("reviewer_id") or "reviewer"), "reply": review}
        found = _scored(row.get("score", row.get("scores")), "a")
        if found["verdict"] == "invalid":
            found = prompting.columns(parsed.scores(Completion(review)), "a")
        rows.append(keys | found)
    return verdicts.table(rows)


def two_order_reviews(path: str | Path, *, system: str, reference: str, judge: str) -> pd.DataFrame:
    """Read reviews of both orders (Cherry LLM's form); a is `Answer1`.

    `scores` holds (Answer1, Answer2), `scores_reverse` (Answer2, Answer1): in the order shown.
    """
    rows = []
    for number, row in enumerate(_data(path)):
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
    for row in files.objects(path):
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


def llmbar(path: str | Path, *, judge: str, name: str | None = None) -> pd.DataFrame:
    """Read an LLMBar result, its last round; `label` is the better answer, "a" or "b".

    Files of judges that rate each answer by itself have one verdict a pair, by the two scores,
    with no order; equal scores are a tie, and scores that are no whole numbers invalid (their
    authors' own statistics count both as one win for each).

    Parameters
    ----------
    path : str or Path
        A `result.json`.
    judge : str
        Who judged.
    name : str, optional
        Of the set, such as "Natural" or "Neighbor", which prompts are known by; the folder's
        name if not given.
    """
    name = Path(path).resolve().parent.name if name is None else name
    rows: list[dict[str, Any]] = []
    for number, row in enumerate(files.objects(path), start=1):
        label = LLMBAR[str(files.take(row, "label", file=path, number=number))]
        results = files.take(row, "results", file=path, number=number)
        keys: dict[str, Any] = {"prompt": f"{name}-{number - 1:04}", "set": name}
        keys |= {"judge": judge, "label": label}
        keys |= {"system": "output_1", "reference": "output_2"}
        keys |= _sizes(row["output_1"], row["output_2"])
        rows += [keys | said for said in _llmbar_round(results[-1])]
    return verdicts.table(rows)


def _llmbar_round(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "score_1" in found:
        replies = [str(found[key][0]).strip() for key in ("score_1", "score_2")]
        if not all(reply.isdecimal() for reply in replies):
            return [{"verdict": "invalid", "reply": "\n".join(replies)}]
        rated = prompting.columns(parsed.by_scores(*map(float, replies)), "a")
        return [rated | {"reply": "\n".join(replies)}]
    return [
        {
            "first": first,
            "verdict": LLMBAR.get(str(found[key]["winner"]), "invalid"),
            "reply": str(found[key]["completion"][0]),
        }
        for first, key in (("a", "swap = False"), ("b", "swap = True"))
    ]


def pandalm(test_set: str | Path, **judged: str | Path) -> pd.DataFrame:
    """Read PandaLM's test set with its three annotators, and files of verdicts, as labels.

    Returns
    -------
    DataFrame of str (items, raters)
        "a", "b", "tie", or "invalid": `annotator1` to `annotator3`, then one column for each name
        in `judged`.
    """
    people = pd.DataFrame(list(files.objects(test_set))).set_index("idx")
    labels = people[[name for name in people if str(name).startswith("annotator")]].map(_pandalm)
    for name, path in judged.items():
        found = pd.DataFrame(list(files.objects(path))).set_index("idx")
        column = next(key for key in found if str(key).endswith("_result"))
        labels[name] = found[column].map(_pandalm).reindex(labels.index)
    return labels


def _pandalm(value: object) -> str:
    return PANDALM.get(str(value).strip().lower(), "invalid")


def _data(path: str | Path) -> list[dict[str, Any]]:
    found = files.document(path).get("data")
    if not isinstance(found, list):
        raise DataError("must be an object with a list under 'data'", file=path)
    if found and "scores" not in found[0]:
        raise DataError("holds answers, but no scores", file=path, field="data")
    return found


def _scored(scores: object, first: str) -> dict[str, Any]:
    """Turn two scores, a list or its text, in the order shown, into columns."""
    pair = _list(scores) if isinstance(scores, str) else scores
    if not isinstance(pair, list) or len(pair) != 2:
        return {"verdict": "invalid"}
    try:
        pair = [float(score) for score in pair]
    except (TypeError, ValueError):
        return {"verdict": "invalid"}
    if min(pair) < 0:
        return {"verdict": "invalid"}
    return prompting.columns(parsed.by_scores(pair[0], pair[1]), first)


def _list(text: str) -> object:
    try:
        return json.loads(text.replace("'", '"'))
    except json.JSONDecodeError:
        return None


def _side(preference: float) -> str:
    return "tie" if preference == 0.5 else "a" if preference > 0.5 else "b"


def _sizes(a: str, b: str) -> dict[str, float]:
    return {"length_a": float(len(a)), "length_b": float(len(b))}
