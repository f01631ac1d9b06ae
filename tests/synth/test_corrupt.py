"""Good answers written badly, and the way back."""

import pytest

from lab import testbed
from lab.synth import Terms, corrupt
from lab.synth.corrupt import MANNERS

POOL = testbed.pool(60, seed=5)


def teacher(**settings):
    return testbed.client(testbed.Teacher(**settings), store=":memory:")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_output_is_the_original_and_the_input_a_bad_version_of_it(language):
    made = corrupt(POOL, teacher(), keep=20, terms=Terms(language=language)).examples
    for _, row in made.iterrows():
        assert row["output"] == POOL.loc[row["parent"], "output"]
        assert row["input"] != row["output"]
        assert POOL.loc[row["parent"], "instruction"] in row["instruction"]
    assert set(made["manner"]) == set(MANNERS[language])


def test_versions_that_are_unchanged_or_say_another_number_fall():
    made = corrupt(POOL, teacher(laziness=0.5), keep=60)
    assert made.stopped_because == "nothing left to ask"
    assert set(made.reasons.index) == {"unchanged", "another number"}
    with pytest.raises(ValueError, match=r"style must say something, got ''"):
        corrupt(POOL, teacher(), keep=1, style="")
