"""Blind verdicts of people, in the same table as those of models.

A record is one line of JSON: `id` of the prompt, `rater`, `first` ("a" or "b", shown on the left),
`verdict` ("a", "b", "tie", or null if skipped), `reason`, `seconds`, `at`; `system` and
`reference` if one file holds several pairs. `PairJudge` writes them.

A person sees a pair in one order, drawn at random, so rate with `rule=mean_preference`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lab.errors import DataError
from lab.judge import verdicts
from lab.load import rows as files

FIELDS = ("id", "rater", "first", "verdict")


def read(path: str | Path, *, system: str = "a", reference: str = "b") -> pd.DataFrame:
    """Read a file of records as a table of verdicts; `judge` is the rater.

    A skipped pair is "invalid", with the reason as reply. If a rater judged a pair twice, the last
    record counts, and the column `superseded` says how many did not.

    Parameters
    ----------
    path : str or Path
        JSONL of records.
    system, reference : str
        Who wrote a and b, where the records do not say.

    Raises
    ------
    DataError
        Naming the line that is no record.
    """
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in files.read(path):
        if row.reason or not isinstance(row.value, Mapping):
            raise DataError("is no record", file=path, row=row.number, value=row.raw)
        made = _row(row.value, Path(path), row.number, {"system": system, "reference": reference})
        key = (made["prompt"], made["judge"], made["system"], made["reference"])
        made["superseded"] = rows[key]["superseded"] + 1 if key in rows else 0
        rows[key] = made
    return verdicts.table(rows.values())


def _row(
    value: Mapping[str, Any], path: Path, number: int, names: Mapping[str, str]
) -> dict[str, Any]:
    for field in FIELDS:
        if field not in value:
            raise DataError(f"is missing (has {sorted(value)})", file=path, row=number, field=field)
    verdict = "invalid" if value["verdict"] is None else value["verdict"]
    if verdict not in verdicts.VERDICTS:
        rule = "must be 'a', 'b', 'tie' or null"
        raise DataError(rule, file=path, row=number, field="verdict", value=verdict)
    if value["first"] not in ("a", "b"):
        rule = "must be 'a' or 'b'"
        raise DataError(rule, file=path, row=number, field="first", value=value["first"])
    more = {name: value[name] for name in ("seconds", "at") if name in value}
    return {
        "prompt": str(value["id"]),
        "judge": str(value["rater"]),
        "system": str(value.get("system", names["system"])),
        "reference": str(value.get("reference", names["reference"])),
        "first": value["first"],
        "verdict": verdict,
        "reply": value.get("reason") or None,
        "cost_usd": 0.0,
        **more,
    }
