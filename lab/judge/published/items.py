"""Results per item of other people's evaluations, as one table, whatever harness wrote the log.

A table of results has a row per model, task, item, metric and draw:

| column | meaning |
|---|---|
| `model`, `task` | as the log names them |
| `item` | what is asked, the same in every run of a task: a hash of it where the log has one |
| `metric` | as the log names it, with lm-eval's filter, such as "exact_match,strict-match" |
| `draw` | the epoch, trial or rollout, from 0 |
| `value` | the score, higher better for most; missing where an item was not scored, never 0 |
| `answer` | what was read out of the reply, if the log keeps it |

So `paired` and all of `judge.intervals` apply: the same items, two models or two runs.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from lab.errors import DataError
from lab.judge.intervals import Interval, bootstrap, paired_difference

KEYS = ["model", "task", "item", "metric", "draw"]
COLUMNS = {"model": "str", "task": "str", "item": "str", "metric": "str", "draw": "int64"}
COLUMNS |= {"value": "float64", "answer": "str"}


def table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Build a table of results; a row without `draw` is the first one, without `answer` has none.

    Raises
    ------
    DataError
        If two rows have the same keys.
    """
    full = [{"draw": 0, "answer": None, **row} for row in rows]
    columns = {
        name: pd.Series([row[name] for row in full], dtype=kind) for name, kind in COLUMNS.items()
    }
    return checked(pd.DataFrame(columns))


def checked(results: pd.DataFrame) -> pd.DataFrame:
    """Return results with their columns in order; DataError if two rows have the same keys."""
    twice = results.duplicated(KEYS).to_numpy()
    if twice.any():
        first = results[twice][KEYS].iloc[0].tolist()
        raise DataError(f"{int(twice.sum())} results stand twice under their keys", value=first)
    return results[list(COLUMNS)].astype({"draw": "int64", "value": "float64"})


def summary(results: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Return the mean of each model, task and metric over items, with its 95 % interval.

    Draws of an item are averaged first. `unscored` counts items without a value, which stay out.

    Examples
    --------
    >>> about = {"model": "m", "task": "t", "metric": "acc"}
    >>> rows = [about | {"item": str(n), "value": v} for n, v in enumerate((1, 0, None))]
    >>> summary(table(rows))[["items", "unscored", "mean"]].values.tolist()
    [[2.0, 1.0, 0.5]]
    """
    rows = []
    for keys, group in results.groupby(["model", "task", "metric"], sort=True):
        means = group.groupby("item")["value"].mean()
        known = means.dropna()
        row: dict[str, Any] = dict(zip(["model", "task", "metric"], keys, strict=True))
        row |= {"items": len(known), "unscored": len(means) - len(known), "mean": known.mean()}
        found = bootstrap(known, seed=seed) if len(known) > 1 else None
        row |= {"low": found.low if found else None, "high": found.high if found else None}
        rows.append(row)
    return pd.DataFrame(rows)


def paired(
    first: pd.DataFrame, second: pd.DataFrame, *, metric: str, seed: int = 0
) -> tuple[Interval, dict[str, int]]:
    """Compare two runs on the items that both have: mean of the first less that of the second.

    Parameters
    ----------
    first, second : DataFrame
        Results of one model each, such as two prompts or two checkpoints.
    metric : str
        Which of the metrics.
    seed : int
        Of the bootstrap over items.

    Returns
    -------
    tuple
        The difference with its 95 % interval, and counts: `items` in both, `only_first`,
        `only_second`, `differ` (items with another value) and `other_answers` (another answer).

    Raises
    ------
    ValueError
        If fewer than two items are scored in both.

    Examples
    --------
    >>> about = {"task": "t", "metric": "acc"}
    >>> one, two = (
    ...     table(
    ...         about | {"model": name, "item": str(n), "value": v} for n, v in enumerate(values)
    ...     )
    ...     for name, values in (("one", (1, 0, 1, 1)), ("two", (1, 0, 0, 1)))
    ... )
    >>> found, counts = paired(one, two, metric="acc")
    >>> found.estimate, counts["items"], counts["differ"]
    (0.25, 4, 1)
    """
    wide, answers = [], []
    for results in (first, second):
        of = results[results["metric"] == metric]
        keys = [of["task"], of["item"]]
        wide.append(of["value"].groupby(keys).mean().dropna())
        answers.append(of["answer"].groupby(keys).first())
    shared = wide[0].index.intersection(wide[1].index)
    if len(shared) < 2:
        raise ValueError(f"{metric} needs at least 2 items that both runs have, got {len(shared)}")
    one, two = (values.loc[shared].to_numpy() for values in wide)
    said = pd.DataFrame({"one": answers[0], "two": answers[1]}).reindex(shared).dropna()
    counts = {
        "items": len(shared),
        "only_first": len(wide[0]) - len(shared),
        "only_second": len(wide[1]) - len(shared),
        "differ": int((one != two).sum()),
        "other_answers": int((said["one"] != said["two"]).sum()),
    }
    return paired_difference(one, two, seed=seed), counts
