import pandas as pd
import pytest

from lab import filters, records


@pytest.fixture
def pool():
    texts = ["I am sorry, but I cannot help.", "Fine.", "", "It is so, and it stays so."]
    return records.frame([{"instruction": f"t{n}", "output": text} for n, text in enumerate(texts)])


@pytest.fixture
def masks(pool):
    return {
        "length": filters.length(pool),
        "refusal": filters.no_refusal(pool),
        "long": filters.length(pool, min_words=6),
    }


def test_no_row_is_lost_and_each_rejected_one_names_its_filters(pool, masks):
    done = filters.apply(pool, masks)
    assert done.pool["instruction"].tolist() == ["t3"]
    by = done.rejected.set_index("instruction")["rejected_by"].to_dict()
    assert by == {"t0": "refusal", "t1": "long", "t2": "length"}
    assert done.reasons().tolist() == ["refusal", "long", "length, long"]
    assert repr(done) == "Filtered(4 rows: 1 kept, 3 rejected)"
    assert set(done.pool.index) | set(done.rejected.index) == set(pool.index)


def test_it_answers_what_the_masks_do(pool, masks):
    done = filters.apply(pool, masks)
    assert done.tally().equals(filters.tally(masks))
    evidence = {"refusal": filters.matched(pool, "refusal")}
    row = pool.index[0]
    assert done.explain(row, evidence=evidence).equals(
        filters.explain(masks, row, evidence=evidence)
    )


def test_a_pool_that_loses_nothing_or_is_empty(pool):
    done = filters.apply(pool, {"all": filters.length(pool, min_words=0)})
    assert done.rejected["rejected_by"].tolist() == []
    assert len(filters.apply(pool.iloc[:0], {"x": filters.length(pool.iloc[:0])}).pool) == 0


def test_masks_of_another_pool_are_refused(pool, masks):
    with pytest.raises(ValueError, match="over other rows than the pool's"):
        filters.apply(pool.iloc[::-1], masks)
    with pytest.raises(ValueError, match="no masks"):
        filters.apply(pool, {})
    with pytest.raises(ValueError, match="must hold bool"):
        filters.apply(pool, {"x": pd.Series(1, index=pool.index)})
