import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lab import files, llm, paths
from lab.invocation import content, describe


def work(pool, *, model="small", seed=0, **more):
    return pool, model, seed, more


@dataclass
class Setup:
    rate: float = 0.5
    parse: object = json.loads


def test_arguments_are_named_and_defaults_filled_in():
    one = describe(functools.partial(work, [1], seed=3))
    two = describe(functools.partial(work, seed=3, pool=[1], model="small"))
    assert one == two
    assert one["function"].endswith("test_invocation.work")
    assert (one["pool"], one["model"], one["seed"]) == ([1], "small", 3)


def test_what_is_missing_is_not_recorded():
    assert "pool" not in describe(work)


def test_dataclasses_and_functions_are_recorded_by_what_they_hold():
    found = describe(functools.partial(work, Setup()))["pool"]
    assert found == {"class": "Setup", "rate": 0.5, "parse": describe(json.loads)}


def test_a_client_is_known_by_its_server_and_model():
    one, two = (
        llm.Client(name, base_url="http://localhost:1/v1", store=":memory:") for name in "ab"
    )
    assert describe(functools.partial(work, one)) != describe(functools.partial(work, two))


def test_a_model_is_known_by_its_weights_and_a_file_by_its_bytes(tmp_path):
    base = describe(functools.partial(work, str(paths.base_model())))["pool"]
    assert base["model"].startswith("sha256:")
    path = files.write_text(tmp_path / "a.jsonl", "one")
    before = describe(functools.partial(work, path))
    files.write_text(path, "two")
    assert describe(functools.partial(work, path)) != before
    assert describe(functools.partial(work, Path("no/such/file")))["pool"] == "no/such/file"
    assert describe(functools.partial(work, "and/or " * 2000))["pool"] == "and/or " * 2000


@pytest.mark.parametrize(
    "other",
    [
        pd.DataFrame({"a": [1, 2], "b": ["x", "z"]}),
        pd.DataFrame({"a": [1, 2], "c": ["x", "y"]}),
        pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=["r", "s"]),
        pd.DataFrame({"b": ["x", "y"], "a": [1, 2]}),
    ],
    ids=["value", "name", "type", "index", "order"],
)
def test_a_table_is_known_by_all_that_it_holds(other):
    table = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert content(table) == content(table.copy())
    assert content(table) != content(other)


def test_cells_may_hold_anything():
    one, two = (pd.DataFrame({"h": [[{"role": "user", "content": c}], []]}) for c in "ab")
    assert content(one) != content(two)
    assert content(np.zeros((2, 3))) != content(np.zeros((3, 2)))


@pytest.mark.parametrize("function", [lambda: 1, functools.partial(lambda x: x, 1)])
def test_a_function_without_a_name_is_refused(function):
    with pytest.raises(ValueError, match="make must be a function of a module or a partial of one"):
        describe(function, role="make")


def test_an_argument_that_cannot_be_recorded_is_named():
    with pytest.raises(TypeError, match="pool cannot be recorded: no canonical form for object"):
        describe(functools.partial(work, object()))
