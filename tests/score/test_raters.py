import numpy as np
import pandas as pd
import pytest

from lab.score import rater_agreement, rater_noise


def drawn(noise, *, draws=4, rows=1500, seed=0):
    """Half-step ratings of rows whose truth is anywhere, with normal noise."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 5, rows)
    values = truth[:, None] + rng.normal(0, noise, (rows, draws))
    values = np.clip(np.round(values * 2) / 2, 0, 5)
    ids = np.repeat(np.arange(rows), draws)
    return pd.DataFrame(
        {"id": ids, "rater": "one", "dimension": "accuracy", "rating": values.ravel()}
    )


@pytest.mark.parametrize("noise", [0.25, 0.5, 0.75])
def test_planted_noise_is_found(noise):
    assert rater_noise(drawn(noise))["one"] == pytest.approx(noise, rel=0.05)


def test_the_ends_of_the_scale_hide_noise():
    table = drawn(0.75)
    assert rater_noise(table, min_distance=0)["one"] < 0.95 * rater_noise(table)["one"]


def test_each_rater_has_its_own_noise_and_row_order_does_not_matter():
    table = pd.concat([drawn(0.3), drawn(0.6, seed=1).assign(rater="two")])
    noise = rater_noise(table)
    assert noise["one"] < 0.4 < noise["two"]
    pd.testing.assert_series_equal(noise, rater_noise(table.sample(frac=1, random_state=0)))


def test_one_draw_tells_no_noise():
    with pytest.raises(ValueError, match="no example has two ratings"):
        rater_noise(drawn(0.5, draws=1))


@pytest.fixture
def two():
    """Two raters of the same rows, the second kinder by half a point and to long answers."""
    rng = np.random.default_rng(0)
    truth, trait = rng.uniform(0, 5, 3000), rng.normal(0, 1, 3000)
    first = truth + rng.normal(0, 0.3, 3000)
    second = truth + rng.normal(0, 0.3, 3000) + 0.5 + 0.4 * trait
    values = np.clip(np.round(2 * np.column_stack([first, second])) / 2, 0, 5)
    index = pd.Index([f"r{i}" for i in range(3000)])
    return pd.DataFrame(values, columns=["a", "b"], index=index), pd.Series(trait, index=index)


def test_planted_bias_is_found(two):
    ratings, trait = two
    row = rater_agreement(ratings, trait=trait).iloc[0]
    assert row["slope"] == pytest.approx(0.4, abs=0.03)
    assert row["low"] < row["slope"] < row["high"]
    assert 0.35 < row["mean_difference"] < 0.5
    assert row["slope_items"] < row["items"] == 3000
    inside = rater_agreement(ratings, trait=trait, min_distance=0).iloc[0]
    assert inside["slope"] < row["slope"], "the ends of the scale hide a part of it"


def test_agreement_equals_the_reference_libraries(two):
    import krippendorff
    from sklearn.metrics import cohen_kappa_score

    ratings, _ = two
    ratings = ratings.where(np.random.default_rng(1).random(ratings.shape) > 0.1)
    row = rater_agreement(ratings).iloc[0]
    both = ratings.dropna()
    assert row["items"] == len(both)
    steps = (2 * both).astype(int)
    kappa = cohen_kappa_score(steps["a"], steps["b"], weights="quadratic")
    assert row["weighted_kappa"] == pytest.approx(kappa)
    alpha = krippendorff.alpha(both.to_numpy().T, level_of_measurement="interval")
    assert row["alpha"] == pytest.approx(alpha)


def test_perfect_agreement_and_none():
    same = pd.DataFrame({"a": [1.0, 2.0, 5.0], "b": [1.0, 2.0, 5.0], "c": [5.0, 2.0, 1.0]})
    table = rater_agreement(same).set_index(["first", "second"])
    assert table.loc[("a", "b"), ["alpha", "weighted_kappa"]].tolist() == [1, 1]
    assert table.loc[("a", "c"), "weighted_kappa"] < 0
    assert len(table) == 3


def test_nothing_to_compare_is_missing():
    empty = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 1.0]})
    row = rater_agreement(empty, trait=pd.Series([0.0, 1.0])).iloc[0]
    assert row["items"] == 0
    assert row[["alpha", "weighted_kappa", "mean_difference", "slope"]].isna().all()


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="at least 2 raters, got 1"):
        rater_agreement(pd.DataFrame({"a": [1.0]}))
    with pytest.raises(ValueError, match="the index of ratings"):
        rater_agreement(pd.DataFrame({"a": [1.0], "b": [1.0]}), trait=pd.Series([1.0], index=["x"]))
