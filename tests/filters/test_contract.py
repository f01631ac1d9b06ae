"""What every filter promises, checked for each one in the register."""

import inspect

import numpy as np
import pandas as pd
import pytest

from lab import filters, records
from lab.filters.tokens import cjk_tokens

HELD = ["Which planet is the largest of all the planets that go round our sun today"]
X = np.random.default_rng(0).normal(size=(31, 6))
WITH = {
    "votes": {"least": 3},  # what a filter needs besides the pool
    "decontaminate": {"evaluation": HELD},
    "decontaminate_semantic": {"X": X, "evaluation_X": X[:2]},
    "no_later_dates": {"cutoff": "2022"},
    "novelty": {"tokenize": cjk_tokens},
    "semantic": {"X": X, "max_similarity": 0.5},
}
NOT_FILTERS = {
    *("apply", "cjk_tokens", "contaminated_by", "copies_by_meaning", "copies_by_novelty"),
    *("copies_by_shingles", "Copies", "explain", "Filtered", "Growing", "language_of", "matched"),
    *("patterns", "rouge_l", "rouge_tokens", "tally"),
    *("first_rejection", "passing", "no_near_duplicates_shards", "novelty_shards"),  # of shards
}
FILTERS = {
    name: getattr(filters, name)
    for name in filters.__all__
    if name not in NOT_FILTERS and callable(getattr(filters, name))
}
CALL = {"role": "assistant", "content": "", "tool_calls": [{"name": "add", "arguments": {}}]}
REPLY = {"role": "tool", "content": "amber, cobalt, indigo, scarlet, turquoise and violet"}
STRUCTURED = [  # one for each filter of tools, thinking, turns and dates
    {"instruction": "Which is it", "output": "No idea.", **more}
    for more in (
        {"steps": [CALL, REPLY], "tools": [{"name": "add"}]},
        {"steps": [CALL, REPLY], "output": "It is amber."},
        {"thinking": "It could be the"},
        {"thinking": "Wait, let me look at that again. " * 20},
        {"output": "Okay, the user wants to know."},
        {"history": [{"role": "user", "content": "Hi"}]},
        {"output": "It was so in 2024."},
    )
]
ORDER_DECIDES = {"novelty"}


@pytest.fixture
def pool():
    texts = [
        "I am sorry, but I cannot help.",
        "As others mentioned, see <b>this</b> https://x.org",
        "It is.",
        "go on and " * 20,
        "Mail me at someone@mail.org or call 212-555-0123",
        "",
        "今天天气很好，我们去公园散步吧，然后回家吃饭。",
        "Jupiter is the largest planet.",
        HELD[0],
    ]
    tasks = ["Name a planet", "- draw a map", "#given prompt#"]
    rows = [
        {
            "instruction": tasks[row % 3] + " x" * (row % 4),
            "input": "Jupiter is the largest planet." if row % 7 == 0 else "",
            "output": texts[row % 9] + ("" if row < 16 else " more"),
            "votes": row % 5,
        }
        for row in range(24)
    ]
    return records.frame([*rows, *STRUCTURED])


def call(name, rows, more=None):
    given = dict(WITH.get(name, {}) if more is None else more)
    if "X" in given:
        given["X"] = given["X"][: len(rows)]
    return FILTERS[name](rows, **given)


def test_the_register_holds_filters_and_what_explains_them():
    assert len(FILTERS) >= 18
    assert set(filters.__all__) >= NOT_FILTERS


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_gives_a_mask_over_the_pool_and_leaves_it_alone(name, pool):
    before = pool.copy(deep=True)
    keep = call(name, pool)
    assert isinstance(keep, pd.Series)
    assert keep.dtype == bool
    assert keep.name == "keep"
    pd.testing.assert_index_equal(keep.index, pool.index)
    pd.testing.assert_frame_equal(pool, before)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_keeps_some_and_rejects_some(name, pool):
    keep = call(name, pool)
    assert keep.sum() > 0
    assert keep.sum() < len(pool), f"the pool has nothing for {name}"


@pytest.mark.parametrize("name", sorted(set(FILTERS) - ORDER_DECIDES))
def test_row_order_does_not_matter(name, pool):
    order = np.random.default_rng(1).permutation(len(pool))
    given = dict(WITH.get(name, {}))
    turned = {**given, "X": given["X"][order]} if "X" in given else given
    keep, other = call(name, pool), call(name, pool.iloc[order], turned)
    pd.testing.assert_series_equal(keep, other.loc[keep.index])


@pytest.mark.parametrize("name", FILTERS)
def test_a_pool_put_together_from_parts_is_the_same_pool(name, pool):
    parts = pd.concat([pool.iloc[:5], pool.iloc[5:20], pool.iloc[20:]])
    pd.testing.assert_series_equal(call(name, pool), call(name, parts))


@pytest.mark.parametrize("name", FILTERS)
def test_an_empty_pool_gives_an_empty_mask(name, pool):
    keep = call(name, pool.iloc[:0])
    assert (len(keep), keep.dtype) == (0, bool)


@pytest.mark.parametrize("name", FILTERS)
def test_a_card_can_be_read_from_the_docstring(name):
    lines = inspect.getdoc(FILTERS[name]).splitlines()
    assert lines[0].startswith("Keep ")
    assert lines[0].endswith(".")
    assert any(line.startswith("Source: ") for line in lines)
    assert any(line.startswith("Cost: ") for line in lines)


def test_tally_takes_them_all(pool):
    masks = {name: call(name, pool) for name in FILTERS}
    counted = filters.tally(masks)
    assert counted["in_order"].sum() + counted["left"].iloc[-1] == len(pool)
