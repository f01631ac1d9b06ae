"""Findings that were recorded, here and before, as one table: what two settings say of one claim.

RESULTS.md is the memory of a checkout: it holds, of each title and setting, the newest finding.
Runs of this data folder that are newer are beside them.
"""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from lab import paths, runs
from lab.ablate.findings import METHOD

COLUMNS = ["setting", "claim", "ours", "verdict", "n", "made"]


def recorded(*, setting: str | None = None) -> pd.DataFrame:
    """Return the newest finding of each title and setting; nothing of it counts as used.

    Parameters
    ----------
    setting : str, optional
        Such as "testbed": findings of this setting alone.

    Returns
    -------
    DataFrame
        Index `title` ("ablation: claim's name"), in order: setting, claim, ours (the difference
        with its interval, as text), verdict, n (prompts and seeds), made (when, in ISO form).

    Examples
    --------
    >>> recorded().columns.tolist()
    ['setting', 'claim', 'ours', 'verdict', 'n', 'made']
    """
    rows = [*_of_results(), *_of_runs()]
    table = pd.DataFrame(rows, columns=["title", *COLUMNS]).sort_values("made", kind="stable")
    table = table.drop_duplicates(["title", "setting"], keep="last")
    if setting is not None:
        table = table[table["setting"] == setting]
    return table.sort_values(["title", "setting"]).set_index("title")


def _of_results() -> list[dict[str, str]]:
    """Return the rows of RESULTS.md's table of claims."""
    if not paths.results().is_file():
        return []
    text = paths.results().read_text(encoding="utf-8")
    part = text.partition("## Ablations\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    cells = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
    ]
    found = [dict(zip(cells[0], row, strict=True)) for row in cells[2:]] if cells else []
    return [{"title": row["ablation"], **{name: row[name] for name in COLUMNS}} for row in found]


def _of_runs() -> list[dict[str, str]]:
    """Return the findings among the runs; `runs.frame` notes nothing as used."""
    table = runs.frame("report")
    found = table[table["method"] == METHOD].to_dict("records")
    return [_row(run) for run in found]


def _row(run: Mapping[Any, Any]) -> dict[str, str]:
    numbers = run["numbers"]
    low, high = (f"{numbers[name]:.3f}" for name in ("low", "high"))
    return {
        **{name: str(run[name]) for name in ("title", "setting", "claim", "verdict")},
        "ours": f"{numbers['difference']:.3f} [{low}, {high}]",
        "n": f"{numbers['prompts']} prompts, {numbers['seeds']} seeds",
        "made": str(run["began"]),
    }
