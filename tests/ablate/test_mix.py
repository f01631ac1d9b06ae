import pytest

from lab import ablate, testbed

POOLS = {"a": testbed.pool(60, seed=0), "b": testbed.pool(60, seed=1).tail(30)}


def test_shares_are_as_asked_and_add_up():
    mixed = ablate.mix(POOLS, 10, weights={"a": 2, "b": 1}, seed=0)
    assert mixed["part"].value_counts().to_dict() == {"a": 7, "b": 3}
    assert mixed.index.is_unique
    assert ablate.mix(POOLS, 10, weights={"b": 0.1}, seed=0)["part"].eq("b").all()


def test_a_larger_mixture_holds_the_smaller_one():
    small, large = (ablate.mix(POOLS, n, weights={"a": 1, "b": 1}, seed=3) for n in (10, 40))
    assert set(small.index) < set(large.index)


def test_an_example_of_two_pools_is_drawn_once():
    same = {"a": POOLS["a"], "b": POOLS["a"].head(50)}
    with pytest.raises(ValueError, match="pool 'b' must hold 5 examples for its weight, it has 0"):
        ablate.mix(same, 10, weights={"a": 1, "b": 1}, seed=0)


def test_it_is_shuffled_and_the_seed_decides():
    first, again, other = (
        ablate.mix(POOLS, 20, weights={"a": 1, "b": 1}, seed=seed) for seed in (0, 0, 1)
    )
    assert first.index.tolist() == again.index.tolist() != other.index.tolist()
    assert first["part"].tolist() != sorted(first["part"])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"c": 1}, r"must name a pool of \['a', 'b'\], got 'c'"),
        ({"a": -1}, "must be 0 or more, got -1 for 'a'"),
        ({"a": 0}, "must not all be zero"),
        ({"b": 1}, "pool 'b' must hold 31 examples for its weight, it has 30"),
    ],
)
def test_errors_say_what_came(weights, message):
    with pytest.raises(ValueError, match=message):
        ablate.mix(POOLS, 31, weights=weights, seed=0)
