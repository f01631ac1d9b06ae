import numpy as np
import pytest

from lab import select


def made(m=4, n=60, d=6, seed=0):
    rng = np.random.default_rng(seed)
    X, Q = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    return tuple(each / np.linalg.norm(each, axis=1, keepdims=True) for each in (X, Q))


def plan(X, Q, entropy=0.01, penalty=1e-4):
    """Sinkhorn's scaling with free masses of the rows, spelled out over all pairs."""
    m, n = len(Q), len(X)
    kernel = np.exp(-(1 - Q @ X.T) / 2 / entropy) / m / n
    u, v = np.ones(m), np.ones(n)
    for _ in range(200):
        u = 1 / m / (kernel @ v)
        v = (1 / n / (kernel.T @ u)) ** (penalty / (penalty + entropy))
    return u[:, None] * kernel * v


@pytest.mark.parametrize("given", [{}, {"entropy": 0.1}, {"entropy": 0.05, "penalty": 0.05}])
def test_masses_and_order_are_those_of_the_whole_plan(given):
    X, Q = made()
    whole = plan(X, Q, **given)
    np.testing.assert_allclose(whole.sum(axis=1), 1 / 4, rtol=1e-9)
    mass = whole.sum(axis=0)
    picked = select.uot(X, Q, 60, **given)
    np.testing.assert_allclose(np.diff(picked.trace, prepend=0), mass[picked.indices], atol=1e-9)
    assert picked.indices.tolist() == np.argsort(-mass).tolist()


def test_it_is_nearly_a_softmax_over_the_rows_of_each_query():
    X, Q = made()
    weight = np.exp(Q @ X.T / 0.02)
    mean = (weight / weight.sum(axis=1, keepdims=True)).mean(axis=0)
    assert set(select.uot(X, Q, 8).indices) == set(np.argsort(-mean)[:8])


def test_copies_tie_and_the_lower_row_comes_first():
    X, Q = made()
    picked = select.uot(np.vstack([X, X]), Q, 120).indices
    assert (picked[1::2] - picked[::2] == 60).all()


def test_a_row_beyond_what_numbers_hold_comes_last():
    X, Q = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]), np.array([[1.0, 0.1]])
    picked = select.uot(X, Q, 3, entropy=0.0005)
    assert picked.indices.tolist() == [0, 1, 2]
    assert np.isfinite(picked.trace).all()


@pytest.mark.parametrize("given", [{"entropy": 0.0}, {"penalty": -1.0}])
def test_parameters_out_of_range_are_named(given):
    with pytest.raises(ValueError, match="entropy must be above 0 and penalty at least 0, got"):
        select.uot(*made(), 3, **given)
