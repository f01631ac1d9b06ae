"""Tune and evaluate every arm, each as a run of its own: a killed ablation goes on.

A cell (one arm, one seed) is addressed by the ordered ids of its examples, its recipe, the base
model's files, and the names and parameters of what tunes and evaluates; not by the arm's name, so
that notebooks share what they have in common. A finished cell is never computed again, and a
further arm or seed costs only itself.
"""

import gc
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import psutil
from tqdm.auto import tqdm

from lab import engine as engines
from lab import files, invocation, models, paths, records, runs
from lab.ablate.against import PREFERRED, Against, judged
from lab.ablate.arms import Arm
from lab.errors import RunError
from lab.tune import Recipe
from lab.tune import record as tuning
from lab.tune.estimate import memory_bytes

Tune = Callable[[pd.DataFrame, Recipe, Path], Path]
Evaluate = Callable[[Path], pd.DataFrame]
Key = TypeVar("Key")
VERSION = 4  # raised when the same arm gives other numbers; since 4 words count otherwise, too
METHOD = "arm"
SUBSET = ".subset.parquet"  # in the folder of a run under way: what a worker trains on


@dataclass(frozen=True, eq=False)
class _Cell:
    arm: Arm
    params: Mapping[str, Any]
    inputs: tuple[str, ...]

    @property
    def id(self) -> str:
        return runs.name("ablate", METHOD, self.params, self.inputs, version=VERSION)

    def find(self) -> runs.Run | None:
        return runs.find("ablate", METHOD, self.params, self.inputs, version=VERSION)


def run(
    arms: Sequence[Arm],
    *,
    tune: Tune,
    evaluate: Evaluate,
    compare: Against | None = None,
    workers: int | None = None,
    engine: engines.Engine = engines.PROCESSES,
) -> pd.DataFrame:
    """Tune a model on each arm, evaluate it, and return one row per arm and seed.

    Finished cells are read; the others are computed in `workers` processes of one thread each (or
    right here if it is one), and kept one by one: after a kill or an interrupt, the same call
    goes on where it stopped.

    Parameters
    ----------
    arms : sequence of Arm
        Such as `ablate.arms` gives; names and seeds must differ as pairs.
    tune : callable
        (subset, recipe, folder) -> folder of the tuned model, such as `tune.sft`. A function of
        a module, or a `functools.partial` of one: it is recorded by name and parameters.
    evaluate : callable
        (folder) -> frame indexed by prompt, one numeric column per measure; NaN where a measure
        does not apply. A function of a module or a partial, too.
    compare : Against, optional
        Judge the answers of all arms against those of one, pair by pair; see `judged`.
    workers : int, optional
        Processes; by default one per GPU, or where there is none one per core, but no more than
        trainings fit into the free memory.
    engine : str or Executor
        `"ray"` trains on the machines of a cluster; see `lab.engine.opened`.

    Returns
    -------
    DataFrame
        In the order of `arms`: arm, seed, examples, the mean of each measure, seconds, run. Where
        `tune` leaves a `tune.json`, as `tune.sft` does, it stays in the run (with the curve of the
        loss, and the reason for each example left out), and the table says how many examples were
        `trained_on`, were left out as `too_long` or for another reason (`unusable`), and were
        `trimmed` at `max_tokens`. With `compare`, further what `judged` adds.

    Raises
    ------
    RunError
        If a cell failed; all others are finished and kept first.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> made = ablate.arms({"clean": partial(testbed.pool, 4)}, recipe, seeds=[0])
    >>> grade = partial(ablate.exact_answers, prompts=testbed.prompts(3), max_new_tokens=4)
    >>> table = run(made, tune=tune.sft, evaluate=grade, workers=1)
    >>> table[["arm", "seed", "examples"]].values.tolist()
    [['clean', 0, 4]]
    """
    names = [(arm.name, arm.seed) for arm in arms]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"arms must differ in name or seed, {twice} is there twice")
    cells = [_cell(arm, tune, evaluate) for arm in arms]
    distinct = list({cell.id: cell for cell in cells}.values())
    missing = [cell for cell in distinct if cell.find() is None]
    bar = tqdm(total=len(distinct), initial=len(distinct) - len(missing), desc="arms", unit="model")
    with bar:
        if missing and engine == engines.PROCESSES:
            workers = _processes(workers, len(missing), [cell.arm.recipe for cell in missing])
        work = partial(compute, tune=tune, evaluate=evaluate)
        failed = _compute(missing, work, engine, workers, bar)
    if failed:
        first = failed[0]
        raise RunError(
            f"{len(failed)} of {len(distinct)} arms failed, the others are kept; "
            f"the first is {first[0].arm}: {first[1]!r}{_advice(first[1])}"
        ) from first[1]
    table = pd.DataFrame([_row(cell) for cell in cells])
    return table if compare is None else judged(table, compare)


