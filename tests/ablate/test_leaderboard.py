import numpy as np
import pandas as pd
import pytest

from lab import ablate


class Known:
    """A setup whose outcomes are given."""

    def __init__(self, outcomes):
        self.given = outcomes

    def outcomes(self, table):
        return self.given


def made(rates, seeds=4):
    rng = np.random.default_rng(0)
    columns = {
        (arm, seed): (rng.random(200) < rate).astype(float)
        for arm, rate in rates.items()
        for seed in range(seeds)
    }
    table = pd.DataFrame([{"arm": arm, "seed": s, "examples": 10} for arm, s in columns])
    return table, Known(pd.DataFrame(columns))


def test_best_comes_first_and_only_a_real_difference_is_supported():
    board = ablate.leaderboard(*made({"random": 0.4, "same": 0.4, "good": 0.7, "bad": 0.1}))
    assert board.index[0] == "good"
    assert board.index[-1] == "bad"
    assert board.loc["good", "verdict"] == "supported"
    assert board.loc["bad", "verdict"] == "contradicted"
    assert board.loc["same", "verdict"] != "supported"
    assert pd.isna(board.loc["random", "verdict"])
    assert board["mean"].is_monotonic_decreasing


@pytest.mark.parametrize("rates", [{"a": 0.1}, {"random": 0.2}])
def test_there_must_be_something_to_beat(rates):
    with pytest.raises(ValueError, match="against must be one of several arms"):
        ablate.leaderboard(*made(rates))
