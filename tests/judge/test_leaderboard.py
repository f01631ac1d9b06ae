import numpy as np
import pandas as pd
import pytest

from lab.judge import leaderboard, logistic
from lab.judge.length_control import tanh_of_lengths


@pytest.fixture
def board():
    """Twelve models and 400 prompts that follow AlpacaEval's model."""
    rng = np.random.default_rng(0)
    names = [f"m{i}" for i in range(12)]
    coefficients = pd.DataFrame(
        {
            "phi": rng.normal(-1.5, 0.2, 12),
            "psi": rng.normal(1.0, 0.1, 12),
            "theta": rng.normal(-1.0, 1.0, 12),
        },
        index=names,
    )
    difficulty = rng.normal(size=400)
    lengths = pd.DataFrame(rng.normal(200, 500, size=(400, 12)), columns=names)
    reach = lengths.apply(lambda gap: tanh_of_lengths(gap.to_numpy())).to_numpy()
    reach = reach * coefficients["phi"].to_numpy() + coefficients["theta"].to_numpy()
    reach += difficulty[:, None] * coefficients["psi"].to_numpy()
    preferences = pd.DataFrame(logistic.chance(reach), columns=names)
    return coefficients, difficulty, lengths, preferences


def test_difficulties_are_found_from_preferences(board):
    coefficients, difficulty, lengths, preferences = board
    found = leaderboard.difficulties(preferences, lengths, coefficients)
    assert np.corrcoef(found, difficulty)[0, 1] > 0.99
    shuffled = leaderboard.difficulties(preferences[::-1], lengths[::-1], coefficients)
    np.testing.assert_allclose(shuffled[::-1], found, atol=1e-9)


def test_the_slope_is_zero_at_each_difficulty(board):
    coefficients, _, lengths, preferences = board
    sure = preferences.round()  # as far from a soft verdict as can be
    found = leaderboard.difficulties(sure, lengths, coefficients)
    terms = lengths.apply(lambda gap: tanh_of_lengths(gap.to_numpy())).to_numpy()
    psi = coefficients["psi"].to_numpy()
    q = terms * coefficients["phi"].to_numpy() + coefficients["theta"].to_numpy()
    q = logistic.chance(q + found[:, None] * psi)
    slope = ((sure.to_numpy() - q) * psi).sum(axis=1) - leaderboard.SMOOTH * found
    assert np.abs(slope).max() < 1e-9


def test_a_further_model_is_placed_beside_the_board(board):
    coefficients, difficulty, lengths, preferences = board
    others = coefficients.drop(index="m0")
    found = leaderboard.place(preferences["m0"], lengths["m0"], difficulty, others)
    truth = leaderboard.rate(coefficients.loc["m0"], difficulty)
    assert leaderboard.rate(found, difficulty) == pytest.approx(truth, abs=0.01)


@pytest.mark.parametrize("theta", [-5.0, 3.0, 5.0, 7.0])
def test_very_good_and_very_bad_models_beside_a_longer_baseline(board, theta):
    coefficients, difficulty, _, _ = board
    rng = np.random.default_rng(1)
    gap = pd.Series(rng.normal(1500, 500, 400), name="new")
    own = pd.Series({"phi": -1.5, "psi": 1.0, "theta": theta})
    reach = own["phi"] * tanh_of_lengths(gap.to_numpy()) + difficulty + theta
    preferences = pd.Series(logistic.chance(reach), name="new")
    found = leaderboard.place(preferences, gap, difficulty, coefficients)
    truth = leaderboard.rate(own, difficulty)
    assert leaderboard.rate(found, difficulty) == pytest.approx(truth, abs=0.02)


def test_the_baseline_against_itself_is_even(board):
    coefficients, difficulty, _, _ = board
    even, same = pd.Series(0.5, index=range(400)), pd.Series(0.0, index=range(400))
    found = leaderboard.place(even, same, difficulty, coefficients)
    assert leaderboard.rate(found, difficulty) == pytest.approx(0.5, abs=1e-6)


def test_a_clean_sweep_comes_out_as_one(board):
    coefficients, difficulty, lengths, _ = board
    all_won = pd.Series(1.0, index=range(400))
    found = leaderboard.place(all_won, lengths["m0"], difficulty, coefficients)
    assert leaderboard.rate(found, difficulty) > 0.999


def test_errors_say_what_came(board):
    coefficients, difficulty, lengths, preferences = board
    with pytest.raises(ValueError, match="same prompts, got 400, 400 and 399"):
        leaderboard.place(preferences["m0"], lengths["m0"], difficulty[1:], coefficients)
    holes = lengths["m0"].mask(lengths.index < 3)
    with pytest.raises(ValueError, match="need preferences with lengths, got 400, 3 without"):
        leaderboard.place(preferences["m0"], holes, difficulty, coefficients)
