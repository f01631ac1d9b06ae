import numpy as np
import pytest

from lab import select

RNG = np.random.default_rng(0)
LENGTHS = np.rint(RNG.lognormal(3, 1, 5000))
LONG = np.argsort(-LENGTHS + RNG.normal(0, 20, 5000))[:400]  # a subset that prefers long rows


def test_by_hand():
    picked = select.matched([1.0, 2.0, 3.0, 90.0], like=[3], k=4, nearest=1)
    assert picked.indices.tolist() == [3, 2, 1, 0]
    assert picked.trace.tolist() == [0.0, 87.0, 88.0, 89.0]


def test_lengths_are_as_in_the_subset_and_rows_are_others():
    picked = select.matched(LENGTHS, LONG, 400, seed=1)
    quantiles = [0.1, 0.25, 0.5, 0.75, 0.9]
    wanted, got = (np.quantile(LENGTHS[rows], quantiles) for rows in (LONG, picked.indices))
    np.testing.assert_allclose(got, wanted, rtol=0.1)
    plain = select.random(5000, 400, seed=1).indices
    assert np.median(LENGTHS[plain]) < 0.7 * np.median(LENGTHS[LONG])  # what it is there for
    assert len(set(picked.indices) & set(LONG)) < 300


def test_rows_without_a_value_are_never_picked():
    values = np.array([1.0, np.nan, 2.0, 3.0])
    assert set(select.matched(values, [0, 1], 3).indices) == {0, 2, 3}
    with pytest.raises(ValueError, match="between 1 and the 3 rows available, got 4"):
        select.matched(values, [0], 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"like": [1]}, "like must name a row with a value, got 1 rows"),
        ({"like": [7]}, "like must name distinct rows below 3"),
        ({"nearest": 0}, "nearest must be at least 1, got 0"),
    ],
)
def test_errors_say_what_came(change, message):
    with pytest.raises(ValueError, match=message):
        select.matched(**{"values": [1.0, np.nan, 2.0], "like": [0], "k": 1} | change)
