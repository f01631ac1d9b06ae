import numpy as np
import pandas as pd
import pytest

from lab import judge, llm, testbed
from lab.judge import forms
from tests.judge.fakes import Fake


def test_ratings_by_hand():
    pool = testbed.prompts(4, seed=0)
    answers = pool["output"].rename("right")
    replies = iter(["fine\n6\n6", "5", "so-so", llm.Completion(None, error="timeout")])
    made = judge.rating(answers, Fake(lambda text: next(replies)), questions=pool)
    assert made["rating"].tolist()[:2] == [6.0, 5.0]
    assert made["rating"].isna().tolist() == [False, False, True, True]
    assert made["error"].iloc[3] == "timeout"
    assert made["length"].tolist() == [float(len(text)) for text in answers]
    summary = judge.mean_rating(made).iloc[0]
    assert (summary["prompts"], summary["invalid"], summary["mean"]) == (2, 2, 5.5)
    assert summary["low"] < 5.5 < summary["high"]


def test_samples_are_averaged_inside_a_prompt():
    rng = np.random.default_rng(0)
    values = rng.integers(1, 7, size=50).astype(float)
    rows = [
        {"prompt": f"p{i}", "system": "s", "judge": "j", "sample": n, "rating": v, "length": 1.0}
        for i, v in enumerate(values)
        for n in range(5)
    ]
    five = judge.mean_rating(pd.DataFrame(rows)).iloc[0]
    one = judge.mean_rating(pd.DataFrame(rows[::5])).iloc[0]
    assert five[["mean", "low", "high"]].tolist() == one[["mean", "low", "high"]].tolist()


@pytest.mark.parametrize(("form", "best"), [(forms.HELPFULNESS, 6), (forms.MT_RATING, 10)])
def test_the_testbeds_judge_rates_the_truth_highest(form, best):
    pool = testbed.prompts(8, seed=1)
    client = testbed.client(store=":memory:")
    right = judge.rating(pool["output"], client, questions=pool, prompt=form)
    assert right["rating"].eq(best).all()
    empty = pd.Series("", index=pool.index, name="empty")
    assert judge.rating(empty, client, questions=pool, prompt=form)["rating"].lt(best).all()


def test_errors_say_what_came():
    pool = testbed.prompts(2, seed=0)
    with pytest.raises(ValueError, match="got 3 samples at temperature 0"):
        judge.rating(pool["output"], Fake(lambda text: "1"), questions=pool, samples=3)
    with pytest.raises(ValueError, match="questions misses 1 ids"):
        judge.rating(pool["output"], Fake(lambda text: "1"), questions=pool.iloc[:1])
