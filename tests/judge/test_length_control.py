import numpy as np
import pandas as pd
import pytest

from lab import judge
from lab.judge import verdicts
from lab.judge.length_control import at_equal_length, tanh_of_lengths
from lab.judge.logistic import chance


def table(preference, gap, **more):
    """Verdicts with these preferences for a, whose answers are longer by `gap` characters."""
    gap = np.asarray(gap, dtype=float)
    return verdicts.table(
        {
            "prompt": f"p{i}",
            "judge": "j",
            "verdict": "tie" if p == 0.5 else "a" if p > 0.5 else "b",
            "preference": float(p),
            "length_a": 1000 + max(gap[i], 0),
            "length_b": 1000 + max(-gap[i], 0),
            **more,
        }
        for i, p in enumerate(preference)
    )


def simulated(prompts=800, theta=0.4, phi=1.5, shift=300.0, seed=0, *, soft=False):
    """Preferences that follow the model: a wins by merit theta, and by length through phi."""
    rng = np.random.default_rng(seed)
    gap = rng.uniform(-1400, 1400, prompts) + shift
    wins = chance(theta + phi * tanh_of_lengths(gap))
    return table(wins if soft else rng.random(prompts) < wins, gap)


def rated(made, **given):
    return judge.length_controlled(made, **{"repetitions": 200, **given}).iloc[0]


def test_soft_targets_give_the_planted_values_back():
    found = rated(simulated(soft=True))
    assert found["lc_win_rate"] == pytest.approx(chance(0.4), abs=1e-6)
    assert found["phi"] == pytest.approx(1.5, abs=1e-6)
    assert found["win_rate"] > found["lc_win_rate"]
    assert found["note"] == ""


def test_the_fit_is_that_of_statsmodels():
    import statsmodels.api as sm

    made = simulated()
    gap = (made["length_a"] - made["length_b"]).to_numpy()
    X = np.column_stack([np.ones(len(gap)), np.tanh(gap / gap.std(ddof=1))])
    params = sm.GLM(made["preference"].to_numpy(), X, family=sm.families.Binomial()).fit().params
    found = rated(made)
    assert found["lc_win_rate"] == pytest.approx(chance(params[0]), abs=1e-6)
    assert found["phi"] == pytest.approx(params[1], abs=1e-5)


@pytest.mark.parametrize(
    ("spread", "shift", "least"), [(0.0, 0.0, 90), (2.0, 0.0, 90), (2.0, 0.4, 88)]
)
def test_intervals_cover_the_rate_at_equal_length_whatever_the_difficulties(spread, shift, least):
    """Difficulties of any spread do no harm, as long as they have nothing to do with length."""
    rng = np.random.default_rng(0)
    truth = chance(-0.5 + spread * rng.normal(size=100_000)).mean()
    hits, repetitions = 0, 100
    for seed in range(repetitions):
        gap = rng.normal(shift, 1.0, 200)
        difficulty = spread * rng.normal(size=200)
        wins = rng.random(200) < chance(-0.5 + 1.5 * tanh_of_lengths(gap) + difficulty)
        found = at_equal_length(wins.astype(float), gap, repetitions=200, seed=seed)
        hits += found["low"] <= truth <= found["high"]
    assert hits >= least


def test_difficulties_that_go_with_length_are_the_limit():
    """What the module says of correlated difficulties: the rate moves, and by some points only."""
    rng = np.random.default_rng(0)
    truth = chance(-0.5 + rng.normal(size=100_000)).mean()
    difficulty = rng.normal(size=20_000)
    gap = 0.6 + 0.3 * difficulty + np.sqrt(1 - 0.09) * rng.normal(size=20_000)
    wins = chance(-0.5 + 1.5 * tanh_of_lengths(gap) + difficulty)
    found = at_equal_length((rng.random(20_000) < wins).astype(float), gap, repetitions=1)
    assert 0.02 < abs(found["lc_win_rate"] - truth) < 0.08


