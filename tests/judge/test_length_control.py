import numpy as np
import pandas as pd
import pytest

from lab import judge
from lab.judge import length_control, verdicts


def logistic(x):
    return 1 / (1 + np.exp(-x))


def simulated(prompts=800, theta=0.4, phi=1.5, shift=300.0, seed=0, *, soft=False):
    """Preferences that follow the model: a wins by merit theta, and by length through phi."""
    rng = np.random.default_rng(seed)
    length_a = rng.uniform(100, 1500, prompts) + shift
    length_b = rng.uniform(100, 1500, prompts)
    gap = length_a - length_b
    chance = logistic(theta + phi * np.tanh(gap / gap.std(ddof=1)))
    rows = []
    for i in range(prompts):
        preference = chance[i] if soft else float(rng.random() < chance[i])
        rows.append(
            {
                "prompt": f"p{i}",
                "judge": "j",
                "verdict": "a" if preference > 0.5 else "b",
                "preference": preference,
                "length_a": length_a[i],
                "length_b": length_b[i],
            }
        )
    return verdicts.table(rows)


def test_soft_targets_give_the_planted_values_back():
    found = judge.length_controlled(simulated(soft=True), repetitions=100).iloc[0]
    assert found["lc_win_rate"] == pytest.approx(logistic(0.4), abs=1e-6)
    assert found["phi"] == pytest.approx(1.5, abs=1e-6)
    assert found["win_rate"] > found["lc_win_rate"]


def test_the_fit_is_that_of_statsmodels():
    import statsmodels.api as sm

    made = simulated()
    gap = (made["length_a"] - made["length_b"]).to_numpy()
    X = np.column_stack([np.ones(len(gap)), np.tanh(gap / gap.std(ddof=1))])
    params = sm.GLM(made["preference"].to_numpy(), X, family=sm.families.Binomial()).fit().params
    found = judge.length_controlled(made, repetitions=100).iloc[0]
    assert found["lc_win_rate"] == pytest.approx(logistic(params[0]), abs=1e-6)
    assert found["phi"] == pytest.approx(params[1], abs=1e-5)


def test_intervals_cover_the_rate_at_equal_length():
    truth, hits = logistic(0.4), 0
    for seed in range(60):
        found = judge.length_controlled(simulated(200, seed=seed), repetitions=200, seed=seed)
        hits += found["low"].iloc[0] <= truth <= found["high"].iloc[0]
    assert hits >= 53


def test_seed_and_row_order():
    made = simulated(150)
    one = judge.length_controlled(made, repetitions=100)
    pd.testing.assert_frame_equal(
        one, judge.length_controlled(made.sample(frac=1, random_state=0), repetitions=100)
    )
    assert judge.length_controlled(made, repetitions=100, seed=1)["low"][0] != one["low"][0]


def test_refusals_say_why():
    with pytest.raises(ValueError, match="at least 100 prompts, a against b has 60"):
        judge.length_controlled(simulated(60))
    with pytest.raises(ValueError, match="longer in 100.0% of the prompts and shorter in 0.0%"):
        judge.length_controlled(simulated(200, shift=5000.0))
    with pytest.raises(ValueError, match="misses some"):
        judge.length_controlled(simulated(200).assign(length_a=np.nan))


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
    reach = length_control.tanh_of_lengths(lengths) * coefficients["phi"].to_numpy()
    reach += difficulty[:, None] * coefficients["psi"].to_numpy() + coefficients["theta"].to_numpy()
    return coefficients, difficulty, lengths, pd.DataFrame(logistic(reach), columns=names)


def test_difficulties_are_found_from_preferences(board):
    coefficients, difficulty, lengths, preferences = board
    found = length_control.difficulties(preferences, lengths, coefficients)
    assert np.corrcoef(found, difficulty)[0, 1] > 0.99
    shuffled = length_control.difficulties(preferences[::-1], lengths[::-1], coefficients)
    np.testing.assert_allclose(shuffled[::-1], found, atol=0.02)


def test_a_further_model_is_placed_beside_the_board(board):
    coefficients, difficulty, lengths, preferences = board
    others = coefficients.drop(index="m0")
    found = length_control.on_board(preferences["m0"], lengths["m0"], difficulty, others)
    truth = length_control.board_rate(coefficients.loc["m0"], difficulty)
    assert length_control.board_rate(found, difficulty) == pytest.approx(truth, abs=0.01)
