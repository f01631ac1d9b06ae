"""The field's own benchmarks: any task of lm-evaluation-harness, as results per item.

Tasks, prompts, answer extraction and metrics are the harness's, unchanged; what is ours is the way
in (a model by any name that `lab.models` knows, a server through the store of replies, or answers
that somebody else published), items from files where there is no network, and the way out: the
table of `lab.judge.published.items`, so that two models are compared on the same items.

Source: lm-evaluation-harness (Gao et al. 2024, doi:10.5281/zenodo.12608602; Biderman et al. 2024,
arXiv:2405.14782), installed with the extra `winnow[eval]`.
"""

import functools
import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lab import hashing, models, origins
from lab.errors import DataError, MissingPackageError, SandboxError
from lab.judge import punkt, replies, task_files
from lab.judge.published import harnesses
from lab.judge.task_files import Files
from lab.llm import Client

INSTALL = "'lm-eval[ifeval]'"
GROUP = "winnow"


def benchmark(
    model: str | Path | Client | Mapping[str, str],
    tasks: Sequence[str] | Mapping[str, Files],
    *,
    max_items: int | None = None,
    shots: int | None = None,
    chat: bool = False,
    batch_size: int = 8,
) -> pd.DataFrame:
    """Evaluate a model on tasks of lm-evaluation-harness: one row per task, item and metric.

    Nothing is sampled but where a task says so; a task that would run code written by the model is
    refused. A prompt longer than the model's window is cut from the left by the harness, which
    warns of it. Two prompts of IFEval (1122, 1129) ask for a sign where its checker wants a letter,
    and it draws one: with the harness's seed the same for every model that is asked all prompts.

    Parameters
    ----------
    model : str, Path, Client, or mapping from prompt to answer
        A folder, a name of `lab models` or a hub name, run here; a client, for tasks that are
        answered in text, whose replies are stored and paid once; or answers that are there already.
    tasks : sequence of str, or mapping from str to files
        Tasks, tags or groups by their names in the harness, such as "gsm8k", whose items come from
        the hub; or tasks with a file of their items (JSON, JSON Lines or CSV, packed or not, as
        published), or two files, the second with the examples that are shown ("few-shot").
    max_items : int, optional
        Of each task the first so many; all if not given.
    shots : int, optional
        Examples shown; by default as many as the task says.
    chat : bool
        Ask through the chat template, as tuned models want it. A client is asked by messages
        either way.
    batch_size : int
        Items run together, on a model that runs here.

    Returns
    -------
    DataFrame
        The table of results (`lab.judge.published.items`); items are hashes of what is asked, the
        same for every model. `value` is as the task scores it, higher better for nearly all, and
        missing where a call failed or no answer was given; `items.summary` counts these.

    Raises
    ------
    MissingPackageError
        If the extra is not installed.
    ValueError
        If there is no such task, or a number is out of its bounds.
    DataError
        If the items cannot be had, or a file is not what the task reads.
    SandboxError
        If a task runs what the model wrote.

    Examples
    --------
    On files, and the difference of two models on the same items::

        tasks = {"ifeval": "input_data.jsonl", "mmlu_anatomy": ("anatomy_test.csv", "dev.csv")}
        base, tuned = (judge.benchmark(name, tasks, chat=True) for name in ("base", "tuned"))
        judge.published.items.paired(base, tuned, metric="acc,none")

    As what `ablate.run` evaluates by::

        evaluate=partial(ablate.benchmark_items, tasks=tasks, chat=True)

    >>> benchmark("smollm2-135m-instruct", [])
    Traceback (most recent call last):
    ValueError: tasks must name at least one task, got none
    """
    if isinstance(tasks, str):
        raise TypeError(f"tasks must be a sequence or a mapping, got the text {tasks!r}")
    if not tasks:
        raise ValueError("tasks must name at least one task, got none")
    for name, number in (("max_items", max_items), ("batch_size", batch_size)):
        if number is not None and number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    if shots is not None and shots < 0:
        raise ValueError(f"shots must be 0 or more, got {shots}")
    _need_harness()
    from lm_eval import simple_evaluate

    with _own_state():
        catalogue = _catalogue()
        found = _load(catalogue, tasks, shots)
        name, runner = _runner(model, batch_size)
        _check_room(found, getattr(runner, "max_length", None))
        results: Any = simple_evaluate(
            model=runner,
            tasks=found,
            num_fewshot=shots,
            limit=max_items,
            bootstrap_iters=0,
            apply_chat_template=chat,
            task_manager=catalogue,
        )
    return harnesses.lm_eval_samples(results["samples"], model=name, missing=replies.NONE)


