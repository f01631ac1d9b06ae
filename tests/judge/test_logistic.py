import numpy as np
import pytest
from scipy import optimize

from lab.judge import logistic


def by_scipy(X, y, center, pull):
    """The same objective, minimised by a general method from a far start."""

    def loss(b):
        z = X @ b
        return (np.logaddexp(0, z) - y * z).sum() + 0.5 * (pull * (b - center) ** 2).sum()

    return optimize.minimize(loss, np.zeros(X.shape[1]), method="BFGS", options={"gtol": 1e-9}).x


@pytest.mark.parametrize("theta", [-6.0, 0.0, 3.0, 8.0])
def test_the_fit_is_the_minimum_wherever_it_lies(theta):
    rng = np.random.default_rng(0)
    X = np.column_stack([np.tanh(rng.normal(1.5, 1.0, 800)), rng.normal(size=800), np.ones(800)])
    y = logistic.chance(X @ np.array([-1.5, 1.0, theta]))
    center, pull = np.array([-2.0, 1.0, 0.0]), np.array([20.0, 20.0, 1e-6])
    found, converged = logistic.fit(X, y, center=center, pull=pull)
    assert converged
    np.testing.assert_allclose(found, by_scipy(X, y, center, pull), atol=2e-3)
    q = logistic.chance(X @ found)
    slope = X.T @ (y - q) - pull * (found - center)
    assert np.abs(slope).max() < 1e-4


def test_undamped_steps_would_run_away_here():
    X = np.column_stack([np.ones(100), np.linspace(-1, 1, 100)])
    y = (np.arange(100) >= 2).astype(float)
    y[50] = 0.0
    found, converged = logistic.fit(X, y, center=[-8.0, 0.0])
    assert converged
    assert np.abs(X.T @ (y - logistic.chance(X @ found))).max() < 1e-4


def test_weights_count_rows():
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(60), rng.normal(size=60)])
    y = rng.random(60)
    weights = rng.multinomial(60, np.full(60, 1 / 60), size=3).astype(float)
    found, converged = logistic.fits(X, y, weights)
    assert converged.all()
    for one, row in zip(weights, found, strict=True):
        rows = np.repeat(np.arange(60), one.astype(int))
        np.testing.assert_allclose(logistic.fit(X[rows], y[rows])[0], row, atol=1e-8)


def test_a_separated_draw_stays_finite():
    X = np.column_stack([np.ones(6), np.arange(6.0) - 2.5])
    y = (X[:, 1] > 0).astype(float)
    found, converged = logistic.fit(X, y)
    assert converged
    assert np.isfinite(found).all()
    assert found[1] > 5


def test_separation_is_seen_in_either_direction_and_with_ties():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    assert logistic.separated(x, np.array([0, 0, 0.5, 1, 1]))
    assert logistic.separated(x, np.array([1, 1, 0, 0, 0.0]))
    assert not logistic.separated(x, np.array([0, 1, 0.5, 1, 1]))
    assert not logistic.separated(x, np.array([0, 0.5, 0.5, 1, 1]))
    assert logistic.separated(x, np.ones(5))


def test_chances_do_not_overflow():
    assert logistic.chance([-1e4, 0.0, 1e4]).tolist() == [0.0, 0.5, 1.0]
