import contextlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest

from lab import ablate, engine, paths, records, runs
from lab.errors import RunError
from lab.tune import Recipe
from tests.ablate import fakes

RECIPE = Recipe(model="hub/model", steps=1)


def draw(n, *, seed):
    return records.frame([{"instruction": f"{seed} {i}", "output": "x"} for i in range(n)])


def grid(*sizes, seeds=(0, 1)):
    return ablate.arms({f"n {n}": partial(draw, n) for n in sizes}, RECIPE, seeds=seeds)


def calls(data_folder):
    path = data_folder / "calls"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_one_row_per_arm_and_seed_in_the_order_given(data_folder):
    table = ablate.run(grid(2, 3), tune=fakes.tune, evaluate=fakes.evaluate, workers=2)
    assert table["arm"].tolist() == ["n 2", "n 3", "n 2", "n 3"]
    assert table["seed"].tolist() == [0, 0, 1, 1]
    assert table["examples"].tolist() == [2, 3, 2, 3]
    expected = runs.get(table["run"][0]).frame("answers")
    assert table["exact"][0] == expected["exact"].mean()
    assert table["exact_seen"][0] == expected["exact_seen"].mean()
    assert calls(data_folder) == 4


def test_only_what_is_missing_is_computed(data_folder):
    first = ablate.run(grid(2, 3), tune=fakes.tune, evaluate=fakes.evaluate, workers=1)
    again = ablate.run(
        grid(2, 3, 4, seeds=(0, 1)), tune=fakes.tune, evaluate=fakes.evaluate, workers=1
    )
    assert calls(data_folder) == 4 + 2
    kept = again[again["arm"] != "n 4"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, first)


def test_what_is_finished_can_be_read_before_the_rest(data_folder):
    how = {"tune": fakes.tune, "evaluate": fakes.evaluate}
    assert ablate.finished(grid(2, 3), **how) == []
    ablate.run(grid(2, seeds=[0]), workers=1, **how)
    done = ablate.finished(grid(2, 3), **how)
    assert [(arm.name, arm.seed) for arm in done] == [("n 2", 0)]
    assert len(ablate.run(done, **how)) == calls(data_folder) == 1


def test_an_arm_under_another_name_is_not_trained_again(data_folder):
    first = ablate.run(grid(2, seeds=[0]), tune=fakes.tune, evaluate=fakes.evaluate, workers=1)
    others = ablate.arms({"other": partial(draw, 2), "third": partial(draw, 2)}, RECIPE, seeds=[0])
    again = ablate.run(others, tune=fakes.tune, evaluate=fakes.evaluate, workers=1)
    assert calls(data_folder) == 1
    assert again["arm"].tolist() == ["other", "third"]
    assert set(again["run"]) == set(first["run"])


def test_arms_of_one_call_with_the_same_content_are_trained_once(data_folder):
    arms = ablate.arms({name: partial(draw, 2) for name in "ab"}, RECIPE, seeds=[0, 1])
    table = ablate.run(arms, tune=fakes.tune, evaluate=fakes.evaluate, workers=1)
    assert len(table) == 4
    assert calls(data_folder) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"evaluate": partial(fakes.evaluate, bonus=0.1)},
        {"arms": ablate.arms({"n 2": partial(draw, 3)}, RECIPE, seeds=[0])},
        {"arms": ablate.arms({"n 2": partial(draw, 2)}, Recipe(model="m", steps=1), seeds=[0])},
        {
            "arms": ablate.arms(
                {"n 2": partial(draw, 2)}, Recipe(model="hub/model", steps=2), seeds=[0]
            )
        },
    ],
    ids=["evaluation", "examples", "model", "recipe"],
)
def test_what_changes_the_result_makes_a_new_cell(data_folder, change):
    given = {"arms": grid(2, seeds=[0]), "tune": fakes.tune, "evaluate": fakes.evaluate}
    for setup in (given, given | change):
        ablate.run(setup["arms"], tune=setup["tune"], evaluate=setup["evaluate"], workers=1)
    assert calls(data_folder) == 2


def test_other_weights_in_the_same_folder_make_a_new_cell(data_folder, tmp_path):
    recipe = Recipe(model=str(tmp_path), steps=1)
    for content in ("one", "two"):
        (tmp_path / "model.safetensors").write_text(content)
        arms = ablate.arms({"a": partial(draw, 2)}, recipe, seeds=[0])
        ablate.run(arms, tune=fakes.tune, evaluate=fakes.evaluate, workers=1)
    assert calls(data_folder) == 2


