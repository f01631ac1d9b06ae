import json
from itertools import combinations

import numpy as np
import pytest
import torch

from lab.select import kcenter


@pytest.fixture(name="X")
def rows():
    return np.random.default_rng(0).normal(size=(60, 5))


def radius(X, centers):
    """Largest distance from a row to its nearest center: the definition, spelled out."""
    return max(min(np.linalg.norm(x - X[c]) for c in centers) for x in X)


def slow(X, k, first):
    """Gonzalez's algorithm, spelled out in double precision; ties to the lower row."""
    X = np.asarray(X, dtype=np.float64)
    picks = [first]
    nearest = ((X - X[first]) ** 2).sum(axis=1)
    while len(picks) < k:
        left = nearest.copy()
        left[picks] = -1
        picks.append(int(left.argmax()))
        nearest = np.minimum(nearest, ((X - X[picks[-1]]) ** 2).sum(axis=1))
    return picks


def test_by_hand():
    line = [[0.0], [1.0], [9.0], [10.0]]
    picked = kcenter(line, k=3, init=[0])
    assert picked.indices.tolist() == [3, 1, 2]
    assert picked.trace.tolist() == [1.0, 1.0, 0.0]


def test_trace_is_the_covering_radius(X):
    picked = kcenter(X, k=12)
    expected = [radius(X, picked.indices[: j + 1]) for j in range(12)]
    np.testing.assert_allclose(picked.trace, expected)


@pytest.mark.parametrize("seed", range(10))
def test_at_most_twice_the_best_radius(seed):
    X = np.random.default_rng(seed).normal(size=(10, 2))
    best = min(radius(X, centers) for centers in combinations(range(10), 3))
    assert kcenter(X, k=3, seed=seed).trace[-1] <= 2 * best


def test_picks_are_nested(X):
    part, whole = kcenter(X, k=7), kcenter(X, k=20).first(7)
    assert whole.indices.tolist() == part.indices.tolist()
    assert whole.trace.tolist() == part.trace.tolist()
    assert whole.params == part.params


def test_whole_pool_is_picked_once_even_with_duplicates():
    X = np.zeros((6, 3))
    assert sorted(kcenter(X, k=6).indices) == list(range(6))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_picks_are_those_of_the_definition(dtype):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(700, 24)).astype(dtype)
    X[350:] = X[:350] + rng.normal(size=(350, 24)).astype(dtype) * 1e-4  # near-duplicates
    X[600:] = X[:100]  # duplicates
    picked = kcenter(X, k=500, start=[11])
    assert picked.indices.tolist() == slow(X, 500, 11)


def test_far_from_the_origin_nothing_cancels():
    X = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32) * 0.01 + 100
    X = X.astype(np.float32)
    assert kcenter(X, k=50, start=[0]).indices.tolist() == slow(X, 50, 0)


def test_ties_go_to_the_lower_row():
    X = np.eye(40)  # every two rows are equally far
    assert kcenter(X, k=40, start=[7]).indices.tolist() == [7, *range(7), *range(8, 40)]


def test_init_rows_count_as_covered_and_are_not_returned(X):
    first = kcenter(X, k=5)
    rest = kcenter(X, k=15, init=first.indices)
    assert rest.indices.tolist() == kcenter(X, k=20).indices[5:].tolist()
    assert json.loads(json.dumps(rest.params)) == rest.params


def test_start_rows_are_picked_first(X):
    picked = kcenter(X, k=5, start=[4, 9])
    assert picked.indices[:2].tolist() == [4, 9]
    assert picked.indices[2:].tolist() == kcenter(X, k=3, init=[4, 9]).indices.tolist()


def test_order_of_the_pool_does_not_matter(X):
    order = np.random.default_rng(1).permutation(len(X))
    start = int(np.flatnonzero(order == 3)[0])
    assert (
        order[kcenter(X[order], k=9, init=[start]).indices].tolist()
        == kcenter(X, k=9, init=[3]).indices.tolist()
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, "between 1 and the 60 rows available, got 0"),
        ({"k": 61}, "between 1 and the 60 rows available, got 61"),
        ({"k": 60, "init": [1]}, "the 59 rows available, got 60"),
        ({"init": [2, 2]}, r"distinct rows below 60, got \[2, 2\]"),
        ({"init": [-1]}, r"distinct rows below 60, got \[-1\]"),
        ({"start": [2], "init": [2]}, "init and start together must name distinct rows"),
        ({"X": np.zeros(4)}, r"2 dimensions .* got shape \(4,\)"),
        ({"X": np.array([[0.0], [np.nan]])}, "1 rows are not, the first is row 1"),
    ],
)
def test_errors_say_what_came(X, change, message):
    with pytest.raises(ValueError, match=message):
        kcenter(**{"X": X, "k": 5} | change)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_a_tensor_gets_the_same_picks(dtype, offset):
    rows = np.random.default_rng(3).normal(size=(400, 6)).astype(dtype) + np.asarray(offset, dtype)
    rows[7] = rows[20]  # a duplicate
    rows[100:110] = np.round(rows[100:110])  # ties
    expected, got = kcenter(rows, 400, seed=1), kcenter(torch.from_numpy(rows), 400, seed=1)
    assert got.indices.tolist() == expected.indices.tolist()
    np.testing.assert_allclose(got.trace, expected.trace, rtol=1e-12)


def test_a_tensor_is_checked():
    broken = torch.tensor([[0.0], [float("nan")]])
    with pytest.raises(ValueError, match="1 rows are not, the first is row 1"):
        kcenter(broken, 1)
    with pytest.raises(ValueError, match="rows and columns"):
        kcenter(torch.zeros(3), 1)


@pytest.mark.parametrize("make", [np.asarray, torch.from_numpy])
def test_rows_at_the_origin_are_all_at_distance_0(make):
    picked = kcenter(make(np.zeros((5, 2))), k=3, start=[0])
    assert sorted(set(picked.indices)) == sorted(picked.indices)
    assert picked.trace.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.gpu
def test_a_gpu_gets_the_same_picks():
    rows = np.random.default_rng(3).normal(size=(20_000, 384)).astype(np.float32)
    got = kcenter(torch.from_numpy(rows).cuda(), 500)
    assert got.indices.tolist() == kcenter(rows, 500).indices.tolist()
