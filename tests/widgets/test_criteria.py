import pandas as pd
import pytest

from lab.widgets import Criteria, contains


def test_by_hand(pool, scores, masks):
    criteria = Criteria(ranges={"rating": (2.5, None)}, filters=("even",))
    keep = criteria.mask(pool, scores, masks)
    expected = [
        bool(rating >= 2.5 and place % 2 == 0) for place, rating in enumerate(scores["rating"])
    ]
    assert keep.tolist() == expected


def test_no_criteria_keep_every_row_also_those_without_a_score(pool, scores, masks):
    assert Criteria().mask(pool, scores, masks).all()
    assert not Criteria(ranges={"rating": (0.0, None)}).mask(pool, scores, masks).iloc[5]


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(),
        Criteria(ranges={"rating": (1.5, 4.0), "length": (None, 200.0)}),
        Criteria(filters=("even",), search="blue and"),
        Criteria(search=r"number \d5\b", regex=True),
        Criteria(categories={"source": ("a", "c")}),
    ],
)
def test_the_code_gives_the_same_mask(pool, scores, masks, criteria):
    names = {"pd": pd, "pool": pool, "scores": scores, "masks": masks}
    exec(criteria.code(), names)  # noqa: S102 - this is what one pastes into a cell
    assert names["pool"].index.tolist() == pool[criteria.mask(pool, scores, masks)].index.tolist()


def test_a_lasso_is_part_of_the_code(pool, scores, masks):
    criteria = Criteria(within=tuple(pool.index[:2]))
    names = {"pd": pd, "pool": pool, "scores": scores, "masks": masks}
    exec(criteria.code(), names)  # noqa: S102 - this is what one pastes into a cell
    assert names["pool"].index.tolist() == pool.index[:2].tolist()


def test_search_is_plain_unless_asked_and_ignores_case(pool):
    assert contains(pool, "BLUE AND").sum() == 20
    assert contains(pool, "number 1.").sum() == 1
    assert contains(pool, "number 1.", regex=True).sum() == 11
    assert contains(pool, "").all()


def test_a_broken_pattern_is_named(pool):
    with pytest.raises(ValueError, match=r"pattern '\(' is no regular expression"):
        contains(pool, "(", regex=True)
