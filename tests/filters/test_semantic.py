import sys

import numpy as np
import pandas as pd
import pytest

from lab import filters
from lab.filters.semantic import BLOCK


def pool(n):
    order = np.random.default_rng(9).permutation(n)
    return pd.DataFrame(index=pd.Index([f"id{row:05d}" for row in order], name="id"))


def vectors(n, *, seed=0, copies=3, noise=0.3, d=16):
    draw = np.random.default_rng(seed)
    centers = np.repeat(draw.normal(size=(n // copies + 1, d)), copies, axis=0)[:n]
    return (centers + noise * draw.normal(size=(n, d))).astype(np.float32)


def cosine(one, two):
    one, two = one.astype(np.float64), two.astype(np.float64)
    return one @ two / np.linalg.norm(one) / np.linalg.norm(two)


def slow(rows, X, limit, best=None):
    """Best first, skip what is too close to a kept one: the loop, spelled out."""
    scores = np.zeros(len(rows)) if best is None else np.nan_to_num(best, nan=-np.inf)
    order = sorted(range(len(rows)), key=lambda row: (-scores[row], rows.index[row]))
    kept = []
    for row in order:
        if all(cosine(X[row], X[other]) <= limit for other in kept):
            kept.append(row)
    return [row in kept for row in range(len(rows))]


def test_by_hand():
    rows = pd.DataFrame(index=pd.Index(["a", "b", "c"], name="id"))
    X = [[1.0, 0.0], [0.8, 0.6], [0.0, 2.0]]  # cosines 0.8, 0.6, 0.0
    assert filters.semantic(rows, X, max_similarity=0.81).tolist() == [True, True, True]
    assert filters.semantic(rows, X, max_similarity=0.7).tolist() == [True, False, True]
    best = pd.Series([1.0, 3.0, 2.0], index=rows.index)
    assert filters.semantic(rows, X, max_similarity=0.7, best=best).tolist() == [False, True, True]
    assert filters.semantic(rows, X, max_similarity=0.5, best=best).tolist() == [False, True, False]


def test_equal_passes():
    rows = pd.DataFrame(index=pd.Index(["a", "b"], name="id"))
    assert filters.semantic(rows, [[1.0, 0.0], [0.0, 1.0]], max_similarity=0.0).all()
    assert filters.semantic(rows, np.eye(2)[[0, 0]], max_similarity=1.0).all()


@pytest.mark.parametrize("limit", [0.3, 0.8, 0.95])
@pytest.mark.parametrize("scored", [False, True])
def test_by_definition(limit, scored):
    rows, X = pool(120), vectors(120)
    best = pd.Series(np.random.default_rng(2).integers(0, 5, 120) * 1.0, rows.index)
    best.iloc[::7] = np.nan
    keep = filters.semantic(rows, X, max_similarity=limit, best=best if scored else None)
    assert keep.tolist() == slow(rows, X, limit, best if scored else None)
    assert 0 < keep.sum() < 120


@pytest.mark.parametrize("limit", [0.3, 0.8, 0.95])
def test_a_few_columns_first_change_nothing(limit, monkeypatch):
    rows, X = pool(400), vectors(400, d=64)
    X[:, 8:] *= 0.05  # the first columns hold most
    monkeypatch.setattr(sys.modules["lab.filters.semantic"], "TILE", 13)
    monkeypatch.setattr(sys.modules["lab.filters.semantic"], "PAIRS", 5)
    keep = filters.semantic(rows, X, max_similarity=limit)
    assert keep.tolist() == slow(rows, X, limit, None)
    assert 0 < keep.sum() < 400


def test_no_two_kept_are_close_and_each_rejected_has_a_close_kept_one():
    n = BLOCK * 2 + 300
    rows, X = pool(n), vectors(n, d=24)
    copies = filters.copies_by_meaning(rows, X, max_similarity=0.85)
    keep = filters.semantic(rows, X, max_similarity=0.85)
    assert copies.keep.equals(keep)
    found = copies.closest()
    assert found.index.equals(rows.index[~keep])
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    inside = unit[keep] @ unit[keep].T
    np.fill_diagonal(inside, -1)
    assert inside.max() <= 0.85 + 1e-6
    for key, row in found.iterrows():
        one, two = rows.index.get_loc(key), rows.index.get_loc(row["nearest"])
        assert keep[row["nearest"]]
        assert row["similarity"] == pytest.approx(cosine(X[one], X[two]), abs=1e-6)
        assert row["similarity"] > 0.85
    assert 0 < (~keep).sum() < n


def test_row_order_and_block_size_do_not_matter(monkeypatch):
    rows, X = pool(400), vectors(400)
    keep = filters.semantic(rows, X)
    turned = filters.semantic(rows.iloc[::-1], X[::-1])
    pd.testing.assert_series_equal(keep, turned.loc[keep.index])
    monkeypatch.setattr(sys.modules["lab.filters.semantic"], "BLOCK", 7)
    monkeypatch.setattr(sys.modules["lab.filters.semantic"], "TILE", 13)
    pd.testing.assert_series_equal(keep, filters.semantic(rows, X))


def test_length_of_vectors_does_not_matter():
    rows, X = pool(200), vectors(200)
    scale = np.random.default_rng(0).uniform(0.1, 10, size=(200, 1))
    assert filters.semantic(rows, X).equals(filters.semantic(rows, X * scale))


def test_beyond_the_exact_size_planted_copies_are_found(monkeypatch):
    monkeypatch.setattr(sys.modules["lab.filters.semantic"], "CELL", 100)
    rows, X = pool(3000), vectors(3000, noise=0.05, d=32)
    exact = filters.semantic(rows, X)
    copies = filters.copies_by_meaning(rows, X, exact_up_to=0, seed=3)
    rough, near = copies.keep, copies.closest()
    assert exact.sum() == 1000
    assert (rough == exact).mean() >= 0.99
    again = filters.copies_by_meaning(rows, X, exact_up_to=0, seed=3)
    assert near.equals(again.closest())
    assert rough[near["nearest"]].all()
    for key, row in near.iloc[:50].iterrows():
        one, two = rows.index.get_loc(key), rows.index.get_loc(row["nearest"])
        assert row["similarity"] == pytest.approx(cosine(X[one], X[two]), abs=1e-5)


def test_beyond_the_exact_size_row_order_does_not_matter(monkeypatch):
    monkeypatch.setattr(sys.modules["lab.filters.semantic"], "CELL", 50)
    rows, X = pool(600), vectors(600, noise=0.6)
    keep = filters.semantic(rows, X, exact_up_to=0)
    turned = filters.semantic(rows.iloc[::-1], X[::-1], exact_up_to=0)
    pd.testing.assert_series_equal(keep, turned.loc[keep.index])
    assert 0 < keep.sum() < 600


def test_degenerate_pools():
    assert filters.semantic(pool(0), np.empty((0, 4))).tolist() == []
    assert filters.semantic(pool(1), [[3.0]]).tolist() == [True]
    assert filters.semantic(pool(50), np.ones((50, 3))).sum() == 1


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros(3), r"n = 3 examples, got shape \(3,\)"),
        (np.ones((2, 4)), r"got shape \(2, 4\)"),
        (np.array([[1.0], [0.0], [1.0]]), "without zero rows, but row 1 is not"),
        (np.array([[1.0], [1.0], [np.nan]]), "row 2 is not"),
    ],
)
def test_errors_say_what_came(X, message):
    with pytest.raises(ValueError, match=message):
        filters.semantic(pool(3), X)


def test_a_cosine_out_of_range_is_refused():
    with pytest.raises(ValueError, match="between -1 and 1, got 2"):
        filters.semantic(pool(3), np.ones((3, 2)), max_similarity=2)
