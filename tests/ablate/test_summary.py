from functools import partial

import numpy as np
import pytest

from lab import ablate, judge, records
from lab.tune import Recipe
from tests.ablate import fakes


def draw(n, *, seed):
    return records.frame([{"instruction": f"{seed} {i}", "output": "x"} for i in range(n)])


@pytest.fixture
def table():
    draws = {"bad": partial(draw, 2), "good": partial(draw, 8)}
    arms = ablate.arms(draws, Recipe(model="m", steps=1), seeds=range(4))
    return ablate.run(arms, tune=fakes.tune, evaluate=fakes.evaluate, workers=1)


def test_summary_is_the_bootstrap_over_prompts_and_seeds(table):
    found = ablate.summary(table, "exact")
    assert found.index.tolist() == ["bad", "good"]
    values = ablate.details(table, "exact")[["good"]].to_numpy()
    expected = judge.intervals.bootstrap(values, seed=0)
    assert found.loc["good", "mean"] == pytest.approx(np.mean(values))
    assert (found.loc["good", "low"], found.loc["good", "high"]) == (expected.low, expected.high)
    assert found.loc["good", ["examples", "seeds", "prompts"]].tolist() == [8, 4, 20]


def test_compare_pairs_prompts(table):
    found = ablate.compare(table, "exact", {"good": "bad", "bad": "good"})
    means = table.groupby("arm")["exact"].mean()
    assert found["difference"][0] == pytest.approx(means["good"] - means["bad"])
    assert found["difference"][1] == pytest.approx(-found["difference"][0])
    assert found["clear"].tolist() == [True, True]
