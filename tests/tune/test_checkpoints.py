import math
from dataclasses import replace

import pytest

from lab import tune
from lab.errors import TuneError
from lab.tune import checkpoints


@pytest.fixture(scope="module")
def tuned(base, pool, tmp_path_factory):
    recipe = tune.Recipe(
        model=str(base),
        template=tune.PLAIN,
        epochs=4,
        batch_size=32,
        learning_rate=1e-2,
        max_tokens=64,
    )
    return tune.sft(pool, recipe, tmp_path_factory.mktemp("tuned") / "model")


def test_the_checkpoint_that_writes_best_is_chosen(tuned, pool):
    dev = pool.head(30)

    def share_right(folder):
        return (tune.generate(folder, dev, max_new_tokens=6) == dev["output"]).mean()

    found = tune.choose(tuned, share_right)
    assert found.table.index.tolist() == [4, 8, 12, 16]
    assert found.table["epoch"].tolist() == [1, 2, 3, 4]
    assert found.table["chosen"].sum() == 1
    assert found.table.loc[found.table["chosen"], "quality"].item() == found.table["quality"].max()
    assert share_right(found.folder) == found.table["quality"].max()
    assert f"{found.folder.name}: quality" in repr(found)


def test_ties_go_to_the_earlier(tuned):
    assert tune.choose(tuned, lambda folder: 1.0).folder.name == "checkpoint-4"


def test_by_loss(tuned, pool):
    found = tune.choose(tuned, lambda folder: -tune.dev_loss(folder, pool))
    assert found.folder.name == "checkpoint-16"  # on the examples it was trained on


def test_no_checkpoints_or_no_quality_is_an_error(tuned, recipe, pool, tmp_path):
    with pytest.raises(TuneError, match="quality of checkpoint-4 must be a finite number, got nan"):
        tune.choose(tuned, lambda folder: math.nan)
    folder = tune.sft(pool, replace(recipe, epochs=1), tmp_path / "none")
    with pytest.raises(TuneError, match="no checkpoint in .*; tune with Recipe"):
        tune.choose(folder, lambda folder: 1.0)


def test_a_full_disk_is_noticed_before_training(tmp_path):
    with pytest.raises(TuneError, match="15 checkpoints need about .* GiB free; lower Checkpoints"):
        checkpoints.check_disk(tmp_path, model_bytes=10**15, count=15)
    checkpoints.check_disk(tmp_path, model_bytes=10**3, count=15)
