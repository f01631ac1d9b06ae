import numpy as np
import pandas as pd
import pytest

from lab.errors import DataError
from lab.judge import verdicts

ROW = {"prompt": "p1", "judge": "me", "first": "a", "verdict": "a"}


def test_what_a_row_leaves_out_is_missing():
    made = verdicts.table([ROW, ROW | {"first": None, "verdict": "invalid", "seconds": 3.0}])
    assert list(made.columns) == [*verdicts.COLUMNS, "seconds"]
    assert made["preference"].tolist()[0] == 1.0
    assert np.isnan(made["preference"].iloc[1])
    assert made[["score_a", "reply", "key", "cost_usd"]].isna().all(axis=None)
    assert made["system"].tolist() == ["a", "a"]


def test_a_table_without_rows_has_all_columns():
    made = verdicts.table([])
    assert list(made.columns) == list(verdicts.COLUMNS)
    assert verdicts.validate(made) is made


def test_tables_join():
    one, two = verdicts.table([ROW]), verdicts.table([ROW | {"judge": "you"}])
    joined = verdicts.validate(pd.concat([one, two], ignore_index=True))
    assert joined.dtypes.equals(one.dtypes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "A"}, "row 0, field 'verdict': must be one of a, b, tie, invalid .got 'A'"),
        ({"verdict": None}, "row 0, field 'verdict': is missing"),
        ({"first": "b2"}, "row 0, field 'first': must be 'a', 'b' or missing"),
        ({"preference": 0.2}, "field 'preference': must lie in .0, 1. on the side of the verdict"),
        ({"preference": 1.5}, "field 'preference'"),
        ({"verdict": "invalid", "preference": 0.5}, "field 'preference'"),
    ],
)
def test_errors_say_what_came(change, message):
    with pytest.raises(DataError, match=message):
        verdicts.table([ROW | change])


def test_nobody_judges_twice_under_one_key():
    with pytest.raises(DataError, match="row 1.*was judged before"):
        verdicts.table([ROW, ROW])


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="needs the column 'sample'"):
        verdicts.validate(verdicts.table([ROW]).drop(columns="sample"))
