import numpy as np
import pytest

from lab import select


def naive(X, density, k, power, first):
    """The authors' greedy step, spelled out."""
    picks = [first]
    for _ in range(k - 1):
        value = np.full(len(X), -np.inf)
        for row in range(len(X)):
            if row not in picks:
                away = sorted((1 - X[row] @ X[p]) * (density[row] + density[p]) for p in picks)
                value[row] = np.mean([d / (r + 1) ** power for r, d in enumerate(away)])
        picks.append(int(value.argmax()))
    return picks


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_by_definition(power):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    density = rng.uniform(1, 3, 40)
    picked = select.novelsum(X, density, 12, distance_power=power, seed=3)
    assert picked.indices.tolist() == naive(X, density, 12, power, picked.indices[0])


def test_a_density_must_be_positive():
    with pytest.raises(ValueError, match="above 0 in every row, got 0.0"):
        select.novelsum(np.eye(3), [1.0, 0.0, 1.0], 2)
    with pytest.raises(ValueError, match="at least 0, got -1"):
        select.novelsum(np.eye(3), np.ones(3), 2, distance_power=-1)
