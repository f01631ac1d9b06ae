import numpy as np
import pandas as pd
import pytest

from lab import select, testbed


def test_rows_and_ids_come_in_the_order_of_the_picks():
    pool = testbed.pool(20, seed=1)
    picks = select.random(len(pool), 5, seed=3)
    assert picks.take(pool).index.tolist() == [pool.index[row] for row in picks.indices]
    assert picks.ids(pool.index).equals(picks.take(pool).index)
    assert picks.first(2).take(pool).equals(picks.take(pool).iloc[:2])


def test_a_pool_of_another_size_is_refused():
    picks = select.random(20, 5, seed=3)
    with pytest.raises(ValueError, match="from 20 rows cannot be applied to 19 rows"):
        picks.take(pd.DataFrame({"a": np.arange(19)}))
    with pytest.raises(ValueError, match="from 20 rows cannot be applied to 21 rows"):
        picks.ids(pd.RangeIndex(21))
