import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from lab import paths, records, tune
from lab.errors import TuneError
from lab.tune import launch


def report(folder):
    return json.loads((folder / "tune.json").read_text(encoding="utf-8"))


def started(command):
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=paths.root(),
        env={**os.environ, "PYTHONPATH": str(paths.root())},
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def same_weights(alone, together, before):
    """Weights are the same but for the order of sums, measured by how far training moved them."""
    found = {}
    for folder in (alone, together):
        (file,) = folder.glob("*model.safetensors")
        found[folder] = load_file(file)
    ours, theirs = found.values()
    assert ours.keys() == theirs.keys()
    start = load_file(before / "model.safetensors")
    for name, weight in ours.items():
        moved = np.abs(weight - start[name]).max() if name in start else np.abs(weight).max()
        assert np.abs(weight - theirs[name]).max() < 0.01 * moved, name


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
    started([*torchrun, "--nproc_per_node", "2", "-m", "lab.tune", str(folder)])
    assert report(folder)["finished"]
    np.testing.assert_allclose(report(folder)["loss"], alone, atol=1e-5)
    same_weights(tmp_path / "alone", folder, Path(recipe.model))
    assert tune.sft(pool, recipe, folder) == folder  # found, not run again


IN_PARTS = """
import os, sys
from accelerate import state

init, plugins = state.AcceleratorState.__init__, []

# accelerate has weights in parts on GPUs alone; torch has them anywhere
def on_a_cpu(self, *args, **kwargs):
    init(self, *args, **kwargs)
    if kwargs.get("fsdp_plugin") is not None:
        plugins.append(kwargs["fsdp_plugin"])
    if plugins:
        state.PartialState._shared_state["distributed_type"] = state.DistributedType.FSDP
        self.distributed_type, self.fsdp_plugin = state.DistributedType.FSDP, plugins[-1]

state.AcceleratorState.__init__ = on_a_cpu
from lab.tune import launch, trainer
gathered = trainer.base.save

def told(model, *args, **kwargs):
    if kwargs.get("weights") is not None:
        print("kinds:", {type(value).__name__ for value in model.parameters()})
    gathered(model, *args, **kwargs)

trainer.base.save = told
launch.run(sys.argv[1])
"""


@pytest.mark.parametrize("lora", [None, tune.Lora(merge=False)])
def test_weights_in_parts_become_those_of_one_process(recipe, pool, tmp_path, lora):
    recipe = replace(recipe, lora=lora)
    alone, folder = tune.sft(pool, recipe, tmp_path / "alone"), tmp_path / "in parts"
    words = shlex.split(tune.launch_line(pool, recipe, folder, processes=2, shard=True))
    assert words[:2] == ["accelerate", "launch"]
    assert words[-3:] == ["-m", "lab.tune", str(folder)]
    (tmp_path / "run.py").write_text(IN_PARTS)
    accelerate = [sys.executable, "-m", "accelerate.commands.launch", "--main_process_port", "0"]
    done = started([*accelerate, *words[2:-3], str(tmp_path / "run.py"), str(folder)])
    assert "kinds: {'DTensor'}" in done.stdout
    np.testing.assert_allclose(report(folder)["loss"], report(alone)["loss"], atol=1e-5)
    same_weights(alone, folder, Path(recipe.model))
    assert not [*folder.rglob("*.bin"), *folder.rglob("*.pt*")]
    assert tune.sft(pool, recipe, folder) == folder


def test_adapters_are_not_merged_into_weights_in_parts(recipe, pool, tmp_path):
    with pytest.raises(ValueError, match=r"no process holds the weights .* Lora\(merge=False\)"):
        tune.launch_line(pool, replace(recipe, lora=tune.Lora()), tmp_path, processes=2, shard=True)


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
