import pandas as pd
import pytest

from lab import testbed
from lab.ablate import studies
from lab.ablate.studies.style import STYLES


@pytest.fixture(scope="module")
def pool():
    return testbed.pool(120, noise=0.2, seed=3)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_right(style):
    made = studies.restyled(testbed.pool(120, seed=3), [style], seed=0)
    grades = testbed.rating(made, noise=0.0)
    kept = studies.right(grades.to_frame("grade"))["grade"]
    assert kept.mean() > 0.95  # a short answer to a question of several may be graded lower
    assert testbed.style(made["output"]).all() == (style == "convention")


def test_styles_take_turns_and_only_answers_in_the_convention_are_rewritten(pool):
    made = studies.restyled(pool, ["short", "told"], seed=0)
    styled = testbed.style(pool["output"])
    assert set(made["parent"]) == set(pool.index[styled])
    counts = made["style"].value_counts()
    assert abs(counts["short"] - counts["told"]) <= 1
    assert (made["instruction"].to_numpy() == pool[styled]["instruction"].to_numpy()).all()


def test_the_convention_rewritten_in_the_convention_is_what_it_was(pool):
    made = studies.restyled(pool, ["convention"], seed=0)
    assert made["output"].tolist() == pool.loc[made["parent"], "output"].tolist()


def test_right_keeps_what_is_missing():
    found = studies.right(pd.DataFrame({"a": [5.0, 3.5, 1.5, None]}))["a"]
    assert found.tolist()[:3] == [1.0, 1.0, 0.0]
    assert found.isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize("styles", [[], ["rhymed"]])
def test_an_unknown_style_is_named(pool, styles):
    with pytest.raises(ValueError, match="styles must be some of .*, got"):
        studies.restyled(pool, styles, seed=0)
