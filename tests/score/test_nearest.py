import numpy as np
import pytest

from lab.score import nearest as module
from lab.score.nearest import nearest


@pytest.mark.parametrize("k", [1, 3, 39])
def test_by_definition_with_ties_and_in_small_blocks(k, monkeypatch):
    X = np.random.default_rng(0).integers(0, 3, size=(40, 3)).astype(float)
    expected = []
    for at, row in enumerate(X):
        others = [(((row - other) ** 2).sum(), j) for j, other in enumerate(X) if j != at]
        expected.append([j for _, j in sorted(others)[:k]])
    for block in (8 * 40 * 7, module.BLOCK_BYTES):
        monkeypatch.setattr(module, "BLOCK_BYTES", block)
        places, distances = nearest(X, k)
        assert places.tolist() == expected
        gaps = np.linalg.norm(X[:, None] - X[places], axis=2)
        np.testing.assert_allclose(distances, gaps, atol=1e-7)


@pytest.mark.parametrize("k", [0, 4])
def test_more_neighbours_than_others_are_refused(k):
    with pytest.raises(ValueError, match=f"k must be between 1 and the 3 others, got {k}"):
        nearest(np.eye(4), k)
