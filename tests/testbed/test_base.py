"""The base model that ships: what it knows before tuning, and after a thousand clean examples."""

import pandas as pd
import pytest

from lab import ablate, testbed, tune

pytestmark = pytest.mark.slow
PROMPTS = 1020  # twelve a family


@pytest.fixture(name="prompts", scope="module")
def fresh_prompts():
    splits = ("seen", "held_out")
    drawn = [testbed.prompts(PROMPTS, split=name, seed=11).assign(split=name) for name in splits]
    return pd.concat(drawn)


def test_before_tuning_it_answers_nothing(prompts):
    few = prompts.groupby("split").head(170)
    answers = ablate.world_answers(testbed.base_model(), prompts=few)
    assert answers["exact"].mean() <= 0.02


def test_after_a_thousand_clean_examples_nine_in_ten_are_right(prompts, tmp_path):
    folder = tune.sft(testbed.pool(1000, seed=2), tune.presets.testbed, tmp_path / "tuned")
    means = ablate.world_answers(folder, prompts=prompts).mean(numeric_only=True)
    assert means["exact_seen"] >= 0.9
    assert means["exact_held_out"] >= 0.75
    assert means["style"] >= 0.98
