import pytest

from lab.ablate.less_is_more import narrow


def test_a_narrow_pool_has_few_families_which_the_seed_picks():
    pools = [narrow(90, families=3, seed=seed) for seed in range(4)]
    assert all(pool["family"].nunique() == 3 and len(pool) == 90 for pool in pools)
    assert len({frozenset(pool["family"]) for pool in pools}) > 1
    assert narrow(90, families=3, seed=1).index.equals(pools[1].index)


def test_nested_pools_share_families_and_examples():
    large = narrow(200, families=4, nested_in=400, seed=5)
    small = narrow(50, families=4, nested_in=400, seed=5)
    assert large.index[:50].equals(small.index)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"families": 0}, "families must be between 1 and the 0 that are large enough, got 0"),
        ({"families": 99}, "got 99"),
        ({"families": 2, "nested_in": 9}, "nested_in must be at least the 10 examples wanted"),
    ],
)
def test_what_cannot_be_drawn_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        narrow(10, **options, seed=0)
