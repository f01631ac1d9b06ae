import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lab import paths, records, tune
from lab.errors import TuneError
from lab.tune import launch


def report(folder):
    return json.loads((folder / "tune.json").read_text(encoding="utf-8"))


def test_two_processes_take_the_steps_of_one(recipe, pool, tmp_path):
    recipe = replace(recipe, micro_batches=2)
    alone = report(tune.sft(pool, recipe, tmp_path / "alone"))["loss"]
    folder = tmp_path / "to gether"
    line = tune.launch_line(pool, recipe, folder, processes=2)
    assert line == (
        "accelerate launch --multi_gpu --num_processes 2 --mixed_precision no "
        f"-m lab.tune '{folder}'"
    )
    # what accelerate starts on GPUs, torchrun rehearses on a CPU
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*torchrun, "--nproc_per_node", "2", "-m", "lab.tune", str(folder)],
        capture_output=True,
        text=True,
        cwd=paths.root(),
        env={**os.environ, "PYTHONPATH": str(paths.root())},
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert report(folder)["finished"]
    np.testing.assert_allclose(report(folder)["loss"], alone, atol=1e-5)
    assert tune.sft(pool, recipe, folder) == folder  # found, not run again


def test_a_batch_that_cannot_be_spread_is_an_error(recipe, pool, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="divide the batch_size of 16, got 3 x 1"):
        tune.launch_line(pool, recipe, tmp_path, processes=3)
    with pytest.raises(ValueError, match="divide the batch_size of 16, got 0 x 1"):
        tune.launch_line(pool, recipe, tmp_path, processes=0)
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(TuneError, match="multiple of micro_batches x processes = 3, got 16"):
        tune.sft(pool, recipe, tmp_path / "tuned")


def test_the_launched_run_gets_the_pool_as_it_was(talking, talks, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(launch, "sft", lambda subset, *rest: given.append((subset, *rest)))
    tune.launch_line(talks, talking, tmp_path, processes=1)
    launch.run(tmp_path)
    ((subset, recipe, folder),) = given
    pd.testing.assert_frame_equal(records.validate(subset), talks)
    assert subset["tools"].tolist() == talks["tools"].tolist()
    assert subset["steps"].tolist() == talks["steps"].tolist()
    assert subset["history"].tolist() == talks["history"].tolist()
    assert (recipe, folder) == (talking, tmp_path)


def test_nothing_to_run_is_an_error(tmp_path):
    with pytest.raises(TuneError, match="holds no job.json; write one with tune.launch_line"):
        launch.run(tmp_path)
