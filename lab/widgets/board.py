"""An ablation as it goes: which arms are finished, and what they give so far."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lab import records, runs
from lab.ablate import Arm
from lab.widgets.work import Monitor


def board(arms: Sequence[Arm], *, measure: str, title: str = "ablation") -> Monitor:
    """Show how many models of each arm are finished, and the mean of `measure` so far.

    It reads the records of finished runs, so that it works beside the process that makes them,
    and after a restart. For intervals and tests see `ablate.summary`.

    Parameters
    ----------
    arms : sequence of Arm
        From `ablate.arms`.
    measure : str
        A measure that the evaluation gives.
    title : str
        What is asked.

    Examples
    --------
    >>> from lab import records, tune
    >>> pool = records.frame([{"instruction": "Add 1 and 2.", "output": "3"}])
    >>> shown = board([Arm("all", pool, tune.Recipe(model="gpt2", steps=10))], measure="exact")
    >>> shown.panel.shown["done"], shown.panel.shown["total"]
    (0, 1)
    >>> shown.close()
    """
    wanted = pd.DataFrame(
        [
            {
                "arm": arm.name,
                "seed": arm.seed,
                "examples": len(arm.subset),
                "subset": records.fingerprint(arm.subset),
            }
            for arm in arms
        ]
    )
    if wanted.empty:
        raise ValueError("need at least one arm, got none")
    return Monitor(lambda: _look(wanted, measure, title))


def _look(wanted: pd.DataFrame, measure: str, title: str) -> dict[str, Any]:
    made = runs.frame("ablate")
    keys = ["seed", "subset"]
    if set(keys) <= set(made.columns):
        made = made.drop_duplicates(keys, keep="last").drop(columns=["arm", "examples"])
        found = wanted.merge(made, on=keys, how="left")
    else:
        found = wanted.assign(id=None)
    found[measure] = pd.to_numeric(found[measure]) if measure in found else float("nan")
    found["done"] = found["id"].notna()
    rows = [["arm", "examples", "finished", f"{measure} (mean)", "lowest", "highest"]]
    for name, group in found.groupby("arm", sort=False):
        values = group.loc[group["done"], measure].dropna()
        numbers = [values.mean(), values.min(), values.max()] if len(values) else []
        shown = [f"{value:.3f}" for value in numbers] or ["", "", ""]
        finished = f"{int(group['done'].sum())} of {len(group)}"
        rows.append([str(name), f"{int(group['examples'].median()):,}", finished, *shown])
    done = int(found["done"].sum())
    seconds = pd.to_numeric(found["seconds"]).sum() if "seconds" in found else 0.0
    return {
        "title": title,
        "state": "finished" if done == len(found) else "under way",
        "done": done,
        "total": len(found),
        "facts": [["model seconds", f"{seconds:.0f}"]],
        "table": rows,
        "buttons": [],
        "over": done == len(found),
    }
