"""What every selection method promises, over all of them."""

import json
from functools import partial

import numpy as np
import pytest

from lab import select

N = 80
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, 6)).astype(np.float32)
X /= np.linalg.norm(X, axis=1, keepdims=True)
SCORES = RNG.normal(size=N)
STRATA = RNG.integers(0, 7, N).tolist()
TEXTS = ["x" * size for size in RNG.permutation(N)]

METHODS = {  # a call at budget k, with the seed where there is one
    "kcenter": lambda k, seed: select.kcenter(X, k, seed=seed),
    "longest": lambda k, seed: select.longest(TEXTS, k),
    "random": lambda k, seed: select.random(N, k, seed=seed),
    "stratified": lambda k, seed: select.stratified(STRATA, k, temperature=3, seed=seed),
    "top": lambda k, seed: select.top(SCORES, k),
}
SEEDED = {"kcenter", "random", "stratified"}
NOT_NESTED: set[str] = set()


def test_every_method_is_here():
    assert set(METHODS) == {name for name in select.__all__ if name in METHODS}
    others = {"Selection"}
    assert set(select.__all__) - set(METHODS) <= others


@pytest.mark.parametrize("k", [1, 17, N])
@pytest.mark.parametrize("name", METHODS)
def test_k_distinct_rows_with_their_trace(name, k):
    picked = METHODS[name](k, 0)
    assert len(picked) == len(set(picked.indices.tolist())) == len(picked.trace) == k
    assert picked.indices.dtype.kind == "i"
    assert ((picked.indices >= 0) & (picked.indices < N)).all()
    assert np.isfinite(picked.trace).all()
    assert (picked.n, picked.method) == (N, name)
    assert json.loads(json.dumps(dict(picked.params))) == dict(picked.params)
    assert picked.params["k"] == k


@pytest.mark.parametrize("name", METHODS)
def test_same_seed_same_picks(name):
    method = METHODS[name]
    assert method(20, 3).indices.tolist() == method(20, 3).indices.tolist()
    if name in SEEDED:
        assert method(20, 3).indices.tolist() != method(20, 4).indices.tolist()


@pytest.mark.parametrize("name", sorted(set(METHODS) - NOT_NESTED))
def test_picks_are_nested(name):
    small, large = METHODS[name](9, 1), METHODS[name](40, 1)
    assert large.first(9).indices.tolist() == small.indices.tolist()
    np.testing.assert_allclose(large.first(9).trace, small.trace, rtol=1e-6)


@pytest.mark.parametrize("k", [0, N + 1])
@pytest.mark.parametrize("name", METHODS)
def test_a_budget_out_of_range_is_named(name, k):
    with pytest.raises(ValueError, match=f"k must be between 1 and the {N} rows .*, got {k}"):
        METHODS[name](k, 0)


def test_input_is_left_as_it_was():
    before = X.copy()
    partial(METHODS["kcenter"], 30, 0)()
    np.testing.assert_array_equal(X, before)
