import json
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest

from lab import records, runs
from lab.errors import RunError


def finish(params, inputs=(), **options):
    with runs.start("select", "kcenter", params, inputs, **options) as run:
        run.save("subset", pd.Index(["a", "b"], name="id"))
        run.log(radius=np.float64(0.5), note="fine")
    return run


def test_a_finished_run_is_found_by_its_arguments_and_its_id():
    run = finish({"k": 2, "init": (1, 2)}, ["embed/x-1"])
    found = runs.find("select", "kcenter", {"init": [1, 2], "k": 2}, ["embed/x-1"])
    assert found.folder == run.folder
    assert runs.get(run.id).numbers == {"radius": 0.5, "note": "fine"}
    assert found.series("subset").tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("params", "inputs", "version"),
    [({"k": 3}, ["embed/x-1"], 1), ({"k": 2}, ["embed/x-2"], 1), ({"k": 2}, ["embed/x-1"], 2)],
)
def test_another_parameter_input_or_version_is_another_run(params, inputs, version):
    finish({"k": 2}, ["embed/x-1"])
    assert runs.find("select", "kcenter", params, inputs, version=version) is None


def test_what_each_form_comes_back_as():
    with runs.start("embed", "all", {}) as run:
        run.save("frame", pd.DataFrame({"x": [1.5]}, index=pd.Index(["i"], name="id")))
        run.save("series", pd.Series([1.0, 2.0], name="ifd"))
        run.save("array", np.eye(2, dtype=np.float32))
        run.save("text", "红 <b>")
        run.save("tree", {"a": [1, None], "b": np.int64(3)})
    assert run.frame("frame").loc["i", "x"] == 1.5
    assert run.series("series").name == "ifd"
    np.testing.assert_array_equal(run.array("array"), np.eye(2))
    assert run.text("text") == "红 <b>"
    assert run.json("tree") == {"a": [1, None], "b": 3}
    with pytest.raises(RunError, match=r"has no frame.npy \(has array.npy, frame.parquet"):
        run.array("frame")


def test_a_pool_survives_a_run():
    pool = records.frame([{"instruction": "a", "output": "b"}])
    with runs.start("load", "me", {}) as run:
        run.save("pool", pool)
    records.validate(runs.get(run.id).frame("pool"))


def test_a_failed_run_is_not_found_and_goes_on_with_its_files():
    with pytest.raises(KeyError), runs.start("tune", "sft", {"lr": 1.0}) as run:
        run.save("half", "done so far")
        raise KeyError
    assert runs.find("tune", "sft", {"lr": 1.0}) is None
    with runs.start("tune", "sft", {"lr": 1.0}) as again:
        assert again.text("half") == "done so far"
    assert runs.find("tune", "sft", {"lr": 1.0}).record["files"] == ["half.txt"]


def test_a_killed_run_is_not_found():
    code = (
        "import os, signal\nfrom lab import runs\n"
        "with runs.start('tune', 'sft', {}) as run:\n"
        "    run.save('half', 'x')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert runs.find("tune", "sft", {}) is None
    with runs.start("tune", "sft", {}) as run:
        assert run.text("half") == "x"


def test_frame_has_a_row_per_finished_run_with_parameters_and_numbers():
    finish({"k": 2})
    finish({"k": 3})
    table = runs.frame("select")
    assert sorted(table["k"]) == [2, 3]
    assert list(table.columns[:2]) == ["id", "method"]
    assert {"radius", "seconds", "commit"} <= set(table.columns)
    assert len(runs.frame("judge")) == 0


MADE = []


def scaled(table, *, by=2, shift=0):
    MADE.append(by)
    return table * by + shift


def test_once_makes_a_frame_one_time():
    MADE.clear()
    table = pd.DataFrame({"x": [1, 2]})
    first = runs.once("coverage", partial(scaled, table))
    assert first["x"].tolist() == [2, 4]
    again = runs.once("coverage", partial(scaled, table.copy(), by=2, shift=0))
    pd.testing.assert_frame_equal(first, again)
    assert MADE == [2]
    run = runs.get(runs.frame("coverage")["id"][0])
    assert (run.method, run.params["by"], run.params["shift"]) == ("scaled", 2, 0)


def test_once_makes_a_frame_again_where_methods_give_other_results_than_before(monkeypatch):
    MADE.clear()
    table = pd.DataFrame({"x": [5]})
    for version in (runs.ONCE, runs.ONCE + 1, runs.ONCE + 1):
        monkeypatch.setattr(runs, "ONCE", version)
        runs.once("coverage", partial(scaled, table))
    assert MADE == [2, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"by": 3},
        {"shift": 1},
        {"table": pd.DataFrame({"x": [1, 3]})},
        {"table": pd.DataFrame({"y": [1, 2]})},
        {"table": pd.DataFrame({"x": [1, 2]}, index=[7, 8])},
    ],
    ids=["argument", "default", "values", "names", "index"],
)
def test_no_argument_can_be_left_out_of_a_run(change):
    MADE.clear()
    given = {"table": pd.DataFrame({"x": [1, 2]})}
    for arguments in (given, given | change):
        runs.once("coverage", partial(scaled, **arguments))
    assert len(MADE) == 2


def test_a_series_comes_back_as_one_column():
    lengths = pd.Series([1.0, 2.0], index=["a", "b"], name="length")
    for _ in range(2):
        assert runs.once("score", partial(scaled, lengths))["length"].to_dict() == {"a": 2, "b": 4}


def test_what_a_run_depends_on_beside_can_be_named():
    MADE.clear()
    table = pd.DataFrame({"x": [1]})
    for inputs in ([], ["load/file-1"], ["load/file-2"]):
        runs.once("coverage", partial(scaled, table), inputs=inputs)
    assert len(MADE) == 3


def test_the_record_says_with_what_it_was_made():
    record = finish({"k": 2}).record
    assert {"commit", "dirty", "versions", "python", "machine", "seconds"} <= set(record)
    assert record["versions"]["numpy"] == np.__version__
    assert record["seconds"] >= 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("cook", "x", {}), ValueError, "step must be one of load, synth, .*got 'cook'"),
        (("select", "A/b", {}), ValueError, "method must match"),
        (("select", "x", {}, "embed/x-1"), TypeError, "inputs must be a list"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message), runs.start(*arguments):
        pass


def test_a_run_that_is_not_there_and_a_record_that_is_broken():
    run = finish({"k": 2})
    with pytest.raises(RunError, match="no finished run 'select/none'; select has kcenter-"):
        runs.get("select/none")
    (run.folder / "run.json").write_text(json.dumps({"step": "select"}))
    with pytest.raises(RunError, match="is not the record of a run"):
        runs.get(run.id)


def test_numbers_must_be_numbers():
    with pytest.raises(TypeError, match="curve must be a number"), runs.start("tune", "x", {}) as r:
        r.log(curve=[1, 2])