def finished(arms: Sequence[Arm], *, tune: Tune, evaluate: Evaluate) -> list[Arm]:
    """Return those arms that `run` would find and not compute, to read a run that is under way.

    Parameters
    ----------
    arms, tune, evaluate
        As in `run`.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> made = ablate.arms({"clean": partial(testbed.pool, 4)}, recipe, seeds=[0])
    >>> grade = partial(ablate.exact_answers, prompts=testbed.prompts(2), max_new_tokens=4)
    >>> finished(made, tune=tune.sft, evaluate=grade)
    []
    """
    return [arm for arm in arms if _cell(arm, tune, evaluate).find() is not None]


def each(
    step: str,
    makes: Mapping[Key, Callable[[], pd.DataFrame]],
    *,
    workers: int | None = None,
) -> dict[Key, pd.DataFrame]:
    """Make several frames, each once and kept as `runs.once` keeps it, in processes of one thread.

    For what trains models on the way to a pool: in the process of a notebook it would hold up the
    notebook, and its threads would wait for each other wherever the cores are shared.

    Parameters
    ----------
    step : str
        As in `runs.once`.
    makes : mapping
        Key, such as a seed -> a `functools.partial` of a function of a module, with everything
        filled in.
    workers : int, optional
        As in `run`.

    Returns
    -------
    dict
        The frame of each key, in the order given.

    Examples
    --------
    >>> from functools import partial
    >>> made = each("load", {0: partial(pd.DataFrame, {"x": [1, 2]})}, workers=1)
    >>> made[0]["x"].tolist()
    [1, 2]
    """
    with engines.opened(workers=_processes(workers, len(makes)), gpus=True) as pool:
        for task in [pool.submit(runs.once, step, make) for make in makes.values()]:
            task.result()
    return {key: runs.once(step, make) for key, make in makes.items()}


