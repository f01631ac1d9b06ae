from dataclasses import replace

import pandas as pd
import pytest

from lab import ablate, testbed, tune
from lab.ablate import studies
from tests.ablate import fakes


def ran(seeds=(0, 1)):
    subset = testbed.pool(4, seed=0)
    arms = ablate.arms(
        {"trained": lambda seed: subset}, tune.Recipe(model="m", steps=1), seeds=seeds
    )
    return ablate.run(arms, tune=fakes.tune, evaluate=fakes.epochs, workers=1)


def test_each_rule_chooses_what_it_looks_at():
    table = ran()
    dev, rest = fakes.PROMPTS[:10], fakes.PROMPTS[10:]
    chosen = studies.chosen_checkpoints(table, dev)
    # by construction the loss is lowest at 1, most answers are right at 2, and 3 is the last
    assert chosen.to_numpy().tolist() == [[1, 2, 3]] * 2
    answers = studies.checkpoint_outcomes(table, chosen, rest, measure="exact")
    assert answers.shape == (10, 6)
    assert answers["by_answers"].to_numpy().min() == 1.0
    assert answers["by_loss"].to_numpy().max() == 0.0
    losses = studies.checkpoint_outcomes(table, chosen, rest, measure="loss")
    assert (losses["last"] > losses["by_loss"]).all(axis=None)


@pytest.mark.slow
def test_every_checkpoint_answers(tmp_path):
    recipe = replace(tune.presets.testbed, epochs=2, checkpoints=tune.Checkpoints(resumable=False))
    folder = tune.sft(testbed.pool(32, seed=0), recipe, tmp_path / "tuned")
    prompts = testbed.prompts(4, seed=1)
    found = studies.checkpoint_answers(folder, prompts=prompts)
    assert found.columns.tolist() == ["exact_1", "loss_1", "exact_2", "loss_2"]
    last = tune.answer_losses(folder, prompts)
    pd.testing.assert_series_equal(
        found["loss_2"], last["loss"] / last["tokens"], check_names=False
    )


def test_a_folder_without_checkpoints_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must hold checkpoints"):
        studies.checkpoint_answers(tmp_path, prompts=testbed.prompts(4, seed=1))
