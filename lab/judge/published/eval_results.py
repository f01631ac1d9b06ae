"""The way out: results as the `.eval_results/` files that Hugging Face shows beside a model.

Source: Hugging Face's specification (hub-docs, `eval_results.yaml`), by the classes of
`huggingface_hub` (`EvalResultEntry`).
"""

import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from lab import files, models, origins
from lab.judge.published import items

FOLDER = ".eval_results"


def write_eval_results(
    folder: str | Path,
    results: pd.DataFrame,
    entries: Mapping[str, tuple[str, str, str]],
    *,
    date: str | None = None,
    source_url: str | None = None,
) -> list[Path]:
    """Write one file for each task beside a model, ready to be uploaded with it.

    The value is the mean over items as the task scores it, accuracies from 0 to 1. The notes say
    what it is of: task, metric, items with and without a value, the 95 % interval, and that the
    model is one of the testbed, if it is.

    Parameters
    ----------
    folder : str or Path
        Of the model.
    results : DataFrame
        A table of results (`items`) of one model.
    entries : mapping from task to (metric, dataset, task on the hub)
        Which metric stands for a task, and what it is called on the hub, such as
        `{"ifeval": ("prompt_level_strict_acc,none", "google/IFEval", "ifeval")}`.
    date : str, optional
        Of the evaluation (ISO 8601); on the hub that of the commit if not given.
    source_url : str, optional
        Where the logs are.

    Returns
    -------
    list of Path
        The files, in the order of `entries`.

    Raises
    ------
    ValueError
        If the results are of several models, or hold no value for an entry.

    Examples
    --------
    >>> import tempfile
    >>> about = {"model": "m", "task": "arc_easy", "metric": "acc,none"}
    >>> table = items.table(about | {"item": str(n), "value": n % 2} for n in range(100))
    >>> entry = {"arc_easy": ("acc,none", "allenai/ai2_arc", "arc_easy")}
    >>> (path,) = write_eval_results(tempfile.mkdtemp(), table, entry)
    >>> yaml.safe_load(path.read_text())[0]["value"]
    0.5
    """
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    names = sorted(set(results["model"]))
    if len(names) != 1:
        raise ValueError(f"results must be of one model, got {', '.join(names) or 'none'}")
    rows = items.summary(results).to_dict("records")
    known = {(row["task"], row["metric"]): row for row in rows if row["items"]}
    mark = "; a model of the testbed" if models.origin(folder) == origins.TESTBED else ""
    written = []
    for task, (metric, dataset, hub_task) in entries.items():
        if (task, metric) not in known:
            have = ", ".join(f"{one} {two}" for one, two in known) or "none"
            raise ValueError(f"no value of {metric!r} on {task!r}; there are {have}")
        row = known[task, metric]
        entry = EvalResultEntry(
            dataset_id=dataset,
            task_id=hub_task,
            value=float(row["mean"]),
            date=date,
            source_url=source_url,
            notes=_notes(task, metric, row) + mark,
        )
        text = yaml.safe_dump(
            eval_result_entries_to_yaml([entry]), sort_keys=False, allow_unicode=True
        )
        name = re.sub(r"[^A-Za-z0-9_-]", "_", task)
        written.append(files.write_text(Path(folder) / FOLDER / f"{name}.yaml", text))
    return written


def _notes(task: str, metric: str, row: Mapping[Hashable, Any]) -> str:
    told = f"{task}, {metric}; {row['items']:.0f} items"
    if row["unscored"]:
        told += f", {row['unscored']:.0f} more without a value"
    if pd.notna(row["low"]):
        told += f"; 95 % interval {row['low']:.4f} to {row['high']:.4f}"
    return told
