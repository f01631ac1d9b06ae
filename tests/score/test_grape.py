import numpy as np
import pytest

from lab import records, score


def test_it_is_the_mean_log_probability(pool, llama):
    found = score.grape(pool, model=llama)
    np.testing.assert_allclose(found, -np.log(score.perplexity(pool, model=llama)), rtol=1e-6)
    assert (found < 0).all()


def test_within_a_prompt_one_answer_is_the_likeliest_and_a_shift_changes_nothing(llama):
    answers = ["one", "two and three", "the red dog sat on the mat"]
    rows = [{"instruction": asked, "output": said} for asked in ("name", "say") for said in answers]
    pool = records.frame([*rows, {"instruction": "list", "output": "yes"}])
    found = score.grape(pool, model=llama)
    best = found.groupby(pool["instruction"]).idxmax()
    assert len(best) == 3
    assert best["list"] == pool.index[-1]
    shifted = found + pool["instruction"].map({"name": 5.0, "say": -2.0, "list": 0.0})
    assert shifted.groupby(pool["instruction"]).idxmax().equals(best)


def test_the_mean_and_the_sum_disagree(llama):
    said = ["the cat sat on the mat and the cat sat on the mat", "blue", "red", "one two"]
    pool = records.frame([{"instruction": "say", "output": each} for each in said])
    means = score.grape(pool, model=llama)
    sums = means * [len(each.split()) for each in said]
    assert means.rank().tolist() != sums.rank().tolist()


@pytest.mark.parametrize("output", ["", "one " * 80])
def test_what_cannot_be_scored_is_missing(output, llama):
    pool = records.frame([{"instruction": "say", "output": output}])
    assert score.grape(pool, model=llama).isna().all()
