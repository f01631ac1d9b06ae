import importlib
from itertools import combinations

import numpy as np
import pytest

from lab import select


def unit(n, d, seed=0):
    X = np.random.default_rng(seed).normal(size=(n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def value(S, rows):
    """Facility location, spelled out: each row's best similarity to a pick, summed."""
    return sum(max(0, *(S[i, j] for j in rows)) for i in range(len(S)))


def naive(S, k):
    """Greedy without laziness."""
    picks, best = [], np.zeros(len(S))
    for _ in range(k):
        gains = np.maximum(S - best, 0).sum(axis=1)
        gains[picks] = -1
        picks.append(int(gains.argmax()))
        best = np.maximum(best, S[picks[-1]])
    return picks


def test_lazy_picks_are_the_naive_ones_and_the_trace_is_the_mean_similarity():
    X = unit(150, 8)
    S = np.maximum(X @ X.T, 0)
    picked = select.facility(X, 40)
    assert picked.indices.tolist() == naive(S, 40)
    expected = [value(S, picked.indices[: j + 1]) / 150 for j in range(40)]
    np.testing.assert_allclose(picked.trace, expected, rtol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_greedy_keeps_its_guarantee(seed):
    X = unit(10, 3, seed)
    S = X @ X.T
    best = max(value(S, rows) for rows in combinations(range(10), 3))
    assert value(S, select.facility(X, 3).indices) >= (1 - 1 / np.e) * best


def test_with_all_neighbours_the_sparse_form_is_the_dense_one():
    X = unit(60, 5)
    S = X @ X.T
    near = np.array([np.delete(np.arange(60), i) for i in range(60)])
    graph = (near, np.take_along_axis(S, near, axis=1))
    dense, sparse = select.facility(X, 20), select.facility(X, 20, graph=graph)
    assert dense.indices.tolist() == sparse.indices.tolist()
    np.testing.assert_allclose(dense.trace, sparse.trace, rtol=1e-5)


def test_duplicates_are_picked_last():
    X = unit(20, 6)
    X = np.vstack([X, X])
    picked = select.facility(X, 20).indices
    assert len(set((picked % 20).tolist())) == 20


def test_order_of_the_pool_does_not_matter():
    X = unit(80, 6)
    order = np.random.default_rng(1).permutation(80)
    there = order[select.facility(X[order], 15).indices]
    assert there.tolist() == select.facility(X, 15).indices.tolist()


def test_a_large_pool_needs_a_graph(monkeypatch):
    monkeypatch.setattr(importlib.import_module("lab.select.facility"), "DENSE", 50)
    with pytest.raises(ValueError, match="X has 80 rows, .* give a graph"):
        select.facility(unit(80, 4), 3)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        ((np.zeros((3, 2), int), np.zeros((3, 1))), r"two arrays \(4, m\)"),
        ((np.full((4, 1), 4), np.zeros((4, 1))), "rows below 4"),
        ((np.zeros((4, 1), int), np.full((4, 1), np.nan)), "finite similarities"),
    ],
)
def test_a_broken_graph_is_named(graph, message):
    with pytest.raises(ValueError, match=message):
        select.facility(unit(4, 2), 2, graph=graph)
