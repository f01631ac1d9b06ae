from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from lab import ablate, load, paths, records, testbed, tune
from lab.ablate import setups
from tests.ablate import fakes


def half(pool, *, seed):
    return pool.sample(len(pool) // 2, random_state=seed)


def own(n=30):
    rows = [{"instruction": f"Say {i}.", "output": f"{i}"} for i in range(n)]
    return records.frame(rows, source="mine")


def test_the_world_has_four_test_sets_and_a_pool_per_seed():
    setup = ablate.world(50, noise=0.2, prompts=80)
    assert len(setup.prompts) == 80
    assert setup.prompts.index.is_unique
    counts = setup.prompts["set"].value_counts()
    assert counts["seen"] == 20
    assert set(counts.index) == {"facts", "numbers", "words", "seen"}
    assert (setup.prompts["split"].eq("seen") == setup.prompts["set"].eq("seen")).all()
    assert not setup.pool(seed=0).index.equals(setup.pool(seed=1).index)
    pd.testing.assert_frame_equal(setup.pool(seed=0), setup.pool(seed=0))


def test_every_domain_of_the_testbed_is_in_one_set():
    placed = [domain for domains in setups.SETS.values() for domain in domains]
    assert sorted(placed) == sorted(testbed.domains())


def test_a_group_is_asked_about_itself_alone():
    setup = ablate.world_group(60, domains=["diets", "units"], tail=1.0, prompts=30)
    assert set(setup.prompts["domain"]) == set(setup.prompts["set"]) == {"diets", "units"}
    assert set(setup.pool(seed=1)["domain"]) <= {"diets", "units"}
    assert not set(setup.pool(seed=1)["phrasing"].index) & set(setup.prompts.index)


def test_a_target_is_half_of_what_is_asked_and_a_part_of_the_pool():
    setup = ablate.world_target(200, domains=["units", "calendar"], prompts=40)
    sets = setup.prompts.groupby("set")["domain"].agg(set)
    assert sets["target"] == {"units", "calendar"}
    assert not sets["elsewhere"] & {"units", "calendar"}
    assert setup.prompts["set"].value_counts().tolist() == [20, 20]
    assert 0.05 < setup.pool(seed=0)["domain"].isin(["units", "calendar"]).mean() < 0.5
    assert not set(setup.pool(seed=0).index) & set(setup.prompts.index)
    with pytest.raises(ValueError, match="domains must leave others, got all of them"):
        ablate.world_target(50, domains=testbed.domains())


def test_ones_own_pool_is_the_same_for_every_seed_without_what_is_asked():
    pool = own()
    setup = ablate.local(pool, "my/model", prompts=10)
    assert setup.recipe.model == "my/model"
    assert len(setup.prompts) == 10
    assert len(setup.pool(seed=0)) == 20
    assert setup.pool(seed=0).index.equals(setup.pool(seed=1).index)
    assert not set(setup.pool(seed=0).index) & set(setup.prompts.index)
    given = ablate.local(pool, "my/model", prompts=pool.head(5).assign(set="a"))
    assert given.prompts["set"].eq("a").all()
    assert len(given.pool(seed=0)) == 25
    drawn = ablate.local(pool, "my/model", rows=12, prompts=2)
    assert len(drawn.pool(seed=0)) == 10


def test_ones_own_file_and_recipe():
    recipe = replace(tune.presets.testbed, epochs=None, steps=7)
    file = paths.samples() / "alpaca.json"
    setup = ablate.local(file, "my/model", prompts=2, recipe=recipe)
    assert setup.recipe == replace(recipe, model="my/model")
    assert len(setup.pool(seed=0)) == len(load.auto(file).pool) - 2


def test_each_selector_chooses_from_the_pool_of_the_seed():
    setup = ablate.world(40, prompts=8)
    arms = ablate.drawn({"half": half}, setup, seeds=[3, 5])
    assert [(arm.name, arm.seed, len(arm.subset)) for arm in arms] == [
        ("half", 3, 20),
        ("half", 5, 20),
    ]
    assert arms[1].subset.index.isin(setup.pool(seed=5).index).all()


def test_outcomes_of_one_test_set():
    prompts = pd.DataFrame({"set": ["a"] * 5 + ["b"] * 15}, index=fakes.PROMPTS)
    setup = ablate.Setup(None, prompts, None, fakes.evaluate, "exact")
    subset = own(4)
    arms = ablate.arms({"x": lambda seed: subset}, tune.Recipe(model="m", steps=1), seeds=[0])
    table = ablate.run(arms, tune=fakes.tune, evaluate=fakes.evaluate, workers=1)
    assert len(setup.outcomes(table)) == 20
    assert setup.outcomes(table, test_set="a").index.tolist() == prompts.index[:5].tolist()
    with pytest.raises(ValueError, match=r"test_set must be one of \['a', 'b'\], got 'c'"):
        setup.outcomes(table, test_set="c")


@pytest.mark.slow
def test_a_model_is_trained_asked_and_judged():
    setup = ablate.world(60, noise=0.0, steps=2, prompts=8)
    arms = ablate.drawn({"half": half, "all": lambda pool, seed: pool}, setup, seeds=[0])
    table = setup.run(arms, against="all", client=testbed.client(store=":memory:"))
    assert setup.outcomes(table).columns.tolist() == [("half", 0)]
    assert table["preferred"].iloc[0] == pytest.approx(0.5, abs=0.5)


def test_likelihood_is_e_to_the_minus_loss(monkeypatch):
    losses = pd.DataFrame({"loss": [0.0, 1.0], "words": [1.0, 2.0]})
    monkeypatch.setattr(setups, "open_answers", lambda *_, **__: losses)
    found = setups.likelihood_answers("model", prompts=own(2))
    np.testing.assert_allclose(found["likelihood"], [1.0, np.exp(-1)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (partial(ablate.world, prompts=7), "prompts must be at least 8, got 7"),
        (
            lambda: ablate.local(own(5), "m", prompts=5),
            "prompts must be from 2 to 4, got 5",
        ),
        (
            lambda: ablate.local(own(5), "m", prompts=own(9)),
            "prompts must leave candidates, got 9 of 5 rows",
        ),
        (
            lambda: ablate.local(own(5), "m", rows=6),
            "rows must be from 3 to the 5 there are, got 6",
        ),
        (
            lambda: ablate.world(20, prompts=8).run([], against="x"),
            "both or none of against and client, got 'x', None",
        ),
        (
            lambda: ablate.drawn(
                {"none": lambda pool, seed: pool.head(0)}, ablate.world(20, prompts=8), seeds=[1]
            ),
            "arm 'none' has no examples at seed 1",
        ),
    ],
)
def test_errors_say_what_came(make, message):
    with pytest.raises(ValueError, match=message):
        make()
