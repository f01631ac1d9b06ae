import numpy as np
import pandas as pd
import pytest

from lab import coverage


def test_states_by_hand():
    found = coverage.reach([[0.0], [1.0], [2.5], [9.0]], [0], limits=(1.0, 3.0))
    assert found.rows["distance"].tolist() == [0.0, 1.0, 2.5, 9.0]
    assert found.rows["state"].tolist() == ["covered", "covered", "thin", "missed"]
    assert found.rows["picked"].tolist() == [True, False, False, False]
    assert found.shares().to_dict() == {"covered": 0.5, "thin": 0.25, "missed": 0.25}


def test_a_random_subset_covers_half_and_misses_one_in_twenty():
    X = np.random.default_rng(0).normal(size=(2000, 8))
    rows = np.random.default_rng(7).choice(2000, 100, replace=False)
    shares = coverage.reach(X, rows).shares()
    assert shares["covered"] == pytest.approx(0.5, abs=0.05)
    assert shares["missed"] == pytest.approx(0.05, abs=0.02)


def test_subsets_of_one_size_share_their_scale():
    X = np.random.default_rng(0).normal(size=(300, 4))
    one, other = coverage.reach(X, range(30)), coverage.reach(X, range(30, 60))
    assert (one.near, one.far) == (other.near, other.far)


def test_what_a_subset_leaves_out_is_missed_there():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(np.vstack([rng.normal(size=(100, 3)), rng.normal(20, 1, size=(100, 3))]))
    labels = pd.Series([0] * 100 + [1] * 100)
    table = coverage.by_cluster(
        labels, {"left": coverage.reach(X, range(20)), "both": coverage.reach(X, range(90, 110))}
    )
    assert table["left: missed"].tolist() == [pytest.approx(0, abs=0.1), 1.0]
    assert table["left: picks"].tolist() == [20, 0]
    assert table["both: picks"].tolist() == [10, 10]
    assert table["both: missed"].max() < 0.5
    assert table["size"].tolist() == [100, 100]


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="rise from at least 0, got 2 and 1"):
        coverage.reach([[0.0]], [0], limits=(2, 1))
    with pytest.raises(ValueError, match="'a' must be on the index of labels"):
        coverage.by_cluster(pd.Series([0], index=["x"]), {"a": coverage.reach([[0.0]], [0])})
