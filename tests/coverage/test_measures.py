import numpy as np
import pytest

from lab import coverage


def slow_nearest(X, picks):
    X = np.asarray(X, dtype=np.float64)
    return np.array([min(np.linalg.norm(x - X[p]) for p in picks) for x in X])


def test_distances_to_the_nearest_pick_by_definition(X):
    picks = [3, 70, 150, 299]
    away = slow_nearest(X, picks)
    assert coverage.radius(X, picks) == pytest.approx(away.max(), rel=1e-5)
    assert coverage.mean_distance(X, picks) == pytest.approx(away.mean(), rel=1e-5)
    limit = float(np.median(away)) + 1e-4
    assert coverage.recall(X, picks, max_distance=limit) == (away <= limit).mean()
    cosine = np.maximum(X.to_numpy() @ X.to_numpy()[picks].T, 0).max(axis=1)
    assert coverage.facility_value(X, picks) == pytest.approx(cosine.mean(), abs=1e-5)


def test_all_rows_cover_all_rows(X):
    everything = range(len(X))
    assert coverage.radius(X, everything) == 0
    assert coverage.recall(X, everything, max_distance=0) == 1
    assert coverage.facility_value(X, everything) == 1


def test_more_picks_never_cover_less(X):
    order = np.random.default_rng(0).permutation(len(X))
    budgets = [1, 5, 20, 100]
    assert coverage.curve(
        lambda rows: coverage.radius(X, rows), order, budgets
    ).is_monotonic_decreasing
    value = coverage.curve(lambda rows: coverage.facility_value(X, rows), order, budgets)
    assert value.is_monotonic_increasing
    assert value.index.tolist() == budgets


def test_entropy_is_one_for_an_even_spread_and_zero_for_one_cluster():
    labels = [0, 0, 1, 1, 2, 2, -1]
    assert coverage.cluster_entropy(labels, [0, 2, 4]) == pytest.approx(1)
    assert coverage.cluster_entropy(labels, [0, 1]) == 0
    assert coverage.cluster_entropy(labels, [6]) == 0
    half = -(2 / 3 * np.log(2 / 3) + 1 / 3 * np.log(1 / 3)) / np.log(3)
    assert coverage.cluster_entropy(labels, [0, 1, 2]) == pytest.approx(half)


def test_vendi_counts_different_rows(X):
    assert coverage.vendi(np.eye(7)) == pytest.approx(7)
    assert coverage.vendi(np.ones((5, 1))) == pytest.approx(1)
    rows = X.to_numpy(dtype=np.float64)
    values = np.linalg.eigvalsh(rows @ rows.T / len(rows))  # the definition, n by n
    values = values[values > 1e-12]
    assert coverage.vendi(X) == pytest.approx(np.exp(-(values * np.log(values)).sum()), rel=1e-5)
    with pytest.raises(ValueError, match="unit rows, but row 1 has length 2"):
        coverage.vendi([[1.0], [2.0]])


def test_density_by_definition(X):
    graph = coverage.neighbours(X, k=12)
    expected = 1 / np.sqrt((graph.distances[:, :10].astype(float) ** 2).mean(axis=1) + 1e-9)
    np.testing.assert_allclose(coverage.density(graph), expected)
    with pytest.raises(ValueError, match="the 12 neighbours of the graph, got 13"):
        coverage.density(graph, k=13)


def slow_novelsum(X, density, picks, power):
    """The authors' measure, spelled out."""
    X = np.asarray(X, dtype=np.float64)
    total = []
    for i in picks:
        away = sorted(density[i] * (1 - X[i] @ X[j]) for j in picks)
        weights = [1 / (rank + 1) ** power for rank in range(len(picks))]
        total.append(np.average(away, weights=weights))
    return np.mean(total)


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_novelsum_by_definition(X, power):
    density = coverage.density(coverage.neighbours(X, k=10))
    picks = list(range(0, 280, 14))
    ours = coverage.novelsum(X, density, picks, distance_power=power)
    assert ours == pytest.approx(slow_novelsum(X, density, picks, power), rel=1e-4)
    assert ours > coverage.novelsum(X, density, list(range(20)), distance_power=power)


def test_overlap_and_stability_by_hand():
    table = coverage.overlap({"a": [1, 2, 3], "b": [3, 4], "c": [9]})
    assert table.loc["a", "b"] == pytest.approx(1 / 4)
    assert table.loc["a", "c"] == 0
    assert (np.diag(table) == 1).all()
    assert coverage.stability([[1, 2, 3], [3, 4], [9]]) == pytest.approx(1 / 12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X: coverage.radius(X, []), "at least one"),
        (lambda X: coverage.radius(X, [300]), "rows below 300"),
        (lambda X: coverage.recall(X, [0], max_distance=-1), "at least 0, got -1"),
        (lambda X: coverage.overlap({"a": []}), "'a' is empty"),
        (lambda X: coverage.stability([[1]]), "at least 2 subsets, got 1"),
        (lambda X: coverage.curve(len, [1, 2], [3]), r"the 2 picks, got \[3\]"),
        (lambda X: coverage.novelsum(X, [1.0], [0]), r"shape \(300,\), got \(1,\)"),
    ],
)
def test_errors_say_what_came(X, call, message):
    with pytest.raises(ValueError, match=message):
        call(X)
