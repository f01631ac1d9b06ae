import numpy as np
import pandas as pd
import pytest

from lab import filters


@pytest.fixture
def masks():
    draws = np.random.default_rng(0).random((4, 200)) > 0.3
    index = pd.Index([f"{row:04d}" for row in range(200)], name="id")
    return {name: pd.Series(draws[at], index=index) for at, name in enumerate("abcd")}


def test_by_hand():
    a = pd.Series([True, False, False, True], index=list("wxyz"))
    b = pd.Series([True, True, False, False], index=list("wxyz"))
    counted = filters.tally({"a": a, "b": b})
    assert counted["rejects"].tolist() == [2, 2]
    assert counted["share"].tolist() == [0.5, 0.5]
    assert counted["only_this"].tolist() == [1, 1]
    assert counted["in_order"].tolist() == [2, 1]
    assert counted["left"].tolist() == [2, 1]


def test_rows_in_are_rows_kept_and_rows_rejected(masks):
    counted = filters.tally(masks)
    assert counted["in_order"].sum() + counted["left"].iloc[-1] == 200
    left = pd.concat(masks, axis=1).all(axis=1).sum()
    assert counted["left"].iloc[-1] == left


def test_in_order_as_a_notebook_would_do_it(masks):
    alive = pd.Series(data=True, index=masks["a"].index)
    for name, mask in masks.items():
        falls = (alive & ~mask).sum()
        alive &= mask
        row = filters.tally(masks).loc[name]
        assert (row["in_order"], row["left"]) == (falls, alive.sum())


def test_alone_does_not_depend_on_order(masks):
    turned = dict(reversed(masks.items()))
    columns = ["rejects", "share", "only_this"]
    forth, back = filters.tally(masks)[columns], filters.tally(turned)[columns]
    pd.testing.assert_frame_equal(forth, back.loc[forth.index])


def test_an_empty_pool_counts_nothing():
    counted = filters.tally({"a": pd.Series([], dtype=bool)})
    assert counted.loc["a"].tolist() == [0, 0, 0, 0, 0]


def test_explain_names_the_filter_that_takes_a_row_out(masks):
    for row in masks["a"].index:
        shown = filters.explain(masks, row)
        assert shown["keep"].tolist() == [mask[row] for mask in masks.values()]
        out = [name for name, mask in masks.items() if not mask[row]]
        assert shown.index[shown["falls_here"]].tolist() == out[:1]


def test_explain_shows_what_was_found():
    pool = pd.DataFrame({"output": ["As an AI I cannot.", "Yes."]}, index=["x", "y"])
    near = pd.DataFrame({"similarity": [0.9], "nearest": ["y"]}, index=["x"])
    found = filters.matched(pool, "refusal")
    masks = {
        "refusal": filters.no_refusal(pool),
        "novelty": pd.Series([False, True], index=["x", "y"]),
    }
    evidence = {"refusal": found, "novelty": near}
    shown = filters.explain(masks, "x", evidence=evidence)
    assert shown["evidence"].tolist() == ["As an AI I cannot", "similarity 0.9, nearest y"]
    assert filters.explain(masks, "y", evidence=evidence)["evidence"].tolist() == ["", ""]


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({}, "no masks"),
        ({"a": pd.Series([1, 0])}, "'a' must hold bool, got int64"),
        ({"a": pd.Series([True]), "b": pd.Series([True], index=[5])}, "'b' is over other rows"),
    ],
)
def test_errors_say_what_came(masks, message):
    with pytest.raises(ValueError, match=message):
        filters.tally(masks)


def test_explain_refuses_what_it_does_not_know(masks):
    with pytest.raises(KeyError, match="no example 'nobody' among the 200"):
        filters.explain(masks, "nobody")
    with pytest.raises(ValueError, match="evidence for 'z'"):
        filters.explain(masks, "0001", evidence={"z": pd.Series(dtype=str)})
