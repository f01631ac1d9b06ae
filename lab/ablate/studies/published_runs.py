"""Fine-tunings that others published, as one table, so that their claims get verdicts by our code.

Source: Ivison et al. 2025, arXiv:2503.01807 (RDS+, and random as a strong rival) and the study of
arXiv:2602.14696, whose figures of every seed are published as tables: for each pool a folder, in
it one for each model with `budget_true_metric_budget.csv`, `budget_ce_loss_budget.csv`, and the
same of the untuned model (`…_zero_shot.csv`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lab import origins
from lab.errors import DataError

KEYS = ["task", "method", "budget", "seed"]
_NAMES = {"dataset": "task", "num_samples": "budget", "true_metric": "score"}
_LOSSES = {"dev": "query_loss", "test": "test_loss"}
_MODELS = ("model-1", "model-2", "model-3", "model-4", "model-5")
_TASKS = ("task-1", "task-2", "task-3", "task-4", "task-5")
_BUDGETS = (500, 1000, 2500, 5000, 10000)
_SPREAD = {"cell": 12.0, "gain": 1.5, "seed": 1.0}  # standard deviations, in points


def published_runs(folder: str | Path) -> pd.DataFrame:
    r"""Read the published fine-tunings below `folder`.

    Parameters
    ----------
    folder : path
        Of one or several pools: every `budget_true_metric_budget.csv` below it is read with its
        three neighbours. The pool is named after the first folder of the file's path.

    Returns
    -------
    DataFrame
        One row per fine-tuning: pool, model, task, method, budget (examples), seed, score (of
        the task, in percent, higher is better), query_loss (on the examples that selection was
        aimed at) and test_loss (both lower is better), untuned (the score of the model before).

    Raises
    ------
    DataError
        If no such file is there, a neighbour or column is missing, or a run is there twice.

    Examples
    --------
    >>> from lab import paths
    >>> folder = paths.data() / "tulu" / "llama"
    >>> folder.mkdir(parents=True)
    >>> files = {
    ...     "true_metric_budget": ["dataset,method,num_samples,seed,true_metric", "bbh,LESS,9,0,4"],
    ...     "ce_loss_budget": ["dataset,method,num_samples,dev,test,seed", "bbh,LESS,9,0.2,3.1,0"],
    ...     "true_metric_zero_shot": ["dataset,true_metric", "bbh,39.5"],
    ... }
    >>> for name, lines in files.items():
    ...     _ = (folder / f"budget_{name}.csv").write_text("\n".join(lines))
    >>> published_runs(paths.data())[["pool", "task", "method", "budget"]].values.tolist()
    [['tulu', 'bbh', 'LESS', 9]]
    """
    files = sorted(Path(folder).rglob("budget_true_metric_budget.csv"))
    if not files:
        raise DataError("holds no budget_true_metric_budget.csv", file=folder)
    origins.note("data", Path(folder).name)
    return pd.concat([_read(file, Path(folder)) for file in files], ignore_index=True)


def simulated_runs(
    gains: Mapping[str, Mapping[str, Sequence[float]]], *, seed: int
) -> pd.DataFrame:
    """Make a study of the same form in which every gain is known.

    Five models and five tasks have levels of their own; a method adds its gain, which differs
    between model and task, and every fine-tuning has its luck.

    Parameters
    ----------
    gains : mapping
        Pool -> method -> gain over `Random`, in points, at each of the budgets 500, 1,000,
        2,500, 5,000 and 10,000 (five numbers).
    seed : int
        Of the drawing.

    Returns
    -------
    DataFrame
        As `published_runs`, without the losses; the method `Random` has a gain of zero.

    Examples
    --------
    >>> table = simulated_runs({"pool": {"LESS": [2, 2, 2, 2, 2]}}, seed=0)
    >>> len(table), sorted(table["method"].unique())
    (750, ['LESS', 'Random'])
    """
    rng = np.random.default_rng(seed)
    level = {(m, t): rng.normal(50, _SPREAD["cell"]) for m in _MODELS for t in _TASKS}
    rows = []
    for pool, methods in gains.items():
        for method, steps in {"Random": [0.0] * len(_BUDGETS), **methods}.items():
            if len(steps) != len(_BUDGETS):
                raise ValueError(
                    f"gains of {method!r} must be {len(_BUDGETS)} numbers, got {len(steps)}"
                )
            for (model, task), at in level.items():
                own = 0.0 if method == "Random" else rng.normal(0, _SPREAD["gain"])
                rows += [
                    (pool, model, task, method, budget, run, at + step + own, at)
                    for budget, step in zip(_BUDGETS, steps, strict=True)
                    for run in range(3)
                ]
    table = pd.DataFrame(rows, columns=["pool", "model", *KEYS, "score", "untuned"])
    origins.note("data", origins.TESTBED)
    table["score"] += rng.normal(0, _SPREAD["seed"], len(table))
    return table


def _read(file: Path, folder: Path) -> pd.DataFrame:
    scores = _csv(file, "dataset", "method", "num_samples", "seed", "true_metric")
    losses = _csv(
        file.with_name("budget_ce_loss_budget.csv"),
        *("dataset", "method", "num_samples", "seed", "dev", "test"),
    )
    untuned = _csv(file.with_name("budget_true_metric_zero_shot.csv"), "dataset", "true_metric")
    scores, losses = scores.rename(columns=_NAMES), losses.rename(columns=_NAMES | _LOSSES)
    for name, table in (("scores", scores), ("losses", losses)):
        twice = table[table.duplicated(KEYS)]
        if len(twice):
            run = twice.iloc[0][KEYS].to_dict()
            raise DataError(f"{name} hold {len(twice)} runs twice, the first is {run}", file=file)
    table = scores.merge(losses, on=KEYS, how="left", validate="one_to_one")
    table["untuned"] = table["task"].map(untuned.set_index("dataset")["true_metric"])
    path = file.relative_to(folder).parts
    table.insert(0, "model", file.parent.name)
    table.insert(0, "pool", path[0] if len(path) > 2 else folder.name)
    return table


def _csv(file: Path, *columns: str) -> pd.DataFrame:
    if not file.is_file():
        raise DataError("is missing beside its neighbours", file=file)
    table = pd.read_csv(file)
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataError(
            f"has no column {missing[0]!r}; there are {', '.join(table.columns)}", file=file
        )
    return table
