import numpy as np
import pytest

from lab import select


def shipped(X, scores, k, ceiling):
    """The authors' loop, in words: one candidate at a time against all that are kept."""
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    kept = []
    for row in np.argsort(-scores, kind="stable"):
        if not kept or max(X[row] @ X[kept].T) <= ceiling:
            kept.append(int(row))
        if len(kept) == k:
            break
    return kept


@pytest.fixture(name="pool")
def grouped():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(200, 16))
    X = centres[rng.integers(0, 200, 1500)] + rng.normal(size=(1500, 16)) * 0.3
    return X, rng.normal(size=1500)


@pytest.mark.parametrize("ceiling", [0.5, 0.9, 0.97])
def test_same_rows_as_the_loop(pool, ceiling):
    X, scores = pool
    assert select.deita(X, scores, 400, max_similarity=ceiling).indices.tolist() == shipped(
        X, scores, 400, ceiling
    )


@pytest.mark.parametrize("shift", [0.0, 0.6])  # rows apart, and rows all alike
def test_long_rows_give_the_same_rows_as_the_loop(shift):
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(300, 160))
    X = centres[rng.integers(0, 300, 3000)] + rng.normal(size=(3000, 160)) * 0.5 + shift
    scores = rng.normal(size=3000)
    for ceiling in (0.82, 0.9):
        picked = select.deita(X, scores, 2000, max_similarity=ceiling).indices
        assert picked.tolist() == shipped(X, scores, 2000, ceiling)
    assert len(picked) == 2000  # more than one strip of kept rows


def test_no_two_picks_are_above_the_ceiling_and_every_skipped_row_is(pool):
    X, scores = pool
    picked = select.deita(X, scores, 1500).indices
    assert len(picked) < 1500
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    among = unit[picked] @ unit[picked].T - 2 * np.eye(len(picked))
    assert among.max() <= 0.9 + 1e-6
    skipped = np.setdiff1d(np.arange(1500), picked)
    assert ((unit[skipped] @ unit[picked].T).max(axis=1) > 0.9 - 1e-6).all()


def test_a_cosine_equal_to_the_ceiling_is_kept():
    """The code refuses what is above, not what is equal."""
    X = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]
    equal = float(np.float64(np.float32(0.6)))
    assert select.deita(X, [3.0, 2.0, 1.0], 2, max_similarity=equal).indices.tolist() == [0, 1]
    assert select.deita(X, [3.0, 2.0, 1.0], 2, max_similarity=0.59).indices.tolist() == [0, 2]


def test_duplicates_are_kept_once(pool):
    X, _ = pool
    twice = np.vstack([X[:50], X[:50]])
    picked = select.deita(twice, np.zeros(100), 100, max_similarity=0.999).indices
    assert sorted(picked.tolist()) == list(range(50))


def test_order_of_the_pool_does_not_matter(pool):
    X, scores = pool
    order = np.random.default_rng(1).permutation(1500)
    there = order[select.deita(X[order], scores[order], 300).indices]
    assert there.tolist() == select.deita(X, scores, 300).indices.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": [1.0]}, r"shape \(2,\)"),
        ({"max_similarity": 1.1}, "between -1 and 1, got 1.1"),
        ({"X": [[1.0], [0.0]]}, "no row of length 0, but row 1"),
    ],
)
def test_errors_say_what_came(change, message):
    with pytest.raises(ValueError, match=message):
        select.deita(**{"X": [[1.0], [2.0]], "scores": [1.0, 2.0], "k": 1} | change)
