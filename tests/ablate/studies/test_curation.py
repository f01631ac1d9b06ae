from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

from lab import ablate, testbed, tune
from lab.ablate.studies.curation import augmented

QUICK = replace(
    tune.presets.testbed, epochs=None, steps=12, batch_size=8, learning_rate=ablate.setups.RATE
)


def test_a_tuned_backward_model_writes_instructions_that_fit(tmp_path):
    texts, seeds = testbed.pool(24, seed=1), testbed.pool(60, seed=2)
    longer = replace(QUICK, steps=30)
    pairs = augmented(texts, seeds, recipe=longer, folder=tmp_path / "backward")
    assert set(pairs["parent"]) <= set(texts.index)
    assert pairs["output"].isin(texts["output"]).all()
    shuffled = ablate.shuffled_answers(pairs, seed=0)
    right, by_chance = (ablate.studies.truths(rows)["right"].mean() for rows in (pairs, shuffled))
    assert right > by_chance + 0.1


def test_each_round_rates_all_pairs_and_keeps_the_cheap_ones():
    texts, seeds = testbed.pool(12, seed=1), testbed.pool(20, seed=2)
    make = partial(ablate.studies.curation, texts, seeds, recipe=QUICK, backward=QUICK, rounds=2)
    made = ablate.each("synth", {"one": make}, workers=1)["one"]
    for number in (1, 2):
        cost, kept = made[f"cost_{number}"], made[f"kept_{number}"]
        assert cost[kept].max() <= cost[~kept].min()
    assert made["cost_1"].ne(made["cost_2"]).any()  # another model rated
    pd.testing.assert_frame_equal(made, ablate.each("synth", {"one": make}, workers=1)["one"])


def test_equal_outputs_are_asked_about_once(tmp_path):
    texts = testbed.pool(3, seed=1)
    twice = pd.concat([texts, texts.rename(index=lambda key: key[::-1])])
    given = {"recipe": replace(QUICK, steps=1), "folder": tmp_path / "backward"}
    assert len(augmented(twice, testbed.pool(8, seed=2), **given)) <= 3


def test_bounds():
    pool = testbed.pool(4)
    with pytest.raises(ValueError, match=r"rounds must be at least 1, got 0"):
        ablate.studies.curation(pool, pool, recipe=QUICK, backward=QUICK, rounds=0)
    with pytest.raises(ValueError, match=r"share must be between 0 and 1, got 1"):
        ablate.studies.curation(pool, pool, recipe=QUICK, backward=QUICK, share=1)
