import numpy as np

from lab import select


def test_by_definition_with_ties_and_copies():
    rng = np.random.default_rng(0)
    X = rng.integers(-2, 3, size=(70, 3)).astype(float)
    X[~X.any(axis=1)] = 1.0
    Q = rng.normal(size=(9, 3))
    unit, asked = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (X, Q))
    mean = [sum(float(q @ x) for q in asked) / 9 for x in unit]
    expected = sorted(range(70), key=lambda row: (-round(mean[row], 9), row))
    for k in (1, 20, 70):
        picked = select.nearest(X, Q, k)
        assert picked.indices.tolist() == expected[:k]
        np.testing.assert_allclose(picked.trace, [mean[row] for row in expected[:k]], atol=1e-9)


def test_it_asks_for_the_middle():
    X = np.array([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]])
    assert set(select.nearest(X, [[1.0, 0.0], [0.0, 1.0]], 2).indices) == {1, 2}
