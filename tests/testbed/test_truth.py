"""Right answers, grades, exactness, style, and the simulated rater."""

import numpy as np
import pandas as pd
import pytest

from lab import records, testbed
from lab.errors import DataError
from lab.testbed.faults import FAULTS, spoil

ASKED = [{"role": "user", "content": "What is the capital of France?"}]
TRUTH = "The capital of France is Paris. Answer: Paris."


@pytest.fixture(scope="module")
def noisy():
    return testbed.pool(600, noise=0.5, seed=2)


def test_answer_reads_the_last_user_turn():
    history = [
        {"role": "user", "content": "Double the number 4."},
        {"role": "assistant", "content": "8"},
    ]
    assert testbed.answer([*history, *ASKED]) == TRUTH
    assert testbed.answer([{"role": "user", "content": "Tell me a joke."}]) is None
    assert testbed.answer([{"role": "system", "content": "Be kind."}]) is None


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        (TRUTH, 5.0),
        (f"  {TRUTH}\n", 5.0),
        ("Paris is the capital city. Answer: Paris.", 4.5),
        ("It is Paris.", 3.5),
        ("Paris", 3.5),
        ("Well, let me think about this for a long time. " * 3 + "It is Paris.", 2.5),
        ("The capital of France is Rome. Answer: Rome.", 1.5),
        ("The capital of France is Rome.", 1.0),
        ("A dog is a mammal. Answer: mammal.", 0.5),
        ("I am not sure.", 0.0),
        ("Parisian", 0.0),
        ("", 0.0),
    ],
)
def test_grades_by_hand(text, grade):
    assert testbed.grade(ASKED, text) == grade


def test_a_foreign_prompt_has_no_grade():
    assert np.isnan(testbed.grade([{"role": "user", "content": "Tell me a joke."}], "ha"))


def test_quality_is_the_grade_of_the_output(noisy):
    graded = [testbed.grade(records.prompt(row), row["output"]) for _, row in noisy.iterrows()]
    assert noisy["quality"].tolist() == graded
    assert set(np.unique(np.array(graded) * 2)) <= set(range(11)), "half steps"


def test_good_rows_are_perfect_and_each_fault_costs(noisy):
    worst = noisy.groupby("fault")["quality"].max()
    assert (noisy.loc[noisy["fault"] == "", "quality"] == 5.0).all()
    assert worst["empty"] == 0.0
    assert worst["wrong"] <= 1.5
    assert worst["off_topic"] <= 1.5
    assert worst["ramble"] <= 3.5


@pytest.mark.parametrize("fault", FAULTS)
def test_a_spoiled_answer_is_never_exact(fault, noisy):
    rows = noisy[noisy["fault"] == fault]
    assert len(rows) > 20
    assert not testbed.exact(rows, rows["output"]).any()


def test_an_unknown_fault_is_refused():
    task = testbed.recognise("What is 2 plus 3?")
    with pytest.raises(ValueError, match=r"must be one of wrong, empty, .* got 'rude'"):
        spoil(task, "rude", None)


def test_exact_ignores_white_space_and_order_and_counts_missing_as_wrong():
    asked = testbed.prompts(20, seed=3)
    answers = asked["output"].str.replace(" ", "  ", regex=False).iloc[::-1]
    assert testbed.exact(asked, answers).all()
    answers.iloc[0] = None
    assert testbed.exact(asked, answers).sum() == 19


def test_exact_needs_an_answer_to_each_prompt():
    asked = testbed.prompts(5, seed=3)
    with pytest.raises(ValueError, match="2 ids lack one"):
        testbed.exact(asked, asked["output"].iloc[2:])


def test_exact_refuses_foreign_prompts():
    pool = records.frame([{"instruction": "Tell me a joke.", "output": "ha"}])
    with pytest.raises(DataError, match="is not a prompt of this world"):
        testbed.exact(pool, pool["output"])


def test_style_by_hand():
    texts = pd.Series(
        [TRUTH, "Paris.", "Answer: Paris.", f"{TRUTH} Bye!", "Paris it is. Answer: Paris", None]
    )
    assert testbed.style(texts).tolist() == [True, False, False, False, False, False]


def test_the_rater_without_noise_is_the_truth(noisy):
    assert testbed.rating(noisy, noise=0.0).tolist() == noisy["quality"].tolist()


def test_the_rater_does_not_see_the_order_of_rows(noisy):
    shuffled = noisy.sample(frac=1, random_state=0)
    rated = testbed.rating(noisy, noise=1.0, seed=4)
    pd.testing.assert_series_equal(
        testbed.rating(shuffled, noise=1.0, seed=4).loc[noisy.index], rated
    )
    assert not rated.equals(testbed.rating(noisy, noise=1.0, seed=5))
    assert rated.between(0, 5).all()


def test_more_noise_makes_a_worse_rater(noisy):
    kept = [testbed.rating(noisy, noise=n).corr(noisy["quality"]) for n in (0.25, 1.0, 4.0)]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] > 0.95
    assert kept[-1] < 0.8


def test_noise_is_not_negative(noisy):
    with pytest.raises(ValueError, match=r"noise must be at least 0, got -1"):
        testbed.rating(noisy, noise=-1)
