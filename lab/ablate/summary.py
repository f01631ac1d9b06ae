"""What an ablation shows: the mean of each arm, differences of arms, and how sure they are.

The unit is the prompt, and seeds are drawn beside it: see `lab.judge.intervals.bootstrap`.
"""

from collections.abc import Mapping

import pandas as pd

from lab import judge
from lab.ablate.run import details


def summary(table: pd.DataFrame, measure: str, *, seed: int = 0) -> pd.DataFrame:
    """Return the mean of `measure` per arm, with a 95 % interval over prompts and seeds.

    Parameters
    ----------
    table : DataFrame
        From `ablate.run`.
    measure : str
        A measure of its evaluation, such as `exact`.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        Index arm, in the order of `table`: mean, low, high (the 95 % interval), examples
        (median over seeds), seeds, prompts; where it is known, `too_long` and `trimmed`: the
        examples lost to and cut at `max_tokens` (median over seeds).

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> made = ablate.arms({"clean": partial(testbed.pool, 4)}, recipe, seeds=[0])
    >>> grade = partial(ablate.exact_answers, prompts=testbed.prompts(3), max_new_tokens=4)
    >>> table = ablate.run(made, tune=tune.sft, evaluate=grade, workers=1)
    >>> summary(table, "exact")[["examples", "seeds", "prompts"]].values.tolist()
    [[4, 1, 3]]
    """
    outcomes = details(table, measure)
    rows = {}
    lost = [name for name in ("too_long", "trimmed") if name in table.columns]
    for arm in dict.fromkeys(table["arm"]):
        if arm not in outcomes.columns:  # the arm that the others were judged against
            continue
        values = outcomes[[arm]]
        found = judge.intervals.bootstrap(values.to_numpy(), seed=seed)
        examples = int(table.loc[table["arm"] == arm, "examples"].median())
        rows[arm] = {
            "mean": found.estimate,
            "low": found.low,
            "high": found.high,
            "examples": examples,
            "seeds": values.shape[1],
            "prompts": len(values),
            **table.loc[table["arm"] == arm, lost].median().to_dict(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("arm")


def compare(
    table: pd.DataFrame, measure: str, pairs: Mapping[str, str], *, seed: int = 0
) -> pd.DataFrame:
    """Return how much the first arm of each pair exceeds the second, with a 95 % interval.

    Prompts are paired; the seeds of two arms are drawn apart.

    Parameters
    ----------
    table : DataFrame
        From `ablate.run`.
    measure : str
        A measure of its evaluation.
    pairs : mapping
        First arm -> second arm.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        One row per pair: first, second, difference, low, high, and `clear` (the interval
        leaves out zero).

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> draws = {"clean": partial(testbed.pool, 4), "noisy": partial(testbed.pool, 4, noise=1.0)}
    >>> grade = partial(ablate.exact_answers, prompts=testbed.prompts(3), max_new_tokens=4)
    >>> made = ablate.arms(draws, recipe, seeds=[0])
    >>> table = ablate.run(made, tune=tune.sft, evaluate=grade, workers=1)
    >>> compare(table, "exact", {"clean": "noisy"})[["first", "second"]].values.tolist()
    [['clean', 'noisy']]
    """
    outcomes = details(table, measure)
    rows = []
    for first, second in pairs.items():
        one, two = outcomes[[first]].to_numpy(), outcomes[[second]].to_numpy()
        found = judge.intervals.paired_difference(one, two, seed=seed)
        head = {"first": first, "second": second, "difference": found.estimate}
        rows.append({**head, "low": found.low, "high": found.high, "clear": not found.covers(0.0)})
    return pd.DataFrame(rows)
