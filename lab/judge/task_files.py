"""Files of benchmarks as the items of lm-evaluation-harness's own tasks.

The task stays the harness's; only where its items come from changes (`dataset_path: json`). Files
are read as published and written as JSON Lines in the form that the task reads on the hub: ARC's
question inside an object, MMLU's tables with or without names of columns, and BIG-Bench Hard's
`examples` are laid out anew, other rows are taken as they stand.
"""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab import files, hashing, paths
from lab.errors import DataError
from lab.judge.published import files as published

Files = str | Path | tuple[str | Path, str | Path]  # items, or items and examples
ANSWERS = {name: place for place, pair in enumerate(("A0", "B1", "C2", "D3")) for name in pair}


def task(
    name: str, given: Files, config: Mapping[str, Any], shots: int | None = None
) -> dict[str, Any]:
    """Return what to change of a task of the harness so that its items come from files.

    Parameters
    ----------
    name : str
        The task.
    given : str, Path or pair
        The file of its items, or that and the file of the examples that are shown.
    config : mapping
        The task's own configuration.
    shots : int, optional
        Examples to show; by default as many as the task says.

    Raises
    ------
    ValueError
        If examples are to be shown and there is no file of them.
    DataError
        If a file cannot be read as rows.
    """
    single = isinstance(config.get("task"), str)
    if not single:
        raise ValueError(f"{name!r} is no single task; name the tasks of a group one by one")
    items, examples = given if isinstance(given, tuple) else (given, None)
    held = (config.get("fewshot_config") or {}).get("samples") is not None
    wanted = (config.get("num_fewshot") or 0) if shots is None else shots
    if examples is None and not held and wanted > 0:
        raise ValueError(
            f"{name} shows {wanted} examples, which are in another file: give (items, examples), "
            "or shots=0"
        )
    place = {"test": _written(items)}
    if examples is not None:
        place["examples"] = _written(examples)
    changed: dict[str, Any] = {
        "task": name,
        "dataset_path": "json",
        "dataset_name": None,
        "dataset_kwargs": {"data_files": place, "cache_dir": str(_folder() / "arrow")},
        "training_split": None,
        "validation_split": None,
        "test_split": "test",
    }
    if not held:
        changed["fewshot_split"] = "examples" if examples is not None else None
    if wanted == 0 and not held:
        changed["num_fewshot"] = 0
    return changed


def rows(path: str | Path) -> list[dict[str, Any]]:
    """Return the items of a file in the form of the hub.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "anatomy_test.csv"
    >>> _ = file.write_text("What is it?,one,two,three,four,C")
    >>> rows(file)
    [{'question': 'What is it?', 'choices': ['one', 'two', 'three', 'four'], 'answer': 2}]
    """
    name = Path(path).name.removesuffix(".gz")
    if name.endswith(".csv"):
        found = _mmlu(path)
    elif name.endswith(".json") and not published.text(path).lstrip().startswith("["):
        found = published.document(path).get("examples") or []
    else:
        found = [_arc(dict(row)) for row in published.objects(path)]
    if not found:
        raise DataError("holds no items", file=path)
    return found


def _arc(row: dict[str, Any]) -> dict[str, Any]:
    question = row.get("question")
    if not isinstance(question, Mapping):
        return row
    choices = {key: [each[key] for each in question["choices"]] for key in ("text", "label")}
    return row | {"question": question["stem"], "choices": choices}


def _mmlu(path: str | Path) -> list[dict[str, Any]]:
    """Return the rows of a table of MMLU, whose answer is a letter or the number of a choice."""
    found = []
    for number, line in enumerate(csv.reader(io.StringIO(published.text(path))), start=1):
        if number == 1 and line[:2] == ["question", "choice0"]:
            continue
        if len(line) != 6:
            raise DataError(f"must have 6 columns, has {len(line)}", file=path, row=number)
        question, *choices, said = line
        answer = ANSWERS.get(said.strip().upper())
        if answer is None:
            raise DataError("must be A to D or 0 to 3", file=path, row=number, value=said)
        found.append({"question": question, "choices": choices, "answer": answer})
    return found


def _written(path: str | Path) -> str:
    """Return a file with the rows as JSON Lines, known by what it holds."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(path))
    target = _folder() / f"{hashing.digest(text, digits=16)}.jsonl"
    if not target.exists():
        files.write_text(target, text)
    return str(target)


def _folder() -> Path:
    return paths.store() / "benchmarks"
