"""The finding of an ablation, recorded so that RESULTS.md and the index of reports can show it."""

from typing import Any

import pandas as pd

from lab import origins, records, runs

METHOD = "finding"


def publish(title: str, claim: str, summaries: pd.DataFrame, *, holds: bool) -> runs.Run:
    """Record what an ablation found; a negative finding is recorded like any other.

    The setting that is shown beside it (`setting` in the record: "testbed", "local", "mixed") is
    not asked for: it is taken from what this process used, see `lab.origins`.

    Parameters
    ----------
    title : str
        Of the ablation, such as "less is more: diversity".
    claim : str
        What was to be shown, in one sentence.
    summaries : DataFrame
        From `summary` or `compare`.
    holds : bool
        Whether the claim held, as computed.
    """
    numbers = summaries.reset_index().to_dict("list")
    used = origins.used()
    params: dict[str, Any] = {"title": title, "claim": claim, "setting": origins.label(used)}
    params |= {"used": origins.sentence(used), "holds": bool(holds)}
    params["numbers"] = {str(name): [_plain(v) for v in values] for name, values in numbers.items()}
    done = runs.find("report", METHOD, params)
    if done is not None:
        return done
    with runs.start("report", METHOD, params) as run:
        records.write_parquet(summaries.reset_index(), run.folder / "summary.parquet")
    return run


def findings() -> list[runs.Run]:
    """Return the newest finding of each title and setting, in the order of their titles."""
    table = runs.frame("report")
    if len(table) == 0:
        return []
    table = table[table["method"] == METHOD]
    newest = table.drop_duplicates(["title", "setting"], keep="last").sort_values("title")
    return [runs.get(run_id) for run_id in newest["id"]]


def _plain(value: object) -> object:
    return round(value, 12) if isinstance(value, float) and value == value else str(value)  # noqa: PLR0124
