import importlib

import numpy as np
import pytest

from lab import select

module = importlib.import_module("lab.select.round_robin")


def with_cosines(S):
    """Return rows whose cosines to the unit axes of the queries are those of `S`."""
    m, n = S.shape
    X = np.zeros((n, m + n))
    X[:, :m] = S.T
    X[np.arange(n), m + np.arange(n)] = np.sqrt(1 - (S**2).sum(axis=0))
    return X, np.eye(m, m + n)


def taken_in_turn(S, k):
    """Round robin, spelled out over all pairs: a taken row is gone for every query."""
    S, picks, turn = S.copy(), [], 0
    while len(picks) < k:
        row = int(np.argmax(S[turn]))
        picks.append(row)
        S[:, row] = -np.inf
        turn = (turn + 1) % len(S)
    return picks


def with_lost_turns(S, k):
    """Every query pops its nearest row in every round; one that is in already adds nothing."""
    lists = [list(np.argsort(-row, kind="stable")) for row in S]
    picks = []
    while len(picks) < k:
        for rows in lists:
            if rows and (row := int(rows.pop(0))) not in picks:
                picks.append(row)
    return picks[:k]


EXAMPLE = np.array([[0.9, 0.8, 0.7, 0.1], [0.95, 0.2, 0.1, 0.3]]) / 2


def test_two_queries_by_hand():
    X, Q = with_cosines(EXAMPLE)
    picked = select.round_robin(X, Q, 3)
    assert picked.indices.tolist() == [0, 3, 1]
    np.testing.assert_allclose(picked.trace, np.array([0.9, 0.3, 0.8]) / 2, atol=1e-9)
    assert select.round_robin(X, Q, 3, lost_turns=True).indices.tolist() == [0, 1, 3]
    assert select.doubly_greedy(X, Q, 3).indices.tolist() == [0, 1, 2]


@pytest.mark.parametrize(("first", "listed"), [(64, 2**22), (1, 2**22), (1, 1)])
@pytest.mark.parametrize("queries", [1, 3, 40])
def test_by_definition_with_ties_and_copies(monkeypatch, first, listed, queries):
    monkeypatch.setattr(module, "FIRST", first)
    monkeypatch.setattr(module, "LISTED", listed)
    rng = np.random.default_rng(queries)
    X = rng.integers(-2, 3, size=(60, 3)).astype(float)
    X[~X.any(axis=1)] = 1.0
    Q = np.repeat(rng.integers(-2, 3, size=(queries, 3)) + 0.5, 1, axis=0)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    S = np.round(Q / np.linalg.norm(Q, axis=1, keepdims=True) @ unit.T, 9)
    for k in (1, 17, 60):
        assert select.round_robin(X, Q, k).indices.tolist() == taken_in_turn(S, k)
        lost = select.round_robin(X, Q, k, lost_turns=True)
        assert lost.indices.tolist() == with_lost_turns(S, k)


def test_lists_are_made_longer_where_all_queries_want_the_same_rows():
    X = np.random.default_rng(0).normal(size=(300, 4))
    Q = np.repeat(X[:1], 50, axis=0)
    assert (
        select.round_robin(X, Q, 250).indices.tolist()
        == select.nearest(X, Q[:1], 250).indices.tolist()
    )


def test_tasks_take_turns_by_their_nearest_query():
    rng = np.random.default_rng(1)
    S = rng.uniform(-0.2, 0.2, size=(6, 40))
    tasks = ["b", "a", "b", "b", "a", "c"]
    by_task = np.array([S[[t == task for t in tasks]].max(axis=0) for task in ("b", "a", "c")])
    X, Q = with_cosines(S)
    picked = select.round_robin(X, Q, 25, tasks=tasks)
    assert picked.indices.tolist() == taken_in_turn(by_task, 25)
    assert picked.params["tasks"] == 3


def test_copies_of_a_row_are_both_taken():
    X = np.random.default_rng(2).normal(size=(15, 4))
    picked = select.round_robin(np.vstack([X, X]), X[:3], 6).indices
    assert sorted(picked % 15) == [0, 0, 1, 1, 2, 2]


def test_a_task_for_every_query():
    with pytest.raises(ValueError, match="tasks must name the task of each of the 3 .*, got 2"):
        select.round_robin(np.eye(4), np.eye(4)[:3], 2, tasks=["a", "b"])
