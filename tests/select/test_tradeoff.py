import numpy as np
import pytest

from lab import select


@pytest.fixture(name="X")
def unit_rows():
    X = np.random.default_rng(0).normal(size=(40, 6))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def test_mmr_by_definition(X):
    scores = np.random.default_rng(1).uniform(size=40)
    picks = []
    for _ in range(12):
        value = {
            row: 0.7 * scores[row] - 0.3 * max((X[row] @ X[p] for p in picks), default=0)
            for row in range(40)
            if row not in picks
        }
        picks.append(max(value, key=value.get))
    assert select.mmr(X, scores, 12, relevance=0.7).indices.tolist() == picks


def test_mmr_with_relevance_one_is_top(X):
    scores = np.random.default_rng(1).uniform(size=40)
    assert (
        select.mmr(X, scores, 9, relevance=1.0).indices.tolist()
        == select.top(scores, 9).indices.tolist()
    )


def test_dpp_trace_is_the_log_determinant_and_each_pick_is_the_best(X):
    picked = select.dpp(X, 9, ridge=0.01)
    L = X @ X.T + 0.01 * np.eye(40)
    for j in range(1, 10):
        rows = picked.indices[:j]
        assert picked.trace[j - 1] == pytest.approx(np.linalg.slogdet(L[np.ix_(rows, rows)])[1])
        others = [row for row in range(40) if row not in rows[:-1]]
        best = max(
            np.linalg.slogdet(L[np.ix_([*rows[:-1], row], [*rows[:-1], row])])[1] for row in others
        )
        assert picked.trace[j - 1] == pytest.approx(best)


def test_dpp_prefers_quality(X):
    scores = np.ones(40)
    scores[17] = 50.0
    assert select.dpp(X, 3, scores=scores).indices[0] == 17


def test_a_duplicate_adds_only_the_ridge():
    X = np.eye(4)[[0, 1, 1, 2]]
    assert set(select.dpp(X, 3).indices.tolist()) == {0, 1, 3}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X: select.mmr(X, np.zeros(40), 3, relevance=1.5), "between 0 and 1, got 1.5"),
        (lambda X: select.dpp(X, 3, ridge=0), "ridge must be above 0, got 0"),
        (lambda X: select.dpp(X, 3, scores=np.zeros(40)), "above 0, but 40 are not"),
    ],
)
def test_errors_say_what_came(X, call, message):
    with pytest.raises(ValueError, match=message):
        call(X)
