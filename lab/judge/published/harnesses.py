"""Read the logs of evaluation harnesses as one table of results per item.

Each reader gives the table of `lab.judge.published.items`. A log whose lines are not all of the
items says so: compare the number of items with what the log reports (`lm_eval_reported`).

Source: lm-evaluation-harness (samples and results files), Inspect (`.eval`, `.json`), HELM
(`run_spec.json`, `per_instance_stats.json`), verifiers (`metadata.json`, `results.jsonl`), IFEval
(Zhou et al. 2023, arXiv:2311.07911), as their own programs write them.
"""

import json
import math
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lab import hashing
from lab.errors import DataError
from lab.judge.published import files, items

Row = dict[str, Any]
LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0, "true": 1.0, "false": 0.0}
VERIFIERS_OWN = {"id", "example_id", "info", "generation_ms", "scoring_ms", "total_ms"}


def lm_eval(folder: str | Path) -> pd.DataFrame:
    """Read lm-eval's `samples_<task>*.jsonl` of a folder; model and tasks from its `results*.json`.

    A document has one row per filter and metric; lists of verdicts (IFEval's instructions) have one
    item each.
    """
    place = Path(folder)
    paths = sorted(place.glob("samples_*.jsonl*"))
    reported = sorted(place.glob("results*.json*"))
    if not paths or not reported:
        raise DataError("needs samples_*.jsonl and results*.json", file=place)
    results = files.document(reported[-1])
    rows: list[Row] = []
    for path in paths:
        task = _task(path.name, list(results["results"]))
        seen = {(row["task"], row["item"], row["metric"]) for row in rows}
        lines = enumerate(files.objects(path), start=1)
        made = [row for number, line in lines for row in _lm_eval_line(line, task, path, number)]
        new = [row for row in made if (row["task"], row["item"], row["metric"]) not in seen]
        rows += _distinct(new)  # a second file of a task may hold some of its documents again
    return items.table({"model": _lm_eval_model(results), **row} for row in rows)


def lm_eval_samples(
    samples: Mapping[str, Iterable[Mapping[str, Any]]], *, model: str, missing: str | None = None
) -> pd.DataFrame:
    """Read the samples of each task as lm-eval returns them, in the form of its files.

    Parameters
    ----------
    samples : mapping from task to lines
        Such as `simple_evaluate(...)["samples"]`.
    model : str
        Whose.
    missing : str, optional
        A reply that stands for none: such items have no value.
    """
    rows: list[Row] = []
    for task, lines in samples.items():
        made: list[Row] = []
        for number, line in enumerate(lines, start=1):
            empty = any(missing in said for said in line["resps"]) if missing else False
            blank = {"value": math.nan, "answer": None} if empty else {}
            made += [row | blank for row in _lm_eval_line(line, task, Path(task), number)]
        rows += _distinct(made)
    return items.table({"model": model, **row} for row in rows)


def lm_eval_reported(path: str | Path) -> pd.DataFrame:
    """Read what an lm-eval `results*.json` reports, old form or new: one row per task and metric.

    `items` is the number of documents that were used, missing in the old form; `higher_is_better`
    likewise.
    """
    found = files.document(path)
    model, rows = _lm_eval_model(found), []
    for task, values in found["results"].items():
        used = found.get("n-samples", {}).get(task, {}).get("effective")
        for key, value in values.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            metric, _, kept = key.partition(",")
            if metric.endswith("_stderr") or metric == "sample_len":
                continue
            error = values.get(f"{metric}_stderr,{kept}" if kept else f"{metric}_stderr")
            better = found.get("higher_is_better", {}).get(task, {}).get(metric)
            row = {"model": model, "task": task, "metric": key, "value": float(value)}
            error = float(error) if isinstance(error, (int, float)) else math.nan
            rows.append(row | {"stderr": error, "items": used, "higher_is_better": better})
    return pd.DataFrame(rows)


def inspect(path: str | Path) -> pd.DataFrame:
    """Read an Inspect log, `.eval` or `.json`, of any status; unscored samples have no value.

    Where the log keeps fewer epochs than it ran, the means over epochs that it reduced to are read
    instead, as one draw.
    """
    log = inspect_log(Path(path))
    about, samples = log["eval"], log.get("samples") or []
    epochs = int(about.get("config", {}).get("epochs") or 1)
    kept = len({sample.get("epoch", 1) for sample in samples})
    rows: list[Row] = []
    if samples and kept >= epochs:
        for sample in samples:
            scores = sample.get("scores") or {}
            for name, score in scores.items():
                draw = {"item": str(sample["id"]), "draw": int(sample.get("epoch", 1)) - 1}
                rows += [draw | row for row in _inspect_score(name, score)]
    else:
        for reduced in log.get("reductions") or []:
            for number, score in enumerate(reduced["samples"], start=1):
                key = {"item": str(score.get("sample_id", number)), "draw": 0}
                rows += [key | row for row in _inspect_score(reduced["scorer"], score)]
    if not rows:
        raise DataError(f"holds no scores (status {log.get('status')!r})", file=path)
    named = {"model": str(about["model"]), "task": str(about["task"])}
    return items.table(named | row for row in rows)


