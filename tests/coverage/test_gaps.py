import numpy as np
import pandas as pd
import pytest

from lab import coverage


def test_removed_blobs_are_the_gaps(X):
    blob = np.arange(300) // 60
    blob[-10:] = 0
    kept = X[np.isin(blob, [0, 2, 4])]
    found = coverage.gaps(kept, X)
    missed = ~found.rows["reached"].to_numpy()
    assert missed[np.isin(blob, [1, 3])].all()
    assert missed[np.isin(blob, [0, 2, 4])].mean() < 0.1
    assert set(found.regions.index[:2]) == {0, 1}
    assert (found.regions["size"].iloc[:2] >= 55).all()
    centre = X.index.get_indexer(found.regions["centre"].iloc[:2])
    assert set(blob[centre]) == {1, 3}


def test_what_is_there_leaves_no_gap(X):
    found = coverage.gaps(X, X)
    assert found.rows["reached"].all()
    assert (found.rows["region"] == -1).all()
    assert found.regions.empty
    assert repr(found) == "Gaps(0 of 300 rows in 0 regions)"


def test_small_regions_are_not_listed_but_their_rows_stay_unreached():
    subset = [[0.0], [1.0], [2.0]]
    found = coverage.gaps(subset, [[0.5], [50.0], [50.5], [90.0]], max_distance=1.0, min_size=2)
    assert found.rows["region"].tolist() == [-1, 0, 0, -2]
    assert found.regions["size"].tolist() == [2]


def test_two_pools_on_one_map(X):
    one, two = X.iloc[:180], X.iloc[120:].set_axis([f"b{i}" for i in range(180)])
    found = coverage.compare(one, two, names=("old", "new"))
    assert found.places["pool"].value_counts().to_dict() == {"old": 180, "new": 180}
    assert found.places.index.tolist() == [*one.index, *two.index]
    a, b = one.to_numpy(dtype=np.float64), two.to_numpy(dtype=np.float64)
    across = np.linalg.norm(a[:, None] - b[None], axis=2).min(axis=1)
    inside = np.linalg.norm(b[:, None] - b[None], axis=2) + 9 * np.eye(180)
    limit = np.quantile(inside.min(axis=1), 0.95)
    assert found.reached["old"] == pytest.approx((across <= limit).mean(), abs=1 / 180)
    assert found.reached["old"] < 0.8  # two of its three blobs are not in the other
    np.testing.assert_allclose(found.places["distance"].iloc[:180], across, atol=1e-6)
    both = coverage.compare(one, one.set_axis([f"c{i}" for i in range(180)]))
    assert both.reached.tolist() == [1.0, 1.0]
    assert (both.places["distance"] == 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X: coverage.gaps(X, X, max_distance=-1.0), "got -1.0 and 1"),
        (lambda X: coverage.gaps(X, X, min_size=0), "and 0"),
        (lambda X: coverage.gaps(X.iloc[:1], X), "at least 2 rows are needed"),
        (lambda X: coverage.compare(X, X, names=("a", "a")), "'a' and 'a'"),
        (lambda X: coverage.compare(X, pd.DataFrame([[1.0], [2.0]])), "12 and 1 columns"),
    ],
)
def test_errors_say_what_came(X, call, message):
    with pytest.raises(ValueError, match=message):
        call(X)
