from dataclasses import replace
from functools import partial

import pytest

from lab import runs, testbed
from lab.ablate import setups, studies
from lab.ablate.studies import solver


def test_a_solver_is_tuned_on_some_rows_and_asked_all(monkeypatch):
    pool = testbed.pool(20, seed=0)
    seen = []

    def tune(subset, recipe, folder):
        seen.append((len(subset), recipe.seed))
        return folder

    def generate(model, rows, *, max_new_tokens):
        del model, max_new_tokens
        return rows["output"].where(rows["domain"] != "words", "no")

    monkeypatch.setattr(solver.tune, "sft", tune)
    monkeypatch.setattr(solver.tune, "generate", generate)
    recipe = replace(setups.world(20, prompts=8).recipe, seed=5)
    found = studies.solved(pool, recipe, share=0.2)
    assert found.tolist() == (pool["domain"] != "words").tolist()
    assert studies.solved(pool, recipe, share=0.2).equals(found)
    assert seen == [(4, 5)]
    assert len(runs.frame("tune")) == 1


def length_by(pool, *, model, factor=1.0):
    """A score that needs a model."""
    assert model.endswith("tuned")
    return factor * pool["output"].str.len().astype(float)


def test_a_score_is_that_of_a_model_of_some_experience(monkeypatch):
    pool, seen = testbed.pool(20, seed=0), []

    def tune(subset, recipe, folder):
        seen.append((len(subset), recipe.seed))
        return folder

    monkeypatch.setattr(solver.tune, "sft", tune)
    recipe = setups.world(20, prompts=8).recipe
    make = partial(length_by, factor=2.0)
    found = studies.experienced(pool, make, recipe, share=0.5)
    assert found.tolist() == (2.0 * pool["output"].str.len()).tolist()
    assert studies.experienced(pool, make, recipe, share=0.5).equals(found)
    assert seen == [(10, recipe.seed)]


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_share_out_of_range_is_named(share):
    pool, recipe = testbed.pool(4, seed=0), setups.world(20, prompts=8).recipe
    with pytest.raises(ValueError, match=f"above 0 and at most 1, got {share}"):
        studies.solved(pool, recipe, share=share)
    with pytest.raises(ValueError, match=f"above 0 and at most 1, got {share}"):
        studies.experienced(pool, length_by, recipe, share=share)
