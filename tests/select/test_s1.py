from collections import Counter

import numpy as np
import pytest

from lab import select


def test_ranks_have_shares_of_four_two_and_one_in_seven():
    firsts = Counter(
        int(select.s1([9.0, 8.0, 7.0], ["a"] * 3, 1, seed=seed).indices[0]) for seed in range(3500)
    )
    shares = np.array([firsts[row] for row in range(3)]) / 3500
    np.testing.assert_allclose(shares, [4 / 7, 2 / 7, 1 / 7], atol=0.03)


def test_domains_are_drawn_alike_whatever_their_size():
    domains = ["large"] * 90 + ["small"] * 10
    lengths = np.arange(100.0)
    firsts = [select.s1(lengths, domains, 1, seed=seed).indices[0] >= 90 for seed in range(1000)]
    assert abs(np.mean(firsts) - 0.5) < 0.06


def test_exactly_k_distinct_rows_and_an_empty_domain_gives_way():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 50, 80).astype(float)
    picked = select.s1(lengths, rng.integers(0, 5, 80).tolist(), 80, seed=1)
    assert sorted(picked.indices) == list(range(80))
    np.testing.assert_array_equal(picked.trace, lengths[picked.indices])


def test_nested_and_the_seed_decides():
    lengths, domains = np.arange(60.0), ["a", "b", "c"] * 20
    long, short = (select.s1(lengths, domains, k, seed=4).indices for k in (30, 10))
    np.testing.assert_array_equal(long[:10], short)
    assert select.s1(lengths, domains, 30, seed=5).indices.tolist() != long.tolist()


def test_a_row_without_a_trace_is_never_picked():
    picked = select.s1([1.0, np.nan, 3.0], ["a", "a", "b"], 2, seed=0)
    assert sorted(picked.indices) == [0, 2]


@pytest.mark.parametrize(
    ("lengths", "domains", "k"), [([1.0, 2.0], ["a"], 1), ([1.0, np.nan], ["a", "a"], 2)]
)
def test_what_does_not_fit_is_refused(lengths, domains, k):
    with pytest.raises(ValueError, match=r"got|must"):
        select.s1(lengths, domains, k)
