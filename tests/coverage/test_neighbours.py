import importlib

import numpy as np
import pytest

from lab.coverage import neighbours


def slow(X, k, queries=None):
    """Sort all distances, in double precision; ties to the lower row."""
    X = np.asarray(X, dtype=np.float64)
    Q = X if queries is None else np.asarray(queries, dtype=np.float64)
    away = ((Q[:, None] - X[None]) ** 2).sum(axis=2)
    if queries is None:
        np.fill_diagonal(away, np.inf)
    order = np.argsort(away, axis=1, kind="stable")[:, :k]
    return order, np.sqrt(np.take_along_axis(away, order, axis=1))


@pytest.mark.parametrize("block", [7, 64, 4096])
def test_by_definition_for_any_size_of_block(X, block, monkeypatch):
    monkeypatch.setattr(importlib.import_module("lab.coverage.neighbours"), "BLOCK", block)
    found = neighbours(X, k=9)
    order, away = slow(X, 9)
    assert found.indices.tolist() == order.tolist()
    np.testing.assert_allclose(found.distances, away, rtol=1e-6, atol=1e-7)


def test_queries_have_other_neighbours(X):
    queries = np.random.default_rng(1).normal(size=(20, 12)).astype(np.float32)
    found = neighbours(X, k=4, queries=queries)
    assert found.indices.tolist() == slow(X, 4, queries)[0].tolist()
    assert neighbours(X, k=1, queries=X).distances.max() == 0


def test_more_copies_than_candidates_are_all_seen():
    """The margin of candidates cannot hold them: the row is compared with all others."""
    X = np.repeat(np.random.default_rng(0).normal(size=(3, 4)), 40, axis=0).astype(np.float32)
    found = neighbours(X, k=2)
    assert (found.distances == 0).all()
    assert found.indices[:4].tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]


def test_far_from_the_origin_nothing_cancels():
    X = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32) * 0.01 + 100
    X = X.astype(np.float32)
    assert neighbours(X, k=5).indices.tolist() == slow(X, 5)[0].tolist()


def test_every_other_row_can_be_asked_for():
    X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    assert neighbours(X, k=11).indices.tolist() == slow(X, 11)[0].tolist()


def test_order_of_the_rows_does_not_matter(X):
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_array_equal(
        neighbours(X.iloc[order], k=5).distances, neighbours(X, k=5).distances[order]
    )


def test_similarities_are_cosines(X):
    found = neighbours(X, k=3)
    rows = X.to_numpy(dtype=np.float64)
    cosine = np.einsum("nd,nkd->nk", rows, rows[found.indices])
    np.testing.assert_allclose(found.similarities(), cosine, atol=1e-6)


def test_near_duplicates_are_the_planted_ones(X):
    pairs = neighbours(X, k=3).near_duplicates(max_distance=1e-6)
    assert pairs == [(row, row + 290) for row in range(10)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, "between 1 and the 3 rows to be had, got 0"),
        ({"k": 4}, "between 1 and the 3 rows to be had, got 4"),
        ({"X": [[np.inf], [1.0]], "k": 1}, "X must be finite, but 1 rows are not, .* row 0"),
        ({"X": [1.0, 2.0]}, r"shape \(examples, features\), got \(2,\)"),
        ({"queries": [[1.0, 2.0]]}, "queries must have 1 columns as X has, got 2"),
    ],
)
def test_errors_say_what_came(change, message):
    with pytest.raises(ValueError, match=message):
        neighbours(**{"X": [[0.0], [1.0], [2.0], [3.0]], "k": 1} | change)