def helm(folder: str | Path) -> pd.DataFrame:
    """Read a HELM run: `run_spec.json` and `per_instance_stats.json`; perturbed copies stay out.

    The split is part of the metric, such as "exact_match,test".
    """
    place = Path(folder)
    spec = files.document(place / "run_spec.json")
    model = str(spec["adapter_spec"].get("model"))
    rows = []
    for entry in files.objects(_one(place, "per_instance_stats.json")):
        if "perturbation" in entry:
            continue
        key = {"item": str(entry["instance_id"]), "draw": int(entry["train_trial_index"])}
        for stat in entry["stats"]:
            name = stat["name"]
            if "perturbation" in name:
                continue
            metric = ",".join(str(name[part]) for part in ("name", "split") if part in name)
            value = float(stat["mean"]) if stat.get("count") else math.nan
            rows.append(key | {"metric": metric, "value": value})
    return items.table({"model": model, "task": str(spec["name"]), **row} for row in rows)


def verifiers(folder: str | Path) -> pd.DataFrame:
    """Read rollouts of verifiers: `metadata.json` and `results.jsonl`; each rollout is a draw.

    Raises
    ------
    DataError
        If no rollout holds a completion: that was a dry run, whose rewards of 0 mean nothing.
    """
    place = Path(folder)
    about = files.document(place / "metadata.json")
    lines = files.objects(_one(place, "results.jsonl"))
    if not any(line.get("completion") for line in lines):
        raise DataError("is a dry run: no rollout holds a completion", file=place)
    task, seen, rows = str(about.get("env_id", about.get("env"))), Counter[str](), []
    for number, line in enumerate(lines, start=1):
        item = str(files.take(line, "id", "example_id", file=place, number=number))
        for metric, value in line.items():
            number_like = isinstance(value, (int, float)) and not isinstance(value, bool)
            if metric not in VERIFIERS_OWN and number_like:
                rows.append(
                    {"item": item, "draw": seen[item], "metric": metric, "value": float(value)}
                )
        seen[item] += 1
    return items.table({"model": str(about["model"]), "task": task, **row} for row in rows)


def ifeval(path: str | Path, *, model: str, loose: bool | None = None) -> pd.DataFrame:
    """Read IFEval's verdicts, as its official checker writes them or with both readings in a row.

    Items are prompts for the metrics "prompt_level_strict" and "prompt_level_loose", and single
    instructions for "inst_level_strict" and "inst_level_loose".

    Parameters
    ----------
    path : str or Path
        `eval_results_strict.jsonl`, `eval_results_loose.jsonl`, or rows with `strict` and `loose`.
    model : str
        Whose answers.
    loose : bool, optional
        What `follow_instruction_list` holds; by the file's name if not given.
    """
    loose = "loose" in Path(path).name if loose is None else loose
    rows = []
    for number, line in enumerate(files.objects(path), start=1):
        item = hashing.digest(str(line.get("prompt", number)), digits=16)
        found = {name: line[name] for name in ("strict", "loose") if name in line}
        if not found:
            verdicts = files.take(line, "follow_instruction_list", file=path, number=number)
            found = {"loose" if loose else "strict": verdicts}
        for name, verdicts in found.items():
            every = {"item": item, "metric": f"prompt_level_{name}"}
            rows.append(every | {"value": float(all(verdicts))})
            for at, verdict in enumerate(verdicts):
                one = {"item": f"{item}-{at}", "metric": f"inst_level_{name}"}
                rows.append(one | {"value": float(verdict)})
    return items.table({"model": model, "task": "ifeval", **row} for row in rows)


def records(
    path: str | Path,
    *,
    model: str,
    task: str = "task",
    item: str = "id",
    value: str = "score",
    draw: str | None = None,
) -> pd.DataFrame:
    """Read any JSON Lines file of one verdict a row, such as those of tau-bench and math harnesses.

    Parameters
    ----------
    path : str or Path
        The file.
    model, task, item, value, draw : str
        The fields; a `model` or `task` that no row has is the name itself. A value in a list of
        one stands for itself.
    """
    rows, seen = [], Counter[tuple[str, ...]]()
    for number, line in enumerate(files.objects(path), start=1):
        key = [str(line.get(model, model)), str(line.get(task, task))]
        key.append(str(files.take(line, item, file=path, number=number)))
        at = int(line[draw]) if draw is not None else seen[tuple(key)]
        seen[tuple(key)] += 1
        row: Row = dict(zip(("model", "task", "item"), key, strict=True))
        row |= {"draw": at, "metric": value, "value": _number(line.get(value))}
        rows.append(row | {"answer": _text(line.get("pred"))})
    return items.table(rows)


