import json
from dataclasses import fields, replace

import pytest

from lab import tune
from lab.tune import presets
from lab.tune.recipe import Recipe

NAMED = ["lima", "alpagasus_7b", "alpagasus_13b", "ltd", "testbed"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 3}, "exactly one of epochs and steps, got epochs=1, steps=3"),
        ({"epochs": None}, "exactly one of epochs and steps, got epochs=None, steps=None"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"max_tokens": 1}, "max_tokens must be at least 2, got 1"),
        ({"micro_batches": 3}, "micro_batches must divide the batch_size of 32, got 3"),
        ({"learning_rate": 0}, "0 <= last_learning_rate <= learning_rate, got 0.0 and 0"),
        ({"last_learning_rate": 1}, "0 <= last_learning_rate <= learning_rate, got 1 and 2e-05"),
        ({"warmup_ratio": 1}, r"warmup_ratio must be in \[0, 1\), got 1"),
        ({"last_layer_dropout": -0.1}, r"last_layer_dropout must be in \[0, 1\), got -0.1"),
        ({"neftune_alpha": -1}, "neftune_alpha must be at least 0, got -1"),
        ({"weight_decay": -1}, "weight_decay must be at least 0, got -1"),
    ],
)
def test_errors_say_what_came(change, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**{"model": "m", "epochs": 1} | change)


@pytest.mark.parametrize("name", NAMED)
def test_a_recipe_comes_back_from_json(name):
    recipe = getattr(presets, name)
    assert Recipe.from_params(json.loads(json.dumps(recipe.params()))) == recipe
    chat = replace(recipe, template=tune.CHAT, checkpoints=tune.Checkpoints(every_steps=3))
    assert Recipe.from_params(json.loads(json.dumps(chat.params()))) == chat


CHANGES = {
    "model": "n",
    "template": tune.PLAIN,
    "end_of_turn": "<E>",
    "train_history": True,
    "max_tokens": 64,
    "trim": True,
    "epochs": 2,
    "batch_size": 64,
    "micro_batches": 2,
    "order": "given",
    "packing": True,
    "learning_rate": 1e-3,
    "last_learning_rate": 1e-6,
    "schedule": "linear",
    "warmup_ratio": 0.1,
    "betas": (0.9, 0.95),
    "weight_decay": 0.1,
    "max_grad_norm": 2.0,
    "last_layer_dropout": 0.1,
    "neftune_alpha": 5.0,
    "lora": tune.Lora(),
    "bf16": True,
    "checkpoints": None,
    "seed": 1,
    "thinking": "mask",
    "thinking_in_history": False,
}


def test_each_field_changes_the_fingerprint():
    recipe = Recipe(model="m", epochs=1)
    assert {field.name for field in fields(Recipe)} == {*CHANGES, "steps"}
    changed = [replace(recipe, **{name: value}) for name, value in CHANGES.items()]
    changed.append(replace(recipe, epochs=None, steps=1))
    assert len({other.fingerprint() for other in [recipe, *changed]}) == len(CHANGES) + 2


@pytest.mark.parametrize(
    ("name", "published"),
    [
        (
            "lima",
            {
                "epochs": 15,
                "batch_size": 32,
                "learning_rate": 1e-5,
                "last_learning_rate": 1e-6,
                "schedule": "linear",
                "warmup_ratio": 0.0,
                "betas": (0.9, 0.95),
                "weight_decay": 0.1,
                "max_tokens": 2048,
                "last_layer_dropout": 0.3,
            },
        ),
        (
            "alpagasus_7b",
            {
                "epochs": 3,
                "batch_size": 128,
                "learning_rate": 2e-5,
                "schedule": "cosine",
                "warmup_ratio": 0.03,
                "weight_decay": 0.0,
                "max_tokens": 512,
                "template": tune.ALPACA,
                "bf16": True,
            },
        ),
        ("alpagasus_13b", {"epochs": 5, "batch_size": 128, "learning_rate": 1e-5}),
        (
            "ltd",
            {
                "epochs": 3,
                "batch_size": 128,
                "learning_rate": 1e-4,
                "schedule": "linear",
                "warmup_ratio": 0.03,
                "max_tokens": 4096,
                "lora": tune.Lora(rank=64, alpha=16, dropout=0.1),
            },
        ),
    ],
)
def test_presets_hold_the_published_numbers(name, published):
    recipe = getattr(presets, name)
    assert {field: getattr(recipe, field) for field in published} == published


def test_lima_decodes_as_published():
    found = presets.lima_decoding
    assert (found.temperature, found.top_p, found.repetition_penalty) == (0.7, 0.9, 1.2)