def _need_harness() -> None:
    try:
        import lm_eval  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(INSTALL, needed_by="judge.benchmark") from error


@functools.cache
def _catalogue() -> Any:
    """Return the harness's list of tasks, which takes it seconds to read."""
    from lm_eval.tasks import TaskManager

    return TaskManager()


def _load(
    catalogue: Any, tasks: Sequence[str] | Mapping[str, Files], shots: int | None
) -> list[Any]:
    """Return the tasks with their items; unknown names and tasks that run code are refused."""
    from jinja2 import UndefinedError

    for name in tasks:
        if name not in catalogue.task_index:
            near = ", ".join(get_close_matches(name, catalogue.all_tasks)) or "none"
            raise ValueError(f"no task {name!r} in lm-evaluation-harness; near to it: {near}")
        if (catalogue.task_index[name].cfg or {}).get("unsafe_code"):
            raise SandboxError(_unsafe(name))
    if any("ifeval" in name for name in tasks):
        punkt.ready()
    wanted: list[Any] = list(tasks)
    if isinstance(tasks, Mapping):
        given = {name: catalogue.task_index[name].cfg or {} for name in tasks}
        wanted = [task_files.task(name, tasks[name], given[name], shots) for name in tasks]
    named = ", ".join(tasks)
    try:  # a group of one's own is how the harness lets tasks have other items
        loaded = catalogue.load([{"group": GROUP, "task": wanted}])["tasks"]
    except OSError as error:
        told = f"the items of {named} cannot be had: {error}; give their files instead"
        raise DataError(told) from error
    except (KeyError, UndefinedError) as error:
        raise DataError(f"the items are not what {named} reads: {error} is not there") from error
    for name, task in loaded.items():
        if getattr(task, "UNSAFE_CODE", False):
            raise SandboxError(_unsafe(name))
        origins.note("data", name)
    return list(loaded.values())


def _unsafe(name: str) -> str:
    return f"{name} runs code that the model wrote in this process; it is not run"


def _runner(model: str | Path | Client | Mapping[str, str], batch_size: int) -> tuple[str, Any]:
    """Return the name of what answers, and the harness's handle on it."""
    if isinstance(model, Client):
        return model.model, replies.runner(functools.partial(replies.ask, model))
    if isinstance(model, Mapping):
        name = f"answers-{hashing.digest(dict(model), digits=8)}"
        return name, replies.runner(functools.partial(replies.look_up, model))
    from lm_eval.models.huggingface import HFLM

    loaded = models.causal(model)
    given = {"pretrained": loaded.model, "tokenizer": loaded.tokenizer}
    log = logging.getLogger("lm_eval.models.huggingface")
    before = log.level
    log.setLevel(logging.ERROR)  # it warns of a model that is loaded already
    try:
        return str(model), HFLM(**given, batch_size=batch_size, max_length=loaded.window)
    finally:
        log.setLevel(before)


def _check_room(tasks: Sequence[Any], window: int | None) -> None:
    """Refuse tasks whose answers alone may fill a model's window."""
    for task in tasks:
        if task.OUTPUT_TYPE != "generate_until" or window is None:
            continue
        room = int((task.config.generation_kwargs or {}).get("max_gen_toks") or replies.LONGEST)
        if room >= window:
            raise ValueError(
                f"{task.config.task} lets answers have {room} tokens, and the model takes {window}"
            )


@contextmanager
def _own_state() -> Iterator[None]:
    """Let the harness set its seeds, and put the states of all generators back afterwards."""
    import torch

    plain, numbers = random.getstate(), np.random.get_state()  # noqa: NPY002 - as the harness does
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(plain)
        np.random.set_state(numbers)  # noqa: NPY002
