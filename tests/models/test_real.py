"""The small real model of `make models`, where it is: the same calls as on the testbed."""

import math
from dataclasses import replace

import pytest

from lab import embed, models, paths, records, score, tune

FOLDER = paths.root() / "data" / "models" / "smollm2-135m-instruct"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (FOLDER / "config.json").exists(),
        reason="no smollm2-135m-instruct in data/models; `make models` puts it there",
    ),
]
POOL = records.frame(
    [
        {"instruction": "What is the capital of France?", "output": "Paris."},
        {"instruction": "Name a red fruit.", "output": "A strawberry is a red fruit."},
    ]
)


def test_it_answers_through_its_own_template_and_stops_by_itself():
    found = tune.completions(FOLDER, POOL, max_new_tokens=40)
    assert "Paris" in found["answer"].iloc[0]
    assert found["stopped"].iloc[0]
    assert models.window(models.causal(FOLDER).model.config) == 8192


def test_it_scores_and_embeds():
    ifd = score.ifd(POOL, model=str(FOLDER))
    assert ifd.between(0, 2).all()
    assert embed.hidden(POOL["instruction"], model=FOLDER).vectors.shape == (2, 576)


def test_it_is_tuned_with_adapters(tmp_path):
    recipe = tune.Recipe(
        model=str(FOLDER),
        template=tune.CHAT,
        steps=2,
        batch_size=2,
        learning_rate=1e-3,
        lora=tune.Lora(rank=4),
        checkpoints=None,
    )
    before = tune.dev_loss(
        tune.sft(POOL, replace(recipe, learning_rate=1e-9), tmp_path / "a"), POOL
    )
    after = tune.dev_loss(tune.sft(POOL, recipe, tmp_path / "b"), POOL)
    assert math.isfinite(before)
    assert after < before
