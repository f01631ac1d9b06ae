from functools import partial

import pytest

from lab import synth, testbed
from lab.ablate import studies
from lab.testbed import chains

LAZY = testbed.Teacher(skill=0.8, laziness=0.4)


def test_all_that_came_is_there_once_with_its_reason():
    make = partial(synth.alpaca, testbed.pool(20), testbed.client(LAZY, store=":memory:"), keep=30)
    rows = studies.candidates(make)
    made = make()
    assert rows.index.is_unique
    assert rows[rows["reason"] == ""].index.tolist() == made.examples.index.tolist()
    assert set(rows["reason"]) - {""} <= set(made.reasons.index)
    assert (rows["output"].str.strip() != "").all()
    assert studies.candidates(make)["reason"].tolist() == rows["reason"].tolist()  # from its run


def test_truths_tell_right_from_wrong_and_one_step_from_two():
    pool = testbed.pool(60, noise=0.5, seed=1)
    found = studies.truths(pool)
    assert found["right"].tolist() == (pool["fault"] == "").astype(float).tolist()
    assert set(found["steps"]) == {1.0, 2.0}
    foreign = synth.load_seeds().head(3)
    assert studies.truths(foreign)["steps"].isna().all()
    assert studies.truths(foreign)["right"].eq(0).all()


def test_steps_by_round_follow_each_family():
    pool = testbed.pool(20, seed=2)
    client = testbed.client(testbed.Teacher(laziness=0.3), store=":memory:")
    made = synth.evol_instruct(pool, client, keep=1000, rounds=2).examples
    found = studies.steps_by_round(pool, made, rounds=2)
    for place, key in enumerate(pool.index):
        known = studies.truths(pool)["steps"][key]
        for number in (1, 2):
            rows = made[(made["root"] == key) & (made["round"] == number)]
            known = studies.truths(rows)["steps"].iloc[0] if len(rows) else known
            assert found[number][place] == known


def test_prompts_of_several_steps_are_right_and_of_known_words():
    asked = studies.several_steps(30, steps=1, seed=0)
    assert asked.index.nunique() == 30
    read = [chains.read(text) for text in asked["instruction"]]
    assert [one.answer for one in read] == asked["output"].tolist()
    assert all(len(one.moves) == 1 for one in read)
    assert studies.known_words(asked).all()
    assert studies.several_steps(30, steps=1, seed=0).equals(asked)
    with pytest.raises(ValueError, match=r"steps must be 1 or more, got 0"):
        studies.several_steps(1, steps=0, seed=0)
