"""Blind verdicts of people, in the same table as those of models.

A record is one line of JSON: `id` of the prompt, `rater`, `first` ("a" or "b", shown on the left),
`verdict` ("a", "b", "tie", or null if skipped), `reason`, `seconds`, `at`; `system` and
`reference` if one file holds several pairs. `PairJudge` writes them.

What a person kept and dropped on the synthesis bench is read by `labels`: examples that a rater, or
a prompt for one, can be held against.

A person sees a pair in one order, drawn at random, so rate with `rule=mean_preference`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lab import records
from lab.errors import DataError
from lab.judge import verdicts
from lab.load import rows as files

FIELDS = ("id", "rater", "first", "verdict")
LABELS = ("id", "rater", "verdict", *records.TEXTS)


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


def labels(path: str | Path) -> pd.DataFrame:
    """Read what people kept and dropped one by one, as on `SynthesisBench`, as examples.

    If a rater judged an example twice, the last record counts.

    Parameters
    ----------
    path : str or Path
        JSONL of records: `id`, `rater`, `verdict` ("keep" or "drop"), the three texts; `reason` and
        `method` where there are any. A file that is not there yet has no rows.

    Returns
    -------
    DataFrame
        A pool, a row per example: `raters` (how many judged it), `kept` (the share who kept it, 0
        to 1), `reason` (what was said, joined by a semicolon) and `method`.

    Raises
    ------
    DataError
        Naming the line that is no such record.

    Examples
    --------
    >>> import json, tempfile
    >>> said = {"rater": "ana", "verdict": "drop", "reason": "says nothing"}
    >>> said |= {"id": "1", "instruction": "Tell me.", "input": "", "output": "So it is."}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "bench.jsonl"
    ...     _ = file.write_text(json.dumps(said))
    ...     labels(file)[["kept", "reason"]].values.tolist()
    [[0.0, 'says nothing']]
    """
    said: dict[tuple[str, str], dict[str, Any]] = {}
    for row in files.read(path) if Path(path).exists() else []:
        if row.reason or not isinstance(row.value, Mapping):
            raise DataError("is no record", file=path, row=row.number, value=row.raw)
        for field in LABELS:
            if field not in row.value:
                rule = f"is missing (has {sorted(row.value)})"
                raise DataError(rule, file=path, row=row.number, field=field)
        if row.value["verdict"] not in ("keep", "drop"):
            rule, wrong = "must be 'keep' or 'drop'", row.value["verdict"]
            raise DataError(rule, file=path, row=row.number, field="verdict", value=wrong)
        said[str(row.value["rater"]), str(row.value["id"])] = dict(row.value)
    judged: dict[str, list[dict[str, Any]]] = {}
    for (_, key), one in said.items():
        judged.setdefault(key, []).append(one)
    columns = ["raters", "kept", "reason", "method"]
    pool = records.frame(_label(each) for each in judged.values())
    return pool if len(pool) else pool.reindex(columns=[*pool.columns, *columns])


def _label(each: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one example, and what was said of it."""
    reasons = dict.fromkeys(str(one["reason"]) for one in each if one.get("reason"))
    return {
        **{name: each[0][name] for name in records.TEXTS},
        "source": str(each[0].get("method", "")),
        "raters": len(each),
        "kept": sum(one["verdict"] == "keep" for one in each) / len(each),
        "reason": "; ".join(reasons),
        "method": str(each[0].get("method", "")),
    }


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
