"""Pools and evaluation prompts: counts, distinctness, noise, tails, splits, errors."""

import pytest

from lab import records, testbed


def test_a_pool_keeps_the_schema_and_has_the_extra_columns():
    pool = records.validate(testbed.pool(300, noise=0.2, seed=1))
    assert len(pool) == 300
    assert {"family", "domain", "phrasing", "quality", "fault"} <= set(pool.columns)
    assert (pool["source"] == "testbed").all()
    assert pool["input"].ne("").any(), "some examples have an input"


def test_prompts_are_distinct_even_when_answers_are_bad():
    pool = testbed.pool(2_000, noise=1.0, seed=1)
    assert not pool.duplicated(["instruction", "input"]).any()


def test_same_seed_same_pool():
    assert testbed.pool(50, noise=0.3, tail=1, seed=7).equals(
        testbed.pool(50, noise=0.3, tail=1, seed=7)
    )
    assert not testbed.pool(50, seed=7).equals(testbed.pool(50, seed=8))


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_noise_is_the_exact_share_of_bad_rows(noise):
    pool = testbed.pool(200, noise=noise, seed=3)
    assert (pool["fault"] != "").sum() == round(noise * 200)


def test_a_tail_makes_few_families_frequent():
    even = testbed.pool(2_000, seed=4)["family"].value_counts()
    tailed = testbed.pool(2_000, tail=1.2, seed=4)["family"].value_counts()
    assert even.max() < 60
    assert tailed.max() > 250
    assert tailed.median() < even.median() / 2


def test_families_and_domains_narrow_the_pool():
    pool = testbed.pool(100, families=["add", "capital"], seed=0)
    assert set(pool["family"]) == {"add", "capital"}
    pool = testbed.pool(100, domains=["lists", "calendar"], seed=0)
    assert set(pool["domain"]) == {"lists", "calendar"}
    assert set(testbed.families(domain="lists")) >= {"reverse_items", "nth_item"}


def test_splits_use_different_phrasings():
    pool = testbed.pool(500, seed=0)
    seen, held_out = (testbed.prompts(300, split=split, seed=0) for split in ("seen", "held_out"))
    assert set(pool["phrasing"]) == set(seen["phrasing"]) == {0, 1, 2, 3}
    assert set(held_out["phrasing"]) == {4, 5}


def test_prompts_take_the_families_in_turn_and_carry_the_truth():
    asked = testbed.prompts(2 * len(testbed.families()), seed=5)
    assert (asked["family"].value_counts() == 2).all()
    assert testbed.exact(asked, asked["output"]).all()
    assert testbed.style(asked["output"]).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: testbed.pool(0), "n must be at least 1, got 0"),
        (lambda: testbed.pool(5, noise=1.5), "noise must be between 0 and 1, got 1.5"),
        (lambda: testbed.pool(5, tail=-1), "tail must be at least 0, got -1"),
        (lambda: testbed.pool(5, families=["magic"]), "names from testbed.families.* got 'magic'"),
        (lambda: testbed.pool(5, domains=["magic"]), "names from testbed.domains.* got 'magic'"),
        (lambda: testbed.pool(5, families=["add"], domains=["lists"]), "no family is in"),
        (lambda: testbed.pool(9_999, families=["tone"]), r"at most the \d+ distinct .* got 9999"),
        (lambda: testbed.prompts(5, split="test"), "must be 'held_out' or 'seen', got 'test'"),
        (lambda: testbed.families(domain="magic"), "domain must be one of geography.* got 'magic'"),
    ],
)
def test_errors_say_what_came(make, message):
    with pytest.raises(ValueError, match=message):
        make()
