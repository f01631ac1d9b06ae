"""Sets of prompts that systems are compared on, as pools.

Each reader takes the file as its authors publish it (JSON Lines or JSON, gzipped or not) and gives
a pool whose `output` is the reference answer, "" if there is none, with columns `set`, `number`
(the authors' own id) and what else they say of a prompt. A prompt that stands twice in a file
stays once, and its `repeated` counts what was left out.

Source: Vicuna-80 and MT-bench-80 (Zheng et al. 2023, arXiv:2306.05685), Koala-180 (Geng et al.
2023), WizardLM-218 (Xu et al. 2023, arXiv:2304.12244), Self-Instruct-252 (Wang et al. 2022,
arXiv:2212.10560), LIMA-300 (Zhou et al. 2023, arXiv:2305.11206), FLASK (Ye et al. 2023,
arXiv:2307.10928). The first four together are the 730 prompts of AlpacaGasus
(arXiv:2307.08701).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lab import records
from lab.errors import DataError
from lab.load import rows as files

Fields = dict[str, Any]


def prompts(path: str | Path, *, field: str = "prompt", name: str = "prompts") -> pd.DataFrame:
    """Read any file of prompts, one object per line or item; further fields become columns.

    Parameters
    ----------
    path : str or Path
        JSONL or JSON.
    field : str
        Where the prompt is.
    name : str
        The name of the set.
    """
    taken = {field, "instruction", "input", "output", "history"}

    def make(row: Mapping[str, Any]) -> Fields:
        more = {key: value for key, value in row.items() if key not in taken}
        return {"instruction": row[field], **more}

    return _pool(path, name, make)


def vicuna(path: str | Path) -> pd.DataFrame:
    """Read Vicuna's 80 questions, with their `category`; in FastChat's old or new form."""
    return _pool(path, "vicuna", lambda row: _turns(row)[0])


def mt_bench(path: str | Path) -> pd.DataFrame:
    """Read the first turns of MT-bench's 80 questions, `category` and `second_turn` beside them."""
    return _pool(path, "mt_bench", lambda row: _turns(row)[0])


def mt_bench_answers(path: str | Path) -> "pd.Series[Any]":
    """Read a model's answers, or reference answers, to MT-bench in FastChat's form.

    Returns
    -------
    Series of str, index (number, turn)
        Named after the model; of several choices the first one.

    Raises
    ------
    DataError
        If a row holds no answers, or the file those of several models.
    """
    texts: dict[tuple[int, int], str] = {}
    models = set()
    for row in files.read(path):
        if row.reason or not isinstance(row.value, Mapping):
            raise DataError("is no object", file=path, row=row.number, value=row.raw)
        try:
            turns = row.value["choices"][0]["turns"]
            number = int(row.value["question_id"])
        except (KeyError, IndexError) as error:
            shown = f"holds no answers to MT-bench: no {error} (has {sorted(row.value)})"
            raise DataError(shown, file=path, row=row.number) from error
        models.add(str(row.value.get("model_id", "model")))
        texts |= {(number, turn): str(text) for turn, text in enumerate(turns, start=1)}
    if len(models) != 1:
        raise DataError(f"must hold the answers of one model, has {sorted(models)}", file=path)
    index = pd.MultiIndex.from_tuples(list(texts), names=["number", "turn"])
    return pd.Series(list(texts.values()), index=index, name=models.pop(), dtype="object")


def koala(path: str | Path) -> pd.DataFrame:
    """Read Koala's 180 prompts of real users."""
    return _pool(path, "koala", lambda row: {"instruction": row["prompt"], "number": row["id"]})


def wizardlm(path: str | Path) -> pd.DataFrame:
    """Read WizardLM's 218 prompts, with their `skill` and `difficulty` (1 to 10)."""

    def make(row: Mapping[str, Any]) -> Fields:
        more = {"skill": row["Skill"], "difficulty": row["Difficulty"], "number": row["idx"]}
        return {"instruction": row["Instruction"], **more}

    return _pool(path, "wizardlm", make)


def self_instruct(path: str | Path) -> pd.DataFrame:
    """Read Self-Instruct's 252 user-oriented tasks, with inputs, references and the `app`."""

    def make(row: Mapping[str, Any]) -> Fields:
        instance = row["instances"][0]
        texts = {"input": instance["input"], "output": instance["output"]}
        more = {"app": row["motivation_app"], "number": row["id"]}
        return {"instruction": row["instruction"], **texts, **more}

    return _pool(path, "self_instruct", make)


