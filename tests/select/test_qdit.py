import numpy as np
import pytest

from lab import select


def made(n=60, d=5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True), rng.normal(size=n)


def naive(S, quality, k, alpha):
    """Greedy without laziness, over sums of all similarities; also the value after each pick."""
    S = np.maximum(S, 0)
    picks, values = [], []

    def value(rows):
        return (1 - alpha) * S[:, rows].max(axis=1).sum() + alpha * quality[rows].sum()

    for _ in range(k):
        left = [row for row in range(len(S)) if row not in picks]
        picks.append(max(left, key=lambda row: (round(value([*picks, row]), 9), -row)))
        values.append(value(picks))
    return picks, values


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.7, 0.95])
def test_lazy_picks_are_the_naive_ones(alpha):
    X, quality = made()
    picked = select.qdit(X, quality, 30, alpha=alpha)
    picks, values = naive(X @ X.T, quality, 30, alpha)
    assert picked.indices.tolist() == picks
    np.testing.assert_allclose(picked.trace, values, rtol=1e-4, atol=1e-3)


def test_alpha_nought_is_facility_location_and_one_is_quality():
    X, quality = made()
    assert (
        select.qdit(X, quality, 25, alpha=0.0).indices.tolist()
        == select.facility(X, 25).indices.tolist()
    )
    assert (
        select.qdit(X, quality, 25, alpha=1.0).indices.tolist()
        == select.top(quality, 25).indices.tolist()
    )
    nearly = select.qdit(X, quality, 25, alpha=0.999999)
    assert nearly.indices.tolist() == select.top(quality, 25).indices.tolist()


def test_the_zero_of_quality_makes_no_difference_and_its_unit_does():
    X, quality = made()
    expected = select.qdit(X, quality, 20).indices.tolist()
    assert select.qdit(X, quality - 7, 20).indices.tolist() == expected
    assert select.qdit(X, 100 * quality, 20).indices.tolist() != expected


def test_quality_that_steps_cannot_hold_is_refused():
    X, quality = made()
    with pytest.raises(ValueError, match="scores must differ by less at this alpha, got up to"):
        select.qdit(X, 1e15 * quality, 3, alpha=0.9)


def test_with_all_neighbours_the_sparse_form_is_the_dense_one():
    X, quality = made()
    near = np.array([np.delete(np.arange(60), i) for i in range(60)])
    graph = (near, np.take_along_axis(X @ X.T, near, axis=1))
    dense, sparse = select.qdit(X, quality, 20), select.qdit(X, quality, 20, graph=graph)
    assert dense.indices.tolist() == sparse.indices.tolist()
    assert sparse.params["neighbours"] == 59


def test_rows_of_one_quality_are_picked_by_facility_and_copies_last():
    X, _ = made(n=12)
    X = np.vstack([X, X])
    picked = select.qdit(X, np.ones(24), 12, alpha=0.5).indices
    assert len(set((picked % 12).tolist())) == 12
    assert picked.tolist() == select.facility(X, 12).indices.tolist()


@pytest.mark.parametrize(
    ("scores", "given", "message"),
    [
        (np.where(np.arange(60) == 3, np.nan, 1.0), {}, r"for every row, but 1 lack one: \[3\]"),
        (np.ones(60), {"alpha": 1.5}, "alpha must be between 0 and 1, got 1.5"),
        (np.ones(5), {}, r"scores must have shape \(60,\)"),
    ],
)
def test_errors_say_what_came(scores, given, message):
    with pytest.raises(ValueError, match=message):
        select.qdit(made()[0], scores, 5, **given)
