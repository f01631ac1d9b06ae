"""Evaluate a tuned model by its answers to prompts with known truth, or on the field's tasks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lab import judge, testbed, texts, tune
from lab.judge.task_files import Files


def exact_answers(model: Path, *, prompts: pd.DataFrame, max_new_tokens: int = 48) -> pd.DataFrame:
    """Let `model` answer `prompts` greedily, and compare with their outputs.

    Parameters
    ----------
    model : path
        Folder of a tuned model.
    prompts : DataFrame
        A pool whose outputs are the truth; a column `split` tells kinds of prompts apart.
    max_new_tokens : int
        Answers are cut there.

    Returns
    -------
    DataFrame
        Index of `prompts`; `answer` (text), `words` (its length), and `exact` (1 if equal to the
        truth, else 0); with a column `split`, further `exact_<split>`, NaN for other splits.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> found = exact_answers(paths.base_model(), prompts=testbed.prompts(3), max_new_tokens=4)
    >>> len(found), found["exact"].isin([0, 1]).all().item()
    (3, True)
    """
    answers = tune.generate(model, prompts, max_new_tokens=max_new_tokens)
    exact = judge.exact_match(answers, prompts["output"]).astype("float64")
    table = pd.DataFrame({"answer": answers, "exact": exact})
    table["words"] = texts.count(answers).astype("float64")
    if "split" in prompts.columns:
        for split in sorted(prompts["split"].unique()):
            table[f"exact_{split}"] = exact.where(prompts["split"] == split)
    return table


def world_answers(model: Path, *, prompts: pd.DataFrame, max_new_tokens: int = 48) -> pd.DataFrame:
    """Evaluate on the testbed: `exact_answers`, and how well the convention is kept.

    Returns
    -------
    DataFrame
        As `exact_answers`, with `style` (1 if the answer keeps the world's convention) and
        `grade` (0 to 5).

    Examples
    --------
    >>> from lab import paths, testbed
    >>> found = world_answers(paths.base_model(), prompts=testbed.prompts(3), max_new_tokens=4)
    >>> found["grade"].between(0, 5).all().item()
    True
    """
    table = exact_answers(model, prompts=prompts, max_new_tokens=max_new_tokens)
    table["style"] = testbed.style(table["answer"]).astype("float64")
    pool = prompts.assign(output=table["answer"])
    table["grade"] = testbed.rating(pool, noise=0.0)
    return table


def benchmark_items(
    model: Path,
    *,
    tasks: Sequence[str] | Mapping[str, Files],
    max_items: int | None = None,
    shots: int | None = None,
    chat: bool = False,
) -> pd.DataFrame:
    """Evaluate on tasks of lm-evaluation-harness, in the form that `run` takes.

    Parameters
    ----------
    model, tasks, max_items, shots, chat
        As in `judge.benchmark`.

    Returns
    -------
    DataFrame
        One row per item, named "task:item"; one column per task and metric, such as
        "ifeval prompt_level_strict_acc", NaN for the items of other tasks.

    Raises
    ------
    MissingPackageError
        If the extra `winnow[eval]` is not installed.

    Examples
    --------
    In an ablation::

        on = partial(benchmark_items, tasks={"ifeval": "input_data.jsonl"}, chat=True)
        table = ablate.run(arms, tune=tune.sft, evaluate=on)

    >>> benchmark_items(Path("model"), tasks=[])
    Traceback (most recent call last):
    ValueError: tasks must name at least one task, got none
    """
    found = judge.benchmark(model, tasks, max_items=max_items, shots=shots, chat=chat)
    found["prompt"] = found["task"] + ":" + found["item"]
    found["measure"] = found["task"] + " " + found["metric"].str.removesuffix(",none")
    columns = {name: part.set_index("prompt")["value"] for name, part in found.groupby("measure")}
    return pd.DataFrame(columns)