def test_a_failed_arm_is_named_and_the_others_are_kept(data_folder):
    arms = grid(2, 3, 4, seeds=[0])
    with pytest.raises(
        RunError, match=r"1 of 3 arms failed.*Arm\(n 3, 3 examples, seed 0\).*three"
    ):
        ablate.run(arms, tune=fakes.fail_on_three, evaluate=fakes.evaluate, workers=1)
    assert len(runs.frame("ablate")) == 2


KILLED = """
from lab import ablate
from tests.ablate import fakes
from tests.ablate.test_run import grid
if __name__ == "__main__":
    ablate.run(grid(2, 3, 4, 5), tune=fakes.die_after_two, evaluate=fakes.evaluate, workers=2)
"""


def test_a_killed_ablation_goes_on_and_leaves_no_process_behind(data_folder, tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    # the pipes of the output close only when the last worker is gone
    done = subprocess.run(
        [sys.executable, str(script)],
        check=False,
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == -9
    finished, before = len(runs.frame("ablate")), calls(data_folder)
    assert finished >= 1
    table = ablate.run(
        grid(2, 3, 4, 5), tune=fakes.die_after_two, evaluate=fakes.evaluate, workers=1
    )
    assert len(table) == 8
    assert calls(data_folder) == before + 8 - finished


@pytest.mark.parametrize("count", [1, 3])
def test_frames_are_made_once_in_processes_of_one_thread(monkeypatch, count):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # what a notebook's own process may have
    makes = {number: partial(fakes.where, number) for number in range(count)}
    made = ablate.each("synth", makes, workers=2)
    whole = pd.concat(made)
    assert whole["number"].tolist() == list(range(count))
    assert set(whole["OMP_NUM_THREADS"]) == set(whole["MKL_NUM_THREADS"]) == {"1"}
    assert os.getpid() not in set(whole["process"])
    again = pd.concat(ablate.each("synth", makes, workers=1))
    pd.testing.assert_frame_equal(whole, again)


@pytest.mark.parametrize(("free", "processes"), [(10**12, 2), (5 * 10**7, 1), (1, 1)])
def test_no_more_trainings_run_at_once_than_there_is_memory_for(monkeypatch, free, processes):
    opened = []
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    memory = SimpleNamespace(available=free)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    one = contextlib.nullcontext(ThreadPoolExecutor(1))
    monkeypatch.setattr(engine, "opened", lambda _, workers, gpus: opened.append(workers) or one)
    recipe = Recipe(model=str(paths.base_model()), steps=1)  # takes some 30 MB
    arms = ablate.arms({"two": partial(draw, 2), "three": partial(draw, 3)}, recipe, seeds=[0])
    ablate.run(arms, tune=fakes.tune, evaluate=fakes.evaluate)
    assert opened == [processes]


def test_each_training_has_a_gpu_of_its_own_where_there_are_any(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,4")
    table = ablate.run(grid(2, 3), tune=fakes.tune, evaluate=fakes.seen_gpu)
    assert set(table["gpu"]) <= {3, 4}


def test_a_process_that_was_killed_says_what_helps():
    with pytest.raises(RunError, match=r"mostly short of memory: workers=1 or more micro_batches"):
        ablate.run(grid(2), tune=fakes.killed, evaluate=fakes.evaluate, workers=2)


def test_details_hold_the_outcome_of_each_prompt():
    table = ablate.run(grid(4), tune=fakes.tune, evaluate=fakes.evaluate, workers=1)
    outcomes = ablate.details(table, "exact_seen")
    assert outcomes.shape == (10, 2)
    assert outcomes[("n 4", 1)].mean() == table["exact_seen"][1]
    with pytest.raises(ValueError, match=r"measure must be one of \['exact', 'exact_seen'\]"):
        ablate.details(table, "speed")


@pytest.mark.parametrize("function", [lambda model: model, partial(lambda model: model)])
def test_a_function_that_has_no_name_is_refused(function):
    with pytest.raises(ValueError, match="evaluate must be a function of a module"):
        ablate.run(grid(2), tune=fakes.tune, evaluate=function)


def test_arms_that_are_the_same_are_refused():
    with pytest.raises(ValueError, match=r"\('n 2', 0\) is there twice"):
        ablate.run(grid(2) + grid(2), tune=fakes.tune, evaluate=fakes.evaluate)
