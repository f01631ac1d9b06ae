import importlib

import numpy as np
import pytest

from lab import select
from lab.select import queries

RNG = np.random.default_rng(0)
X, Q = RNG.normal(size=(90, 5)), RNG.normal(size=(7, 5))
TARGETED = ["doubly_greedy", "nearest", "round_robin", "tsds", "uot"]


def cosines(X, Q):
    """Every cosine of a query (row) and an example (column), one by one."""
    return np.array([[x @ q / np.linalg.norm(x) / np.linalg.norm(q) for x in X] for q in Q])


@pytest.mark.parametrize("cells", [2**22, 40])
@pytest.mark.parametrize("groups", [None, np.array([1, 0, 0, 2, 1, 2, 2])])
def test_nearest_rows_are_those_of_all_pairs_sorted_whatever_the_block(monkeypatch, cells, groups):
    monkeypatch.setattr(queries, "CELLS", cells)
    S = cosines(X, Q)
    if groups is not None:
        S = np.array([S[groups == group].max(axis=0) for group in range(3)])
    for count in (1, 13, 90):
        rows, found = queries.nearest_rows(X, queries.unit(Q), count, groups=groups)
        expected = np.argsort(-S, axis=1, kind="stable")[:, :count]
        np.testing.assert_array_equal(rows, expected)
        np.testing.assert_allclose(found, np.take_along_axis(S, expected, axis=1), atol=1e-9)


def test_of_equal_rows_the_lower_is_nearer_across_blocks(monkeypatch):
    monkeypatch.setattr(queries, "CELLS", 35)
    copies = np.tile(RNG.normal(size=(5, 5)).astype(np.float32), (8, 1))
    rows, found = queries.nearest_rows(copies, queries.unit(Q), 40)
    assert all(np.diff(row[:8]).min() == 5 for row in rows)
    assert all(len(set(values[:8])) == 1 for values in found)


@pytest.mark.parametrize("count", [1, 4, 30, 40])
@pytest.mark.parametrize("spare", [128, 0])
def test_lists_full_of_copies_are_settled_exactly(monkeypatch, spare, count):
    monkeypatch.setattr(queries, "SPARE", spare)
    monkeypatch.setattr(queries, "CELLS", 35)
    rows = np.tile(RNG.normal(size=(2, 5)), (20, 1))
    rows[7] += 1e-9  # apart in double precision only
    S = np.round(cosines(rows, Q), 11)
    expected = np.argsort(-S, axis=1, kind="stable")[:, :count]
    found, _ = queries.nearest_rows(rows, queries.unit(Q), count)
    np.testing.assert_array_equal(found, expected)
    marked = queries.marked(rows, queries.unit(Q), count)
    assert set(np.flatnonzero(marked)) == set(expected.ravel())


def test_rows_that_are_not_left_are_not_found():
    left = np.arange(90) % 3 > 0
    found, _ = queries.nearest_rows(X, queries.unit(Q), 60, left=left)
    S = np.where(left, cosines(X, Q), -np.inf)
    np.testing.assert_array_equal(found, np.argsort(-S, axis=1, kind="stable")[:, :60])


@pytest.mark.parametrize("name", TARGETED)
def test_what_does_not_fit_is_named(name):
    method = getattr(select, name)
    with pytest.raises(ValueError, match="queries must have the 5 columns of X, got 3"):
        method(X, Q[:, :3], 4)
    with pytest.raises(ValueError, match="queries must have rows and columns"):
        method(X, Q[:0], 4)
    with pytest.raises(ValueError, match="queries must be finite, but 1 rows .* is row 2"):
        method(X, np.where(np.arange(7)[:, None] == 2, np.nan, Q), 4)
    with pytest.raises(ValueError, match="X must be finite, but 1 rows .* is row 3"):
        method(np.where(np.arange(90)[:, None] == 3, np.inf, X), Q, 4)
    with pytest.raises(ValueError, match="X must have no row of length 0, but row 5 is"):
        method(np.where(np.arange(90)[:, None] == 5, 0.0, X), Q, 4)


@pytest.mark.parametrize("name", TARGETED)
def test_lengths_of_rows_and_the_block_make_no_difference(monkeypatch, name):
    method = getattr(select, name)
    before = method(X, Q, 20).indices.tolist()
    monkeypatch.setattr(queries, "CELLS", 60)
    longer = X * RNG.uniform(0.5, 9, (90, 1))
    assert method(longer, 3 * Q, 20).indices.tolist() == before


@pytest.mark.parametrize("name", ["doubly_greedy", "nearest", "round_robin", "uot"])
def test_the_order_of_the_pool_makes_no_difference(name):
    method = getattr(select, name)
    order = RNG.permutation(90)
    there = order[method(X[order], Q, 20).indices]
    assert there.tolist() == method(X, Q, 20).indices.tolist()


@pytest.mark.parametrize("name", TARGETED)
def test_with_one_query_the_nearest_rows_come_first(name):
    spread = {"seed": None, "sigma": 0.0, "alpha": 1e-6, "max_neighbours": 13}
    given = spread if name == "tsds" else {}
    S = cosines(X, Q[:1])[0]
    picked = getattr(select, name)(X, Q[:1], 12, **given).indices
    expected = np.argsort(-S, kind="stable")[:12]
    if name == "tsds":  # rows that are filled to the level have the same mass
        assert set(picked) == set(expected)
    else:
        np.testing.assert_array_equal(picked, expected)


@pytest.mark.parametrize("name", ["doubly_greedy", "nearest", "uot"])
def test_queries_that_come_twice_change_nothing(name):
    method = getattr(select, name)
    twice = method(X, np.vstack([Q, Q]), 25)
    assert twice.indices.tolist() == method(X, Q, 25).indices.tolist()


def test_rows_beyond_what_a_key_holds_are_refused(monkeypatch):
    monkeypatch.setattr(importlib.import_module("lab.select.queries"), "ROW_BITS", 6)
    with pytest.raises(ValueError, match="X must have at most 64 rows, got 90"):
        select.nearest(X, Q, 3)
