import numpy as np
import pandas as pd
import pytest

from lab import coverage
from lab.coverage import layout


@pytest.fixture(scope="module", name="places")
def mapped(X):
    return coverage.project(X, seed=1)


def test_neighbours_stay_neighbours(X, places):
    assert places.index.equals(X.index)
    assert list(places.columns) == ["x", "y"]
    assert coverage.trustworthiness(X, places) > 0.9
    shuffled = places.sample(frac=1, random_state=0).set_axis(X.index)
    assert coverage.trustworthiness(X, shuffled) < 0.6


def test_trustworthiness_is_that_of_scikit_learn(X, places):
    from sklearn.manifold import trustworthiness

    rows = X.iloc[:-10]  # without ties
    ours = coverage.trustworthiness(rows, places.iloc[:-10], k=7)
    assert ours == pytest.approx(trustworthiness(rows, places.iloc[:-10], n_neighbors=7), abs=1e-6)


def test_same_seed_same_map_with_or_without_the_graph(X, places):
    graph = coverage.neighbours(X, k=20)
    pd.testing.assert_frame_equal(coverage.project(X, graph=graph, seed=1), places)
    assert not np.allclose(coverage.project(X, graph=graph, seed=2), places)


def test_memberships_add_up_to_the_logarithm_of_the_neighbourhood(X):
    near = coverage.neighbours(X.iloc[:-10], k=14).distances
    weights = layout.memberships(np.hstack([np.zeros((len(near), 1), np.float32), near]))
    assert (weights[:, 0] == 0).all()
    assert (weights[:, 1] == 1).all()
    np.testing.assert_allclose(weights.sum(axis=1), np.log2(15), atol=1e-3)
    assert (np.diff(weights[:, 1:], axis=1) <= 0).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")
def test_edges_are_those_of_umap_learn(X):
    from umap.umap_ import fuzzy_simplicial_set

    graph = coverage.neighbours(X, k=14)
    own = np.arange(len(X), dtype=np.int32)[:, None]
    theirs, _, _ = fuzzy_simplicial_set(
        X.to_numpy(),
        15,
        np.random.RandomState(0),
        "euclidean",
        knn_indices=np.hstack([own, graph.indices]),
        knn_dists=np.hstack([np.zeros((len(X), 1), np.float32), graph.distances]),
    )
    assert abs(theirs - layout.edges(graph.indices, graph.distances)).max() < 1e-5


def test_the_curve_is_the_published_one():
    assert layout.curve(0.1) == pytest.approx((1.577, 0.895), abs=0.001)


def test_new_rows_land_among_their_neighbours(X, places):
    rng = np.random.default_rng(3)
    new = X.iloc[[5, 100, 200]] + rng.normal(size=(3, 12)).astype(np.float32) * 0.01
    found = coverage.place(new, X, places)
    assert found.index.equals(new.index)
    away = np.linalg.norm(found.to_numpy() - places.loc[new.index].to_numpy(), axis=1)
    assert (away < 0.2 * np.ptp(places.to_numpy(), axis=0).max()).all()
    exact = coverage.place(X.iloc[[50]], X, places, k=2)
    assert np.linalg.norm(exact.to_numpy() - places.iloc[[50]].to_numpy()) < 2


def test_small_and_degenerate_pools_are_mapped():
    assert coverage.project(np.eye(4)).shape == (4, 2)
    same = coverage.project(np.ones((30, 3)))
    assert np.isfinite(same.to_numpy()).all()
    assert np.isfinite(coverage.project(np.arange(20.0)[:, None]).to_numpy()).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X: coverage.project(X[:3]), "at least 4 rows to be mapped, got 3"),
        (lambda X: coverage.project(X, min_dist=2), "min_dist in 0..1"),
        (
            lambda X: coverage.project(X, graph=coverage.neighbours(X, k=5)),
            "graph must hold 14 neighbours of 300 rows, got 5 of 300",
        ),
        (lambda X: coverage.place(X, X, pd.DataFrame({"x": [0], "y": [0]})), "the same rows"),
        (
            lambda X: coverage.trustworthiness(X, X.set_axis([*"xyabcdefghij"], axis=1), k=150),
            "k be between 1 and 149",
        ),
    ],
)
def test_errors_say_what_came(X, call, message):
    with pytest.raises(ValueError, match=message):
        call(X)
