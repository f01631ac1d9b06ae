import pytest

from lab.ablate import studies
from lab.ablate.studies.less_is_more import narrow


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


def test_one_wording_is_one_of_each_kind():
    made = studies.one_wording(200, seed=3)
    assert len(made) == 200
    assert made.groupby("family")["phrasing"].nunique().max() == 1
    assert made["family"].nunique() > 60
    other = studies.one_wording(200, seed=4)
    both = made.groupby("family")["phrasing"].first().to_frame("one")
    both = both.join(other.groupby("family")["phrasing"].first().rename("two"), how="inner")
    assert (both["one"] != both["two"]).any()


@pytest.mark.parametrize("fault", ["wrong", "empty", "ramble", "off_topic"])
def test_a_pool_is_spoiled_in_one_way(fault):
    made = studies.spoiled(100, fault=fault, share=0.3, seed=1)
    assert made["fault"].value_counts().to_dict() == {"": 70, fault: 30}
    assert made.index.is_unique


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fault": "rude", "share": 0.1}, "fault must be one of .*, got 'rude'"),
        ({"fault": "empty", "share": 0.5}, "share must be from 0 to 0.4, got 0.5"),
    ],
)
def test_what_cannot_be_spoiled_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        studies.spoiled(10, seed=0, **options)
