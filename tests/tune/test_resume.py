import json
import multiprocessing
import os
import random
import signal
from dataclasses import replace
from functools import partial

from lab import tune

# a fork of this process, which has threads by now, may crash: the server forks before it has any
RUNS = multiprocessing.get_context("forkserver")
RUNS.set_forkserver_preload(["lab.tune.sft"])


def kill_after(step, now, loss):
    if now == step:
        os.kill(os.getpid(), signal.SIGKILL)


def train_until_killed(pool, recipe, folder, step):
    """Fine-tune in a process that kills itself, as a machine would, after `step`."""
    watch = partial(kill_after, step)
    process = RUNS.Process(target=tune.sft, args=(pool, recipe, folder), kwargs={"watch": watch})
    process.start()
    process.join(60)
    return process.exitcode


def report(folder):
    return json.loads((folder / "tune.json").read_text(encoding="utf-8"))


def test_killed_at_three_random_steps_ends_with_the_same_weights(recipe, pool, tmp_path):
    recipe = replace(
        recipe,
        epochs=5,  # of 8 steps
        micro_batches=2,
        last_layer_dropout=0.3,
        neftune_alpha=5.0,
        checkpoints=tune.Checkpoints(every_steps=3, keep=2),
    )
    unbroken = tune.sft(pool, recipe, tmp_path / "unbroken")
    broken = tmp_path / "broken"
    for step in sorted(random.Random(1).sample(range(2, 40), 3)):
        assert train_until_killed(pool, recipe, broken, step) == -signal.SIGKILL
        assert not report(broken)["finished"]
    tune.sft(pool, recipe, broken)
    weights = [folder / "model.safetensors" for folder in (broken, unbroken)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert report(broken)["loss"] == report(unbroken)["loss"]
    assert report(broken)["resumed_from"] is not None
    assert report(unbroken)["resumed_from"] is None


def test_a_half_written_checkpoint_is_not_gone_on_from(recipe, pool, tmp_path):
    recipe = replace(recipe, checkpoints=tune.Checkpoints(every_steps=4))
    unbroken = tune.sft(pool, recipe, tmp_path / "unbroken")
    broken = tmp_path / "broken"
    assert train_until_killed(pool, recipe, broken, 7) == -signal.SIGKILL
    half = broken / "checkpoint-8"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    (half / "optimizer.pt").write_bytes(b"half")
    tune.sft(pool, recipe, broken)
    assert report(broken)["resumed_from"] == 4
    assert report(broken)["loss"] == report(unbroken)["loss"]


def test_weights_only_checkpoints_start_again(recipe, pool, tmp_path):
    recipe = replace(recipe, checkpoints=tune.Checkpoints(every_steps=4, resumable=False))
    assert train_until_killed(pool, recipe, tmp_path / "broken", 11) == -signal.SIGKILL
    assert not list(tmp_path.glob("broken/checkpoint-*/optimizer.pt"))
    tune.sft(pool, recipe, tmp_path / "broken")
    assert report(tmp_path / "broken")["resumed_from"] is None


def test_optimizer_state_stays_with_the_newest_checkpoint_until_the_end(recipe, pool, tmp_path):
    recipe = replace(recipe, checkpoints=tune.Checkpoints(every_steps=4))
    folder = tmp_path / "tuned"
    assert train_until_killed(pool, recipe, folder, 11) == -signal.SIGKILL
    assert sorted(path.name for path in folder.glob("*-*")) == ["checkpoint-4", "checkpoint-8"]
    assert [path.parent.name for path in folder.glob("*/optimizer.pt")] == ["checkpoint-8"]
    tune.sft(pool, recipe, folder)
    assert len(list(folder.glob("checkpoint-*/model.safetensors"))) == 4
    assert not list(folder.glob("*/optimizer.pt"))
    assert not list(folder.rglob("*.bin"))