def test_seed_and_row_order():
    made = simulated(150)
    one = judge.length_controlled(made, repetitions=100)
    shuffled = judge.length_controlled(made.sample(frac=1, random_state=0), repetitions=100)
    pd.testing.assert_frame_equal(one, shuffled)
    assert judge.length_controlled(made, repetitions=100, seed=1)["low"][0] != one["low"][0]


def test_the_baseline_against_itself_is_even():
    found = rated(table(np.full(200, 0.5), np.zeros(200)))
    assert found[["lc_win_rate", "low", "high"]].tolist() == [0.5, 0.5, 0.5]
    assert "equally long" in found["note"]
    noisy = rated(table(np.arange(200) % 2, np.zeros(200)))
    assert noisy["lc_win_rate"] == 0.5
    assert noisy["low"] < 0.45
    assert noisy["high"] > 0.55


@pytest.mark.parametrize(("won", "bounds"), [(1.0, (0.025**0.005, 1.0)), (0.0, None)])
def test_a_clean_sweep_has_an_interval(won, bounds):
    found = rated(table(np.full(200, won), np.linspace(-500, 500, 200)))
    low, high = bounds or (0.0, 1 - 0.025**0.005)
    assert found[["lc_win_rate", "low", "high"]].tolist() == pytest.approx([won, low, high])
    assert "wins every prompt" in found["note"]


def test_a_near_sweep_has_an_interval_around_it():
    preference = np.ones(300)
    preference[[3, 77, 150]] = 0.0
    found = rated(table(preference, np.linspace(-500, 500, 300)))
    assert 0.95 < found["low"] < found["lc_win_rate"] < found["high"]


def test_length_that_decides_all_is_said():
    gap = np.linspace(-400, 600, 200)
    found = rated(table(gap > 0, gap))
    assert np.isnan(found["lc_win_rate"])
    assert found["note"].startswith("length decides all verdicts: the longer answer wins")
    assert "the shorter answer wins" in rated(table(gap < 0, gap))["note"]


def test_one_endless_answer_does_not_set_the_slope():
    made = simulated()
    before = rated(made)
    endless = made.copy()
    endless.loc[0, "length_a"] = 1e9
    after = rated(endless)
    assert after["phi"] == pytest.approx(before["phi"], rel=0.1)
    assert after["lc_win_rate"] == pytest.approx(before["lc_win_rate"], abs=0.01)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (simulated(60), "at least 100 valid prompts, got 60"),
        (simulated(200, shift=5000.0), "longer in 200 and shorter in 0 of 200 prompts"),
        (simulated(200).assign(length_a=np.nan), "needs all lengths, 200 of 200 are missing"),
    ],
)
def test_what_cannot_be_rated_has_a_reason_instead_of_a_rate(made, reason):
    found = rated(made)
    assert reason in found["note"]
    assert found[["lc_win_rate", "low", "high", "phi"]].isna().all()
    assert 0 <= found["win_rate"] <= 1


def test_shares_are_counts_so_that_rounding_cannot_mislead():
    gap = np.where(np.arange(2000) < 499, 100, -100) + np.arange(2000) / 1000
    found = rated(table(np.arange(2000) % 2, gap))
    assert (
        "longer in 499 and shorter in 1501 of 2000 prompts, each must be at least 500"
        in (found["note"])
    )


def test_one_bad_pair_does_not_take_the_others_rows():
    made = pd.concat([simulated(200), simulated(200, shift=9e3).assign(system="long")])
    found = judge.length_controlled(made, repetitions=100).set_index("system")
    assert found["lc_win_rate"].notna().to_dict() == {"a": True, "long": False}


def test_invalid_verdicts_are_counted():
    made = simulated(200)
    made.loc[:9, ["verdict", "preference"]] = ["invalid", np.nan]
    found = rated(made)
    assert found[["prompts", "invalid"]].tolist() == [190, 10]