def details(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the outcome of each prompt: index prompt, columns (arm, seed), NaN left out.

    Parameters
    ----------
    table : DataFrame
        From `run`; only its columns arm, seed, run and judged are read.
    measure : str
        A column of what `evaluate` returned.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> made = ablate.arms({"clean": partial(testbed.pool, 4)}, recipe, seeds=[0])
    >>> grade = partial(ablate.exact_answers, prompts=testbed.prompts(3), max_new_tokens=4)
    >>> table = ablate.run(made, tune=tune.sft, evaluate=grade, workers=1)
    >>> details(table, "exact").shape  # prompts, arms and seeds
    (3, 1)
    """
    columns = {}
    for row in table.itertuples():
        if measure == PREFERRED and "judged" in table.columns:
            if isinstance(row.judged, str):  # the arm that others are judged against has no value
                columns[row.arm, row.seed] = runs.get(row.judged).series(PREFERRED)
            continue
        answers = runs.get(str(row.run)).frame("answers")
        if measure not in answers.columns:
            have = answers.select_dtypes("number").columns.tolist()
            raise ValueError(f"measure must be one of {have}, got {measure!r}")
        columns[row.arm, row.seed] = answers[measure]
    joined = pd.DataFrame(columns).dropna(how="all")
    return joined.rename_axis(columns=["arm", "seed"])


def _cell(arm: Arm, tune: Tune, evaluate: Evaluate) -> _Cell:
    recipe = {name: value for name, value in arm.recipe.params().items() if name != "model"}
    params = {
        "seed": arm.seed,
        "examples": len(arm.subset),
        "recipe": recipe,
        "tune": invocation.describe(tune, role="tune"),
        "evaluate": invocation.describe(evaluate, role="evaluate"),
    }
    inputs = (records.fingerprint(arm.subset), models.identity(arm.recipe.model))
    return _Cell(arm, params, inputs)


def _row(cell: _Cell) -> dict[str, Any]:
    done = cell.find()
    if done is None:
        raise RunError(f"{cell.arm} was computed, but its run is gone")
    head = {"arm": cell.arm.name, "seed": cell.arm.seed, "examples": len(cell.arm.subset)}
    found = {name: value for name, value in done.numbers.items() if name not in ("arm", "subset")}
    return {**head, **found, "seconds": done.record["seconds"], "run": done.id}


def _processes(workers: int | None, tasks: int, recipes: Sequence[Recipe] = ()) -> int:
    """Return how many processes to open; one means this process, whose threads may be several.

    So a single task among several workers gets a process too: how many threads compute it must
    not depend on how many others are finished.
    """
    number = workers or _default_workers(recipes)
    return number if number == 1 else max(2, min(number, tasks))


def _default_workers(recipes: Sequence[Recipe]) -> int:
    """Return one process per GPU, or per core, but no more than there is memory for."""
    if gpus := engines.devices():
        return len(gpus)
    cores = os.cpu_count() or 1
    needed = max(map(memory_bytes, recipes), default=0)
    free = psutil.virtual_memory().available
    return max(1, min(cores, free // needed)) if needed else cores


def _advice(error: BaseException) -> str:
    """Return what helps against an error that does not say so itself."""
    killed = "; a process that ends so was mostly short of memory: workers=1 or more micro_batches"
    return killed if isinstance(error, BrokenProcessPool) else ""


def _compute(
    cells: Sequence[_Cell],
    work: Callable[..., None],
    engine: engines.Engine,
    workers: int | None,
    bar: "tqdm[Any]",
) -> list[tuple[_Cell, BaseException]]:
    if not cells:
        return []
    with engines.opened(engine, workers=workers, gpus=True) as pool:
        tasks = {_submit(pool, cell, work): cell for cell in cells}
        for _ in engines.as_completed(tasks):
            bar.update()
    for cell in cells:
        (paths.runs() / cell.id / SUBSET).unlink(missing_ok=True)
    return [(cell, error) for task, cell in tasks.items() if (error := task.exception())]


def _submit(pool: Executor, cell: _Cell, work: Callable[..., None]) -> "Future[None]":
    """Hand a cell to a worker; another process gets the path of its examples."""
    if isinstance(pool, ThreadPoolExecutor):
        return pool.submit(work, cell)
    path = records.write_parquet(cell.arm.subset, paths.runs() / cell.id / SUBSET)
    bare = replace(cell, arm=replace(cell.arm, subset=cell.arm.subset.iloc[:0]))
    return pool.submit(work, bare, path=path)


def compute(cell: _Cell, *, tune: Tune, evaluate: Evaluate, path: Path | None = None) -> None:
    """Tune and evaluate one cell and record it; the tuned weights are not kept."""
    if path is not None:  # in a process of its own
        gc.collect()
        gc.freeze()  # modules are looked through no more: a tenth of a short training went there
    folder = paths.runs() / cell.id
    folder.mkdir(parents=True, exist_ok=True)
    with files.locked(folder):  # a worker that was given up may be at work there still
        if cell.find() is None:
            subset = cell.arm.subset if path is None else records.read_parquet(path)
            _compute_here(cell, subset, tune, evaluate)


def _compute_here(cell: _Cell, subset: pd.DataFrame, tune: Tune, evaluate: Evaluate) -> None:
    with runs.start("ablate", METHOD, cell.params, cell.inputs, version=VERSION) as record:
        model = tune(subset, cell.arm.recipe, record.folder / "model")
        _keep_record(record, model)
        answers = evaluate(model)
        record.save("answers", answers)
        record.save("subset", subset.index)
        means = answers.mean(numeric_only=True)
        record.log(**{str(name): float(mean) for name, mean in means.items()})
        record.log(arm=cell.arm.name, subset=cell.inputs[0])
        shutil.rmtree(record.folder / "model")


def _keep_record(record: runs.Run, model: Path) -> None:
    """Keep what a fine-tuning wrote about itself, and log what became of the examples."""
    done = tuning.read(model)
    if done is None or not done.get("finished"):
        return
    record.save("tune", done)
    examples = done["examples"]
    lost = examples["skipped"]
    too_long = sum(count for reason, count in lost.items() if tuning.too_long(reason))
    record.log(
        trained_on=examples["trained_on"],
        too_long=too_long,
        unusable=sum(lost.values()) - too_long,
        trimmed=len(examples["trimmed"]),
    )
