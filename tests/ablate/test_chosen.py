from functools import partial

import numpy as np

from lab import ablate, runs, score, testbed


def test_a_score_is_computed_once_and_kept():
    pool = testbed.pool(20, seed=0)
    first = ablate.scored(partial(score.length, pool))
    again = ablate.scored(partial(score.length, pool))
    assert first.tolist() == again.tolist() == score.length(pool).tolist()
    assert len(runs.frame("score")) == 1


def test_a_rater_is_asked_once():
    pool = testbed.pool(12, noise=0.5, seed=0)
    found = ablate.rated(pool, testbed.client(store=":memory:"))
    assert found.index.equals(pool.index)
    ablate.rated(pool, testbed.client(store=":memory:"))
    assert len(runs.frame("score")) == 1
    assert ((found >= 4.5) == (pool["quality"] >= 4.5)).all()


def test_best_takes_the_highest_and_never_a_missing_one():
    pool = testbed.pool(30, noise=0.5, seed=0)
    values = pool["quality"].where(np.arange(30) % 2 == 0)
    kept = ablate.best(lambda _: values, 5)(pool, seed=9)
    assert values.loc[kept.index].min() == values.nlargest(5).min()
    assert values.loc[kept.index].notna().all()


def test_clusters_get_their_share():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 0.1, (60, 3)), rng.normal(9, 0.1, (20, 3))])
    one = ablate.cluster_random(X, 8, clusters=2, seed=0)
    assert (one.indices < 60).sum() == 6
    other = ablate.cluster_random(X, 8, clusters=2, seed=1)
    assert set(one.indices) != set(other.indices)


def test_vectors_are_unit_rows_and_kept():
    pool = testbed.pool(8, seed=0)
    found = ablate.vectors(pool, model=testbed.base_model())
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, rtol=1e-5)
    assert len(runs.frame("embed")) == 1
