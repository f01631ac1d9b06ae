"""The one table of verdicts: a row per prompt, system, reference, judge, order and sample.

`a` is the answer of the system, `b` that of the reference, whatever the order in which a judge
saw them; `first` says which was shown first. Published verdicts, replies of a judge and records
of human raters all have this form, so that every number is computed by the same code. Parsing is
a step of its own: the raw reply is kept beside what was read in it, and what could not be read is
"invalid", never a tie and never dropped.

Source: Zheng et al. 2023, arXiv:2306.05685 (position bias, and verdicts in both orders).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from lab.errors import DataError

KEYS = ("prompt", "system", "reference", "judge", "first", "sample")
COLUMNS = {
    "prompt": "str",
    "system": "str",  # who wrote answer a
    "reference": "str",  # who wrote answer b
    "judge": "str",
    "first": "str",  # the answer shown first: "a", "b", or missing if it is not known
    "sample": "int64",
    "verdict": "str",  # "a", "b", "tie" or "invalid"
    "preference": "float64",  # for a: 1, 0.5, 0, or a probability; missing if invalid
    "score_a": "float64",
    "score_b": "float64",
    "length_a": "float64",  # characters
    "length_b": "float64",
    "reply": "str",
    "error": "str",
    "cost_usd": "float64",
    "key": "str",  # of the reply in the store of replies
}
VERDICTS = ("a", "b", "tie", "invalid")
PREFERENCE = {"a": 1.0, "b": 0.0, "tie": 0.5, "invalid": np.nan}


def table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Build a table of verdicts from rows that hold at least `prompt`, `judge` and `verdict`.

    What a row leaves out is missing, but for `system` "a", `reference` "b", `sample` 0, and
    `preference`, which follows from the verdict. Further keys become columns.

    Raises
    ------
    DataError
        If a verdict is none of "a", "b", "tie", "invalid", `first` is neither "a" nor "b", a
        preference is out of [0, 1] or on the other side than the verdict, or two rows have the
        same keys.

    Examples
    --------
    >>> rows = [{"prompt": "p1", "judge": "me", "first": "a", "verdict": "tie"}]
    >>> table(rows)[["prompt", "verdict", "preference"]].values.tolist()
    [['p1', 'tie', 0.5]]
    """
    full = []
    for number, given in enumerate(rows):
        row: dict[str, Any] = {"system": "a", "reference": "b", "sample": 0, "first": None, **given}
        for name in ("prompt", "judge", "verdict"):
            if row.get(name) is None:
                raise DataError("is missing", row=number, field=name)
        if row["verdict"] not in VERDICTS:
            raise DataError(
                f"must be one of {', '.join(VERDICTS)}",
                row=number,
                field="verdict",
                value=row["verdict"],
            )
        row.setdefault("preference", PREFERENCE[row["verdict"]])
        full.append(row)
    extra = [name for row in full for name in row if name not in COLUMNS]
    made = pd.DataFrame(
        {
            name: pd.Series([row.get(name) for row in full], dtype=COLUMNS.get(name))
            for name in [*COLUMNS, *dict.fromkeys(extra)]
        }
    )
    return validate(made)


def validate(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return `verdicts` if it keeps the schema; DataError names the first row that does not."""
    missing = [name for name in COLUMNS if name not in verdicts.columns]
    if missing:
        raise DataError(
            f"a table of verdicts needs the column {missing[0]!r}; it has {list(verdicts.columns)}"
        )
    first = verdicts["first"]
    odd = ~(first.isin(["a", "b"]) | first.isna())
    _refuse(verdicts, odd, "first", "must be 'a', 'b' or missing")
    _refuse(
        verdicts,
        ~verdicts["verdict"].isin(VERDICTS),
        "verdict",
        f"must be one of {', '.join(VERDICTS)}",
    )
    preference = verdicts["preference"]
    expected = verdicts["verdict"].map({"a": 1.0, "b": -1.0, "tie": 0.0})
    wrong = (expected != np.sign(preference - 0.5)) & verdicts["verdict"].ne("invalid")
    wrong |= preference.notna() & verdicts["verdict"].eq("invalid")
    wrong |= ~preference.between(0, 1) & preference.notna()
    _refuse(verdicts, wrong, "preference", "must lie in [0, 1] on the side of the verdict")
    _refuse(verdicts, verdicts.duplicated(list(KEYS)), "prompt", "was judged before under its keys")
    return verdicts


def _refuse(verdicts: pd.DataFrame, wrong: "pd.Series[bool]", field: str, rule: str) -> None:
    if wrong.any():
        number = int(np.flatnonzero(wrong.to_numpy())[0])
        value = verdicts[field].iloc[number]
        raise DataError(rule, row=number, field=field, value=value)
