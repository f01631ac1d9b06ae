import numpy as np
import pytest

from lab import select


@pytest.fixture(name="pool")
def rows_with_a_value():
    rng = np.random.default_rng(0)
    vectors, scores = rng.normal(size=(400, 6)), rng.normal(size=(400, 2))
    return vectors, scores, 2 * vectors[:, 0] + scores[:, 1] + 30


def test_a_planted_value_is_learned_from_half_of_the_rows(pool):
    vectors, scores, value = pool
    seen = np.where(np.arange(400) < 200, value, np.nan)
    predicted = select.learn_value([vectors, scores], seen, epochs=60, seed=1)
    assert np.corrcoef(predicted[200:], value[200:])[0, 1] > 0.85
    assert abs(predicted.mean() - value.mean()) < 0.5


def test_same_seed_same_values_and_the_global_state_is_left_alone(pool):
    import torch

    vectors, scores, value = pool
    before = torch.random.get_rng_state()
    first = select.learn_value([vectors, scores], value, epochs=2, seed=1)
    again = select.learn_value([vectors, scores], value, epochs=2, seed=1)
    other = select.learn_value([vectors, scores], value, epochs=2, seed=2)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_each_cluster_gives_its_share_best_first():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(60, 2)) * 0.2, rng.normal(size=(20, 2)) * 0.2 + 9])
    values = np.arange(80.0)
    picked = select.learned(X, values, 8, clusters=2).indices
    assert sorted(picked.tolist()) == [54, 55, 56, 57, 58, 59, 78, 79]


@pytest.mark.parametrize(
    ("features", "values", "message"),
    [
        ([], [], "groups of equal length"),
        ([np.zeros((3, 1)), np.zeros((2, 1))], np.zeros(3), r"lengths \[3, 2\]"),
        ([np.zeros((3, 1))], [1.0, np.nan, np.nan], "1 labelled rows"),
    ],
)
def test_errors_say_what_came(features, values, message):
    with pytest.raises(ValueError, match=message):
        select.learn_value(features, values)
