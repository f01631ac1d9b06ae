from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lab import ablate, texts
from lab.ablate.controls import CONTROLS, LONG_SEEDS, equal_epochs, equal_steps


def best(pool, *, seed):
    del seed
    return pool.sort_values("quality", kind="stable", ascending=False).head(40)


@pytest.fixture(scope="module")
def setup():
    return ablate.world(200, noise=0.5, steps=10, prompts=8)


@pytest.fixture(scope="module")
def made(setup):
    return ablate.controls(best, setup, seeds=range(7), name="best")


def by_name(arms, name):
    return [arm for arm in arms if arm.name == name]


def test_every_control_is_there_for_every_seed_but_the_dearest(made):
    counts = Counter(arm.name for arm in made)
    assert counts.pop("full, equal epochs") == LONG_SEEDS
    assert counts == dict.fromkeys(["best", *CONTROLS[:4], CONTROLS[5]], 7)


def test_random_is_drawn_three_times_at_least(setup):
    arms = ablate.controls(best, setup, seeds=[4])
    assert [arm.seed for arm in by_name(arms, "random")] == [4, 5, 6]
    assert len(by_name(arms, "longest")) == 1


def test_each_control_holds_fixed_what_it_says(setup, made):
    for seed in range(2):
        pool = setup.pool(seed=seed)
        of = {arm.name: arm for arm in made if arm.seed == seed}
        words = {name: texts.count(arm.subset["output"]) for name, arm in of.items()}
        for name in ("random", "random, same length", "longest", "shuffled answers"):
            assert len(of[name].subset) == 40, name
        assert words["longest"].min() >= texts.count(pool["output"]).nlargest(40).min()
        apart = abs(words["random, same length"].mean() - words["best"].mean())
        assert apart < abs(words["random"].mean() - words["best"].mean())
        for name in ("full, equal steps", "full, equal epochs"):
            assert of[name].subset.index.equals(pool.index)
        assert of["full, equal steps"].recipe == replace(setup.recipe, seed=seed)
        assert of["full, equal epochs"].recipe.steps == 10 * 200 // 40


def test_shuffled_answers_are_those_of_others(made):
    kept, shuffled = by_name(made, "best")[0].subset, by_name(made, "shuffled answers")[0].subset
    assert sorted(shuffled["output"]) == sorted(kept["output"])
    assert shuffled["parent"].tolist() == kept.index.tolist()
    assert (shuffled["instruction"].to_numpy() == kept["instruction"].to_numpy()).all()
    own = shuffled["output"].to_numpy() == kept["output"].to_numpy()
    assert own.mean() < 0.2  # equal texts of two rows may meet
    assert not set(shuffled.index) & set(kept.index)


def test_controls_that_are_not_wanted_are_left_out(setup):
    arms = ablate.controls(best, setup, seeds=[0, 1, 2], leave_out=["longest"])
    assert not by_name(arms, "longest")
    assert by_name(arms, "random")


def test_a_selection_may_stand_for_the_control_of_its_name(setup):
    arms = ablate.controls(best, setup, seeds=[0], name="longest", leave_out=["longest"])
    (own,) = by_name(arms, "longest")
    assert own.subset.index.equals(best(setup.pool(seed=0), seed=0).index)


def test_recipes_of_equal_steps_and_equal_epochs(setup):
    epochs = replace(setup.recipe, steps=None, epochs=3)
    assert equal_steps(epochs, 40).steps == 9  # three updates of 16 an epoch
    assert equal_epochs(epochs, 40, 200) == epochs


def test_lengths_stand_beside_what_a_judge_preferred(made):
    few = [arm for arm in made if arm.seed < 2 and arm.name in ("best", "longest")]
    rows = [
        {"arm": arm.name, "seed": arm.seed, "examples": 40, "words": 3.0 + arm.seed, "preferred": p}
        for arm, p in zip(few, [np.nan, 0.4, np.nan, 0.6], strict=True)
    ]
    found = ablate.lengths(few, pd.DataFrame(rows))
    assert found.index.tolist() == ["best", "longest"]
    assert found.loc["longest", "words_trained"] > found.loc["best", "words_trained"]
    assert found["words_written"].tolist() == [3.5, 3.5]
    assert found.loc["longest", "preferred"] == 0.5
    assert np.isnan(found.loc["best", "preferred"])


@pytest.mark.parametrize(
    ("select", "options", "message"),
    [
        (best, {"name": "random"}, "name is that of a control; .*, got 'random'"),
        (best, {"leave_out": ["shortest"]}, "leave_out must name controls of .*, got 'shortest'"),
        (lambda pool, seed: pool, {}, "take some rows and leave some, got 200 of 200"),
        (
            lambda pool, seed: ablate.world(200, prompts=8).pool(seed=99).head(5),
            {},
            "must return rows of the pool",
        ),
    ],
)
def test_errors_say_what_came(setup, select, options, message):
    with pytest.raises(ValueError, match=message):
        ablate.controls(select, setup, seeds=[0], **options)


def test_one_row_cannot_be_shuffled(setup):
    with pytest.raises(ValueError, match="at least 2 rows, got 1"):
        ablate.shuffled_answers(setup.pool(seed=0).head(1), seed=0)
