"""Several judges as one: the answer to "the same family filters and judges".

The panel's verdicts are a table of verdicts again, so that every rate and rule works on it; with
each judge left out in turn one sees how far a result hangs on one of them.

Source: Verga et al. 2024, arXiv:2404.18796 (a panel of smaller judges of several families).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from lab.judge import verdicts as tables
from lab.judge.rates import OrderRule, nine_cell, win_rate

CELL = ["prompt", "system", "reference", "first", "sample"]
JoinVerdicts = Callable[[pd.DataFrame], pd.DataFrame]


def majority(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Join all judges by the verdict that most of them gave, order by order.

    Two verdicts that share the lead make a tie. Invalid verdicts have no vote; where all are
    invalid the panel's is. `voters` counts the valid ones.
    """

    def vote(group: pd.DataFrame) -> dict[str, Any]:
        counts = group["verdict"].value_counts()
        best = counts[counts == counts.max()].index
        return {"verdict": best[0] if len(best) == 1 else "tie"}

    return _join(verdicts, vote, "majority")


def mean(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Join all judges by the mean of their preferences, order by order.

    Invalid verdicts have no vote; where all are invalid the panel's is.
    """

    def vote(group: pd.DataFrame) -> dict[str, Any]:
        preference = float(group["preference"].mean())
        side = "tie" if preference == 0.5 else "a" if preference > 0.5 else "b"
        return {"verdict": side, "preference": preference}

    return _join(verdicts, vote, "mean")


def leave_one_out(
    verdicts: pd.DataFrame,
    *,
    panel: JoinVerdicts = majority,
    rule: OrderRule = nine_cell,
    seed: int = 0,
) -> pd.DataFrame:
    """Rate with the whole panel, then without each judge: `win_rate` with a first column `without`.

    Raises
    ------
    ValueError
        If there are fewer than three judges: without one, a panel of two is no panel.
    """
    judges = sorted(verdicts["judge"].unique())
    if len(judges) < 3:
        raise ValueError(f"leaving one out needs at least 3 judges, got {judges}")
    parts = [("", verdicts), *((name, verdicts[verdicts["judge"] != name]) for name in judges)]
    rated = [
        win_rate(panel(part), rule=rule, seed=seed).assign(without=name) for name, part in parts
    ]
    whole = pd.concat(rated, ignore_index=True)
    return whole[["without", *whole.columns.drop("without")]]


def _join(
    verdicts: pd.DataFrame, vote: Callable[[pd.DataFrame], dict[str, Any]], how: str
) -> pd.DataFrame:
    given = tables.validate(verdicts)
    name = f"{how} of {given['judge'].nunique()}"
    rows = []
    for keys, group in given.groupby(CELL, sort=True, dropna=False):
        row: dict[str, Any] = dict(zip(CELL, keys, strict=True))
        row["first"] = row["first"] if isinstance(row["first"], str) else None
        lengths = {key: float(group[key].mean()) for key in ("length_a", "length_b")}
        valid = group[group["verdict"] != "invalid"]
        said = vote(valid) if len(valid) else {"verdict": "invalid"}
        cost = float(np.nansum(group["cost_usd"]))
        rows.append(row | said | lengths | {"judge": name, "voters": len(valid), "cost_usd": cost})
    return tables.table(rows)
