from functools import partial

import pytest

from lab import ablate, records
from lab.tune import Recipe


def draw(n, *, seed):
    return records.frame([{"instruction": f"{seed} {i}", "output": "x"} for i in range(n)])


RECIPE = Recipe(model="m", steps=1)


def test_each_seed_draws_every_arm_before_the_next():
    draws = {"few": partial(draw, 2), "many": partial(draw, 3)}
    made = ablate.arms(draws, RECIPE, seeds=[4, 7])
    assert [(arm.name, arm.seed) for arm in made] == [
        ("few", 4),
        ("many", 4),
        ("few", 7),
        ("many", 7),
    ]
    assert made[2].subset["instruction"].tolist() == ["7 0", "7 1"]
    assert made[2].recipe.seed == 7
    assert repr(made[0]) == "Arm(few, 2 examples, seed 4)"


@pytest.mark.parametrize(
    ("draws", "seeds", "message"),
    [
        ({}, [1], "at least one arm and one seed, got 0 and 1"),
        ({"a": partial(draw, 1)}, [], "got 1 and 0"),
        ({"a": partial(draw, 1)}, [1, 1], r"seeds must differ, got \[1, 1\]"),
        ({"a": partial(draw, 0)}, [5], "arm 'a' has no examples at seed 5"),
    ],
)
def test_what_cannot_be_compared_is_refused(draws, seeds, message):
    with pytest.raises(ValueError, match=message):
        ablate.arms(draws, RECIPE, seeds=seeds)
