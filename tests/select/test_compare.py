import time
import tracemalloc
from functools import partial

import numpy as np
import pytest

from lab import select

X = np.random.default_rng(0).normal(size=(50, 4))


def slow_first_and_large(k, calls):
    """Take a while at the first call alone, and 8 MB at every one."""
    calls.append(k)
    time.sleep(0.0 if len(calls) % 2 == 0 else 0.1)
    return np.zeros(2**20)[:k].astype(int) + np.arange(k)


def test_one_row_a_method_and_budget_in_their_order():
    methods = {"b": partial(select.random, 50), "a": partial(select.kcenter, X)}
    table = select.compare(methods, [9, 3], measures={"first": lambda rows: rows[0]})
    assert table.index.tolist() == [("b", 9), ("b", 3), ("a", 9), ("a", 3)]
    assert table.index.names == ["method", "k"]
    assert table["picked"].tolist() == [9, 3, 9, 3]
    assert table.columns.tolist() == ["picked", "seconds", "peak_mb", "first"]
    assert table.loc[("b", 9), "first"] == select.random(50, 9).indices[0]


def test_memory_is_of_the_first_call_and_time_of_the_second():
    calls = []
    table = select.compare({"own": partial(slow_first_and_large, calls=calls)}, [5])
    assert calls == [5, 5]
    assert 8 <= table["peak_mb"].item() < 30
    assert table["seconds"].item() < 0.09
    assert not tracemalloc.is_tracing()


def test_methods_that_stop_early_say_so():
    alike = np.ones((6, 3))
    table = select.compare({"deita": partial(select.deita, alike, np.arange(6.0))}, [4])
    assert table["picked"].tolist() == [1]


@pytest.mark.parametrize(
    ("methods", "budgets", "measures", "message"),
    [
        ({}, [1], {}, "need a method and a budget, got 0 and 1"),
        ({"random": partial(select.random, 5)}, [], {}, "got 1 and 0"),
        ({"random": partial(select.random, 5)}, [2], {"seconds": len}, "column, got 'seconds'"),
    ],
)
def test_errors_say_what_came(methods, budgets, measures, message):
    with pytest.raises(ValueError, match=message):
        select.compare(methods, budgets, measures=measures)
