import pandas as pd
import pytest

from lab import ablate, testbed


@pytest.fixture(scope="module")
def pool():
    return testbed.pool(60, seed=0)


def test_easy_to_hard_sorts_and_keeps_ties(pool):
    hardness = pd.Series(range(60), pool.index)[::-1] % 4
    ordered = ablate.easy_to_hard(pool, hardness)
    assert hardness.loc[ordered.index].is_monotonic_increasing
    assert sorted(ordered.index) == sorted(pool.index)
    first = [key for key in pool.index if hardness[key] == 0]
    assert ordered.index[: len(first)].tolist() == first


def test_blocks_hold_one_group_each(pool):
    ordered = ablate.blocked(pool, pool["domain"], seed=1)
    changes = (ordered["domain"] != ordered["domain"].shift()).sum()
    assert changes == pool["domain"].nunique()
    assert sorted(ordered.index) == sorted(pool.index)
    assert ablate.blocked(pool, pool["domain"], seed=1).index.equals(ordered.index)
    assert not ablate.blocked(pool, pool["domain"], seed=2).index.equals(ordered.index)


def test_rows_without_a_group_are_a_group(pool):
    groups = pool["domain"].where(pool["domain"] != "words")
    ordered = groups.loc[ablate.blocked(pool, groups, seed=0).index]
    missing = ordered.isna()
    assert (missing & ~missing.shift(fill_value=False)).sum() == 1


def test_a_row_without_hardness_is_named(pool):
    with pytest.raises(ValueError, match=f"1 rows have none, the first is '{pool.index[0]}'"):
        ablate.easy_to_hard(pool, pd.Series(1.0, pool.index[1:]))