def predictions(path: str | Path, *, gold: str, item: list[str], task: str) -> pd.DataFrame:
    """Read a CSV of one row an item with the right answer and each model's answer in a column.

    Parameters
    ----------
    path : str or Path
        The CSV.
    gold : str
        The column of the right answer.
    item : list of str
        The columns that name an item together.
    task : str
        The name of the task. All other columns are models; a missing answer is wrong.
    """
    given = pd.read_csv(path, dtype="str", keep_default_na=False)
    for name in [gold, *item]:
        if name not in given.columns:
            raise DataError(f"is no column (has {', '.join(given.columns)})", file=path, field=name)
    names = given[item].agg(":".join, axis=1)
    parts = [
        pd.DataFrame(
            {
                "model": model,
                "task": task,
                "item": names,
                "metric": "exact_match",
                "value": given[model].str.strip().eq(given[gold].str.strip()).astype("float64"),
                "answer": given[model],
            }
        )
        for model in given.columns.drop([gold, *item])
    ]
    return items.checked(pd.concat(parts, ignore_index=True).assign(draw=0))


def _task(name: str, tasks: list[str]) -> str:
    """Return the task of a samples file: the longest that its name begins with."""
    stem = name.removeprefix("samples_").split(".jsonl")[0]
    fitting = [task for task in tasks if stem == task or stem.startswith(f"{task}_")]
    return max(fitting, key=len) if fitting else stem


def _lm_eval_model(results: Mapping[str, Any]) -> str:
    config = results.get("config", {})
    return str(results.get("model_name") or config.get("model_args") or config.get("model"))


def _lm_eval_line(line: Mapping[str, Any], task: str, path: Path, number: int) -> Iterator[Row]:
    item = str(files.take(line, "doc_hash", "doc_id", file=path, number=number))
    answers = line.get("filtered_resps")
    answer = answers[0] if isinstance(answers, list) and len(answers) == 1 else None
    for metric in line.get("metrics") or []:
        value, name = line.get(metric), f"{metric},{line.get('filter', 'none')}"
        row = {"task": task, "metric": name, "answer": _text(answer)}
        if isinstance(value, list):
            for at, one in enumerate(value):
                yield row | {"item": f"{item}-{at}", "value": _number(one)}
        else:
            yield row | {"item": item, "value": _number(value)}


def _distinct(rows: list[Row]) -> Iterator[Row]:
    """Tell documents that stand twice in a file apart, so that each keeps a row of its own."""
    seen: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        key = (row["task"], row["item"], row["metric"])
        yield row | {"item": f"{row['item']}#{seen[key]}" if seen[key] else row["item"]}
        seen[key] += 1


def inspect_log(path: Path) -> dict[str, Any]:
    """Return an Inspect log as one object, unpacked if it is a `.eval` file."""
    if not zipfile.is_zipfile(path):
        return files.document(path)
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
        try:
            log: dict[str, Any] = json.loads(packed.read("header.json"))
            samples = sorted(name for name in names if Path(name).parent.name == "samples")
            log["samples"] = [json.loads(packed.read(name)) for name in samples]
            if "reductions.json" in names:
                log["reductions"] = json.loads(packed.read("reductions.json"))
        except (KeyError, json.JSONDecodeError, NotImplementedError, zipfile.BadZipFile) as error:
            raise DataError(f"is no whole Inspect log: {error}", file=path) from error
    return log


def _inspect_score(name: str, score: Mapping[str, Any]) -> Iterator[Row]:
    value, answer = score.get("value"), _text(score.get("answer"))
    if isinstance(value, Mapping):
        for part, one in value.items():
            yield {"metric": f"{name},{part}", "value": _number(one), "answer": answer}
    elif not isinstance(value, list):
        yield {"metric": name, "value": _number(value), "answer": answer}


def _number(value: Any) -> float:
    """Return a score as a number: letters as Inspect counts them, a list of one as its member."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return LETTERS.get(value, math.nan)
    return float(value) if isinstance(value, (bool, int, float)) else math.nan


def _text(value: Any) -> str | None:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else None


def _one(folder: Path, name: str) -> Path:
    """Return a file of a folder, packed or not."""
    packed = folder / f"{name}.gz"
    return packed if packed.is_file() else folder / name
