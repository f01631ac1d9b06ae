import json
import multiprocessing
import os
import random
import signal
from dataclasses import replace
from functools import partial

import torch

from lab import tune

# a fork of this process, which has threads by now, may crash: the server forks before it has any
RUNS = multiprocessing.get_context("forkserver")
RUNS.set_forkserver_preload(["lab.tune.sft"])


def work(pool, recipe, folder, watch):
    torch.set_num_threads(1)
    tune.sft(pool, recipe, folder, watch=watch)


def kill_after(step, now, loss):
    if now == step:
        os.kill(os.getpid(), signal.SIGKILL)


def train(pool, recipe, folder, step=None):
    """Fine-tune in a fresh process that kills itself, as a machine would, after `step`.

    Sums depend on the number of threads, so that all trainings that are compared have one.
    """
    watch = partial(kill_after, step)
    process = RUNS.Process(target=work, args=(pool, recipe, folder, watch))
    process.start()
    process.join(60)
    assert process.exitcode == (0 if step is None else -signal.SIGKILL)


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
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    train(pool, recipe, unbroken)
    for step in sorted(random.Random(1).sample(range(2, 40), 3)):
        train(pool, recipe, broken, step)
        assert not report(broken)["finished"]
    train(pool, recipe, broken)
    weights = [folder / "model.safetensors" for folder in (broken, unbroken)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert report(broken)["loss"] == report(unbroken)["loss"]
    assert report(broken)["resumed_from"] is not None
    assert report(unbroken)["resumed_from"] is None


def test_a_half_written_checkpoint_is_not_gone_on_from(recipe, pool, tmp_path):
    recipe = replace(recipe, checkpoints=tune.Checkpoints(every_steps=4))
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    train(pool, recipe, unbroken)
    train(pool, recipe, broken, 7)
    half = broken / "checkpoint-8"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    (half / "optimizer.pt").write_bytes(b"half")
    train(pool, recipe, broken)
    assert report(broken)["resumed_from"] == 4
    assert report(broken)["loss"] == report(unbroken)["loss"]


def test_weights_only_checkpoints_start_again(recipe, pool, tmp_path):
    recipe = replace(recipe, checkpoints=tune.Checkpoints(every_steps=4, resumable=False))
    train(pool, recipe, tmp_path / "broken", 11)
    assert not list(tmp_path.glob("broken/checkpoint-*/optimizer.pt"))
    train(pool, recipe, tmp_path / "broken")
    assert report(tmp_path / "broken")["resumed_from"] is None


def test_optimizer_state_stays_with_the_newest_checkpoint_until_the_end(recipe, pool, tmp_path):
    recipe = replace(recipe, checkpoints=tune.Checkpoints(every_steps=4))
    folder = tmp_path / "tuned"
    train(pool, recipe, folder, 11)
    assert sorted(path.name for path in folder.glob("*-*")) == ["checkpoint-4", "checkpoint-8"]
    assert [path.parent.name for path in folder.glob("*/optimizer.pt")] == ["checkpoint-8"]
    train(pool, recipe, folder)
    assert len(list(folder.glob("checkpoint-*/model.safetensors"))) == 4
    assert not list(folder.glob("*/optimizer.pt"))
    assert not list(folder.rglob("*.bin"))
