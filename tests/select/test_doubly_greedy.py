import numpy as np

from lab import select


def test_by_definition_with_ties_and_copies():
    rng = np.random.default_rng(0)
    X = rng.integers(-2, 3, size=(70, 3)).astype(float)
    X[~X.any(axis=1)] = 1.0
    Q = rng.normal(size=(9, 3))
    unit, asked = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (X, Q))
    best = [max(float(q @ x) for q in asked) for x in unit]
    expected = sorted(range(70), key=lambda row: (-round(best[row], 9), row))
    for k in (1, 20, 70):
        picked = select.doubly_greedy(X, Q, k)
        assert picked.indices.tolist() == expected[:k]
        np.testing.assert_allclose(picked.trace, [best[row] for row in expected[:k]], atol=1e-9)


def test_a_query_among_many_rows_may_take_all():
    X = np.vstack([np.eye(3)[[0]] + 0.01 * np.random.default_rng(0).normal(size=(8, 3)), np.eye(3)])
    assert set(select.doubly_greedy(X[:-3], np.eye(3), 8).indices) == set(range(8))
