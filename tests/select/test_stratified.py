from collections import Counter

import numpy as np
import pytest

from lab import select

STRATA = ["a"] * 900 + ["b"] * 90 + ["c"] * 10


def counts(picked):
    return Counter(STRATA[row] for row in picked.indices)


def test_temperature_one_keeps_the_shares():
    assert counts(select.stratified(STRATA, 100)) == {"a": 90, "b": 9, "c": 1}


def test_a_high_temperature_is_uniform():
    assert counts(select.stratified(STRATA, 24, temperature=1e9)) == {"a": 8, "b": 8, "c": 8}


def test_shares_go_as_the_root_of_the_sizes():
    """LIMA's temperature of 3: shares as 900, 90 and 10 to the power 1/3."""
    shares = np.array([900, 90, 10]) ** (1 / 3)
    wanted = shares / shares.sum() * 40
    got = counts(select.stratified(STRATA, 40, temperature=3))
    assert all(abs(got[name] - want) <= 1 for name, want in zip("abc", wanted, strict=True))
    # 40 picks of c would need more rows than it has: the others take its place
    assert counts(select.stratified(STRATA, 400, temperature=3))["c"] == 10


def test_the_best_scored_come_first_within_a_category():
    scores = np.arange(1000.0)
    picked = select.stratified(STRATA, 6, scores=scores, temperature=1e9)
    assert {row for row in picked.indices if row < 900} == {898, 899}


def test_rows_without_a_score_are_not_picked():
    scores = [1.0, np.nan, 2.0]
    assert select.stratified(["a", "a", "b"], 2, scores=scores).indices.tolist() == [0, 2]
    with pytest.raises(ValueError, match="the 2 rows available, got 3"):
        select.stratified(["a", "a", "b"], 3, scores=scores)


def test_quotas_bind():
    picked = select.stratified(STRATA, 30, quotas={"a": 5, "b": 20, "c": 5})
    assert counts(picked) == {"a": 5, "b": 20, "c": 5}


def test_trace_counts_the_categories_reached():
    assert select.stratified(STRATA, 3, temperature=1e9).trace.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("temperature", [0, -1, float("nan")])
def test_temperature_must_be_positive(temperature):
    with pytest.raises(ValueError, match="temperature must be above 0"):
        select.stratified(STRATA, 3, temperature=temperature)