def lima(path: str | Path) -> pd.DataFrame:
    """Read LIMA's 300 test prompts; the text is in `conversations`, alone or first in a list."""

    def make(row: Mapping[str, Any]) -> Fields:
        turns = row["conversations"]
        return {"instruction": turns if isinstance(turns, str) else turns[0]}

    return _pool(path, "lima", make)


def flask(path: str | Path) -> pd.DataFrame:
    """Read FLASK's prompts, with references, `task`, `skills`, `domains` and `difficulty`."""

    def make(row: Mapping[str, Any]) -> Fields:
        more = {"task": row["task"], "skills": row["skill"], "domains": row["domain"]}
        more |= {"difficulty": row["difficulty"], "number": row["idx"]}
        return {"instruction": row["instruction"], "output": row["answer"], **more}

    return _pool(path, "flask", make)


def multiple_choice(path: str | Path) -> pd.DataFrame:
    """Read questions with choices, one row per choice: `question` (which belong together), `right`.

    The forms of ARC (`question` with `stem` and `choices`, `answerKey`) and of LLM Foundry
    (`query`, `choices`, `gold`) are known. A question that stands twice, or has a choice twice,
    stays once.

    Parameters
    ----------
    path : str or Path
        JSONL or JSON, gzipped or not.

    Raises
    ------
    DataError
        If a row is in neither form, or its right choice is none of its choices.
    """
    rows, about = [], {}
    for row in files.read(path):
        if row.reason or not isinstance(row.value, Mapping):
            raise DataError("is no object", file=path, row=row.number, value=row.raw)
        try:
            asked, choices, right = _choices(row.value)
        except (KeyError, IndexError, TypeError) as error:
            shown = f"has no {error}: neither ARC's form nor LLM Foundry's"
            raise DataError(shown, file=path, row=row.number) from error
        if not 0 <= right < len(choices):
            shown = "names no choice as right"
            raise DataError(shown, file=path, row=row.number, value=sorted(row.value.items()))
        for place, choice in enumerate(choices):
            made = {"instruction": asked, "output": choice}
            key = records.identity({"input": "", "history": [], **made})
            if key not in about:
                rows.append(made)
                about[key] = (asked, place == right)
    pool = records.frame(rows, source="multiple_choice")
    known = [about[str(key)] for key in pool.index]
    return pool.assign(question=[one for one, _ in known], right=[fits for _, fits in known])


def _choices(row: Mapping[str, Any]) -> tuple[str, list[str], int]:
    """Return a question, its choices, and the place of the right one (-1: none)."""
    if "query" in row:
        return str(row["query"]).removeprefix("Question: "), list(row["choices"]), int(row["gold"])
    choices = row["question"]["choices"]
    labels = [choice["label"] for choice in choices]
    right = labels.index(row["answerKey"]) if row["answerKey"] in labels else -1
    return str(row["question"]["stem"]), [str(choice["text"]) for choice in choices], right


def _turns(row: Mapping[str, Any]) -> tuple[Fields]:
    fields = {"category": row["category"], "number": row["question_id"]}
    if "turns" not in row:  # the first form of Vicuna's file
        return ({"instruction": row["text"], **fields},)
    turns = list(row["turns"])
    reference = row.get("reference") or [""]
    fields |= {"output": str(reference[0]), "second_turn": turns[1] if len(turns) > 1 else None}
    return ({"instruction": turns[0], **fields},)


def _pool(path: str | Path, name: str, make: Callable[[Mapping[str, Any]], Fields]) -> pd.DataFrame:
    rows = []
    for row in files.read(path):
        if row.reason or not isinstance(row.value, Mapping):
            raise DataError("is no object", file=path, row=row.number, value=row.raw)
        try:
            fields = make(row.value)
        except (KeyError, IndexError) as error:
            shown = f"has no {error} as the set {name!r} has (has {sorted(row.value)})"
            raise DataError(shown, file=path, row=row.number) from error
        rows.append({"output": "", "number": row.number, **fields, "set": name})
    pool = records.frame(rows, source=name)
    times = Counter(records.identity({"input": "", "history": [], **row}) for row in rows)
    return pool.assign(repeated=[times[str(key)] - 1 for key in pool.index])
