"""What every selection method promises, over all of them."""

import inspect
import json

import numpy as np
import pytest

from lab import paths, select

N = 80
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, 6)).astype(np.float32)
X /= np.linalg.norm(X, axis=1, keepdims=True)
SCORES = RNG.normal(size=N)
STRATA = RNG.integers(0, 7, N).tolist()
TEXTS = ["x" * size for size in RNG.permutation(N)]

DENSITY = RNG.uniform(0.5, 2, N)
TAGS = [RNG.integers(0, 30, RNG.integers(1, 5)).tolist() for _ in range(N)]
WORDS = [" ".join(f"w{word}" for word in RNG.integers(0, 60, 8)) for _ in range(N)]
LOSSES = RNG.normal(size=N)
QUERIES = RNG.normal(size=(5, 6))

GIVEN = {
    "X": X,
    "scores": SCORES,
    "n": N,
    "queries": QUERIES,
}  # what a method gets that takes nothing else
CALLS = {  # at budget k, with the seed where there is one: methods that take other things
    "deita": lambda k, seed: select.deita(X, SCORES, k, max_similarity=1.0),
    "dsir": lambda k, seed: select.dsir(WORDS, WORDS[:3], k, seed=seed),
    "graphfilter": lambda k, seed: select.graphfilter(WORDS, k),
    "instag": lambda k, seed: select.instag(TAGS, k),
    "instruction_mining": lambda k, seed: select.instruction_mining(LOSSES, k),
    "kcenter_shards": lambda k, seed: select.kcenter_shards(shards(), k, seed=seed, workers=1),
    "kcenter_two_rounds": lambda k, seed: select.kcenter_two_rounds(
        shards(), k, seed=seed, workers=1
    ),
    "learned": lambda k, seed: select.learned(X, SCORES, k, clusters=4, seed=seed),
    "longest": lambda k, seed: select.longest(TEXTS, k),
    "matched": lambda k, seed: select.matched(SCORES, [3, 5, 8], k, seed=seed),
    "mig": lambda k, seed: select.mig(TAGS, DENSITY, k),
    "novelsum": lambda k, seed: select.novelsum(X, DENSITY, k, seed=seed),
    "s1": lambda k, seed: select.s1(SCORES, STRATA, k, seed=seed),
    "stratified": lambda k, seed: select.stratified(STRATA, k, temperature=3, seed=seed),
    "tsds": lambda k, seed: select.tsds(X, QUERIES, k, alpha=1e-4, seed=seed),
    "zip": lambda k, seed: select.zip(WORDS, k),
}


def shards():
    """Return the files of two shards of the vectors."""
    files = [paths.data() / f"{at}.npy" for at in range(2)]
    for path, rows in zip(files, np.array_split(X, 2), strict=True):
        np.save(path, rows)
    return files


OTHERS = {  # what is not a method
    "Selection",
    "agglomerative_centres",
    "best_size",
    "centres",
    "compare",
    "learn_value",
    "medoid",
}


def by_names(method):
    """Return the call of a method by the names of what it takes first, such as vectors."""
    names = list(inspect.signature(method).parameters)
    taken = [GIVEN[name] for name in names[: names.index("k")]]
    if "seed" in names:
        return lambda k, seed: method(*taken, k, seed=seed)
    return lambda k, seed: method(*taken, k)


METHODS = {
    name: CALLS.get(name) or by_names(getattr(select, name))
    for name in select.__all__
    if name not in OTHERS
}
SEEDED = {
    name
    for name in METHODS
    if "seed" in inspect.signature(getattr(select, name)).parameters
    and name != "learned"  # these few rows fall into the same clusters whatever the seed
}


def test_every_method_is_here():
    assert set(select.__all__) == set(METHODS) | OTHERS


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


@pytest.mark.parametrize(
    "name", sorted(METHODS.keys() - {"kcenter_two_rounds"})
)  # its shards pick k, too
def test_picks_are_nested(name):
    small, large = METHODS[name](9, 1), METHODS[name](40, 1)
    assert large.first(9).indices.tolist() == small.indices.tolist()
    np.testing.assert_allclose(large.first(9).trace, small.trace, rtol=1e-6)


@pytest.mark.parametrize("k", [0, N + 1])
@pytest.mark.parametrize("name", METHODS)
def test_a_budget_out_of_range_is_named(name, k):
    with pytest.raises(ValueError, match=f"k must be between 1 and the {N} rows .*, got {k}"):
        METHODS[name](k, 0)


@pytest.mark.parametrize("name", METHODS)
def test_input_is_left_as_it_was(name):
    before = X.copy(), SCORES.copy(), DENSITY.copy()
    METHODS[name](30, 0)
    for old, now in zip(before, (X, SCORES, DENSITY), strict=True):
        np.testing.assert_array_equal(old, now)
