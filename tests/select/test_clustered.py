import numpy as np
import pytest

from lab import select


@pytest.fixture(name="X")
def blobs():
    rng = np.random.default_rng(0)
    spread = [rng.normal(size=(size, 3)) * 0.1 for size in (50, 30, 20)]
    return np.vstack([part + 10 * np.eye(3)[i] for i, part in enumerate(spread)])


@pytest.mark.parametrize("find", [select.centres, select.agglomerative_centres])
def test_centres_are_one_row_of_each_blob_largest_first(X, find):
    rows = find(X, 3)
    assert [int(np.digitize(row, [50, 80])) for row in rows] == [0, 1, 2]
    for row, part in zip(rows, (X[:50], X[50:80], X[80:]), strict=True):
        away = np.linalg.norm(part - part.mean(axis=0), axis=1)
        assert np.linalg.norm(X[row] - part.mean(axis=0)) == pytest.approx(away.min())


def test_kmeans_gives_each_cluster_its_share(X):
    picked = select.kmeans(X, 10, clusters=3).indices
    assert np.bincount(np.digitize(picked, [50, 80])).tolist() == [5, 3, 2]


def test_car_takes_the_best_of_each_cluster_then_the_best_of_all(X):
    scores = -np.arange(100.0)
    picked = select.car(X, scores, 6, clusters=3).indices
    assert picked.tolist() == [0, 50, 80, 1, 2, 3]
    picked = select.car(X, scores, 6, clusters=3, per_cluster=2).indices
    assert picked.tolist() == [0, 1, 50, 51, 80, 81]


def test_the_default_number_of_clusters_is_the_papers():
    X = np.random.default_rng(0).normal(size=(200, 2))
    assert select.car(X, np.zeros(200), 5).params["clusters"] == 10


def test_a_pool_of_equal_rows_has_one_centre():
    assert select.centres(np.ones((5, 2)), 3).tolist() == [0]


@pytest.mark.parametrize("clusters", [0, 101])
@pytest.mark.parametrize("find", [select.centres, select.agglomerative_centres])
def test_clusters_out_of_range_are_named(X, find, clusters):
    with pytest.raises(ValueError, match=f"between 1 and the 100 rows, got {clusters}"):
        find(X, clusters)


def test_medoid_is_the_row_nearest_to_the_mean():
    X = np.random.default_rng(0).normal(size=(50, 4))
    away = [np.linalg.norm(x - X.mean(axis=0)) for x in X]
    assert select.medoid(X) == int(np.argmin(away))
