import pandas as pd
import pytest

from lab.errors import DataError
from lab.judge.published import items


def run(values, model="m", answers=None, **more):
    return items.table(
        {
            "model": model,
            "task": "t",
            "item": str(n),
            "metric": "acc",
            "value": value,
            "answer": answers[n] if answers else None,
            **more,
        }
        for n, value in enumerate(values)
    )


def test_draws_are_averaged_and_the_unscored_stay_out():
    both = pd.concat([run([1, 0, None, 1]), run([0, 0, None, 1], draw=1)])
    found = items.summary(both).iloc[0]
    assert found[["items", "unscored", "mean"]].tolist() == [3, 1, 0.5]
    assert found["low"] < 0.5 < found["high"]


def test_pairs_are_made_by_item_not_by_row():
    one = run([1, 1, 0, 0, 1], answers=list("abcde"))
    two = run([1, 0, 1, 0, 1], answers=list("abXde"))
    shuffled = two.sample(frac=1, random_state=1)
    found, counts = items.paired(one, shuffled, metric="acc")
    assert found.estimate == 0
    assert found.low < 0 < found.high
    assert counts == {
        "items": 5,
        "only_first": 0,
        "only_second": 0,
        "differ": 2,
        "other_answers": 1,
    }
    part, counts = items.paired(one, two.iloc[:3], metric="acc")
    assert part.estimate == 0
    assert (counts["items"], counts["only_first"]) == (3, 2)


def test_errors_say_what_came():
    with pytest.raises(DataError, match="1 results stand twice under their keys"):
        items.table([*run([1]).to_dict("records"), *run([0]).to_dict("records")])
    with pytest.raises(ValueError, match="f1 needs at least 2 items that both runs have, got 0"):
        items.paired(run([1, 0]), run([1, 0]), metric="f1")
