"""Judge the answers of arms against those of one of them, pair by pair: the field's usual read-out.

Answers are kept in the runs, so that a judge can be asked later, and another one again. What one
pair of arms and seed was found to be is a run of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab import invocation, judge, runs

PREFERRED = "preferred"
Ask = Callable[["pd.Series[Any]", "pd.Series[Any]"], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Against:
    """The arm that all others are judged against, seed by seed, and who judges.

    Parameters
    ----------
    arm : str
        The name of the arm; it must have every seed that the others have.
    ask : callable
        (answers, answers of `arm`) -> a table of verdicts, such as
        `partial(judge.pairwise, client=client, questions=prompts)`.

    Examples
    --------
    >>> from functools import partial
    >>> Against("random", partial(judge.pairwise, client=None, questions=None)).arm
    'random'
    """

    arm: str
    ask: Ask


def judged(table: pd.DataFrame, against: Against) -> pd.DataFrame:
    """Add to a table of arms what a judge thinks of their answers beside those of one arm.

    Parameters
    ----------
    table : DataFrame
        From `ablate.run`, with a column `answer` in what it evaluated.
    against : Against
        The arm to compare with, and the judge.

    Returns
    -------
    DataFrame
        `table` with `preferred` (0 to 1: the mean over prompts, a tie is half; NaN for the arm
        itself), `ties` and `invalid` (prompts), and `judged`, the run that holds the `verdicts`.
        `summary`, `compare` and `details` take the measure "preferred".

    Raises
    ------
    ValueError
        If the arm is not in the table, or lacks a seed of another.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, judge, paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> draws = {"clean": partial(testbed.pool, 4), "noisy": partial(testbed.pool, 4, noise=1.0)}
    >>> asked = testbed.prompts(3)
    >>> grade = partial(ablate.exact_answers, prompts=asked, max_new_tokens=4)
    >>> made = ablate.arms(draws, recipe, seeds=[0])
    >>> table = ablate.run(made, tune=tune.sft, evaluate=grade, workers=1)
    >>> by = partial(judge.pairwise, client=testbed.client(), questions=asked)
    >>> judged(table, Against("noisy", by))["preferred"].notna().tolist()
    [True, False]
    """
    base = table[table["arm"] == against.arm].set_index("seed")["run"]
    wanting = sorted(set(table["seed"]) - set(base.index))
    if wanting:
        raise ValueError(f"arm {against.arm!r} must have every seed, but has none of {wanting}")
    runs_of = {int(str(seed)): str(run) for seed, run in base.items()}
    rows: list[dict[str, Any]] = []
    for arm, seed, run in zip(table["arm"], table["seed"], table["run"], strict=True):
        if arm == against.arm:
            rows.append({PREFERRED: float("nan"), "ties": 0, "invalid": 0, "judged": None})
            continue
        done = _judge(str(arm), str(run), runs_of[int(seed)], against)
        rows.append({**done.numbers, "judged": done.id})
    return pd.concat([table, pd.DataFrame(rows, index=table.index)], axis=1)


def judgments(table: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Return every verdict on an arm's answers: one table for `judge.rates`, seeds as samples.

    Parameters
    ----------
    table : DataFrame
        From `judged`.
    arm : str
        The name of a judged arm.

    Raises
    ------
    ValueError
        If the arm was not judged.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, judge, paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> draws = {"clean": partial(testbed.pool, 4), "noisy": partial(testbed.pool, 4, noise=1.0)}
    >>> asked = testbed.prompts(3)
    >>> grade = partial(ablate.exact_answers, prompts=asked, max_new_tokens=4)
    >>> made = ablate.arms(draws, recipe, seeds=[0])
    >>> by = partial(judge.pairwise, client=testbed.client(), questions=asked)
    >>> how = {"tune": tune.sft, "evaluate": grade, "compare": Against("noisy", by)}
    >>> table = ablate.run(made, workers=1, **how)
    >>> len(judgments(table, "clean"))  # three prompts in both orders
    6
    """
    rows = table[(table["arm"] == arm) & table["judged"].notna()]
    if len(rows) == 0:
        raise ValueError(f"arm {arm!r} must be a judged one, of {table['arm'].unique().tolist()}")
    parts = [
        runs.get(str(run)).frame("verdicts").assign(system=arm, sample=int(seed))
        for run, seed in zip(rows["judged"], rows["seed"], strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _judge(arm: str, run: str, base: str, against: Against) -> runs.Run:
    params = {"ask": invocation.describe(against.ask, role="ask")}
    done = runs.find("judge", "arms", params, [run, base])
    if done is not None:
        return done
    first, second = (runs.get(each).frame("answers")["answer"] for each in (run, base))
    with runs.start("judge", "arms", params, [run, base]) as record:
        verdicts = against.ask(first.rename(arm), second.rename(against.arm))
        found = judge.rates.outcomes(verdicts)
        values = found.groupby("prompt")["value"].mean()
        record.save("verdicts", verdicts)
        record.save(PREFERRED, values.rename(PREFERRED))
        record.log(
            preferred=float(values.mean()),
            ties=int((found["outcome"] == "tie").sum()),
            invalid=int((found["outcome"] == "invalid").sum()),
        )
    return record
