from itertools import combinations

import numpy as np
import pytest

from lab import paths, runs
from lab.select import kcenter, kcenter_shards, kcenter_two_rounds, sharded

MANY = np.random.default_rng(0).normal(size=(4000, 8)).astype(np.float32)
CASES = {
    "many": (MANY, 200, 5),
    "double": (MANY[:900].astype(np.float64), 60, 2),
    "ties": (np.random.default_rng(1).integers(0, 3, size=(200, 3)).astype(np.float32), 60, 4),
    "copies": (np.repeat(MANY[:20, :3], 5, axis=0), 70, 3),
    "all rows": (MANY[:30], 30, 4),
    "one shard": (MANY[:300], 20, 1),
    "one row each": (MANY[:6], 3, 6),
    "uneven": (np.concatenate([MANY[:50] * 100, MANY[50:1000]]), 80, 3),
}


def split(folder, X, count):
    paths = []
    for at, rows in enumerate(np.array_split(X, count)):
        paths.append(folder / f"{at}.npy")
        np.save(paths[-1], rows)
    return paths


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_picks_are_those_of_one_process(tmp_path, monkeypatch, name, seed):
    X, k, count = CASES[name]
    monkeypatch.setattr(sharded, "FEWEST", 8)  # so that there are many rounds
    found = kcenter_shards(split(tmp_path, X, count), k, seed=seed, workers=1)
    whole = kcenter(X, k, seed=seed)
    assert found.indices.tolist() == whole.indices.tolist()
    assert found.trace.tolist() == whole.trace.tolist()
    assert (found.n, found.method) == (len(X), "kcenter_shards")


def test_two_processes_pick_the_same_and_a_second_time_it_is_found(tmp_path):
    shards = split(tmp_path, MANY, 3)
    found = kcenter_shards(shards, 50, workers=2)
    assert found.indices.tolist() == kcenter(MANY, 50).indices.tolist()
    assert kcenter_shards(shards, 50, workers=1).indices.tolist() == found.indices.tolist()
    assert len(runs.frame("select")) == 1


def test_a_search_that_was_stopped_goes_on(tmp_path, monkeypatch):
    shards = split(tmp_path, MANY, 3)
    monkeypatch.setattr(sharded, "FEWEST", 8)
    among, rounds = sharded.go_through, []

    def stop(*given):
        if len(rounds) == 3:
            raise KeyboardInterrupt
        rounds.append(among(*given))

    with monkeypatch.context() as patch:
        patch.setattr(sharded, "go_through", stop)
        with pytest.raises(KeyboardInterrupt):
            kcenter_shards(shards, 200, workers=1)
    (kept,) = paths.runs().rglob("picks.npz")
    assert 1 < len(sharded.loaded(kept)["rows"]) < 200
    found = kcenter_shards(shards, 200, workers=1)
    assert found.indices.tolist() == kcenter(MANY, 200).indices.tolist()
    assert sorted(path.name for path in kept.parent.iterdir()) == [
        "indices.npy",
        "run.json",
        "trace.npy",
    ]


def radius(X, picks):
    return np.sqrt(((X[:, None] - X[None, picks]) ** 2).sum(axis=2).min(axis=1)).max()


@pytest.mark.parametrize("seed", range(10))
def test_two_rounds_are_within_four_times_the_best_and_their_trace_is_a_bound(tmp_path, seed):
    X = np.random.default_rng(seed).normal(size=(12, 2))
    few = kcenter_two_rounds(split(tmp_path, X, 3), 3, seed=seed, workers=1)
    best = min(radius(X, list(centers)) for centers in combinations(range(12), 3))
    assert radius(X, few.indices) <= few.trace[-1] + 1e-12
    assert few.trace[-1] <= 4 * best + 1e-12
    assert len(set(few.indices.tolist())) == 3


def test_two_rounds_of_one_shard_are_one_search_among_its_picks(tmp_path):
    few = kcenter_two_rounds(split(tmp_path, MANY, 1), 10, workers=1)
    assert set(few.indices) == set(kcenter(MANY, 10).indices)


@pytest.mark.parametrize("method", [kcenter_shards, kcenter_two_rounds])
def test_what_cannot_be_picked(tmp_path, method):
    with pytest.raises(ValueError, match="k must be between 1 and the 6 rows available, got 7"):
        method(split(tmp_path, MANY[:6], 2), 7)
    bad = MANY[:6].copy()
    bad[4, 0] = np.nan
    with pytest.raises(ValueError, match="must be finite"):
        method(split(tmp_path, bad, 2), 2, workers=1)
