import json
from dataclasses import replace

import pytest

from lab import testbed, tune
from lab.errors import TuneError
from lab.tune.estimate import memory_bytes


def test_an_estimate_is_what_the_run_then_takes(recipe, pool, tmp_path):
    found = tune.estimate(pool, recipe, tokens_per_second=1000, usd_per_hour=36)
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    done = json.loads((folder / "tune.json").read_text(encoding="utf-8"))
    assert found.steps == done["steps"]
    assert found.tokens == done["tokens"]
    assert found.examples == done["examples"]["trained_on"]
    assert found.hours == pytest.approx(found.tokens / 1000 / 3600)
    assert found.cost_usd == pytest.approx(found.tokens / 1000 / 100)
    assert found.flops > 6 * found.tokens


def test_by_steps(recipe, pool):
    found = tune.estimate(pool, replace(recipe, epochs=None, steps=7), tokens_per_second=1)
    assert found.steps == 7
    whole = tune.estimate(pool, recipe, tokens_per_second=1)
    assert found.tokens == pytest.approx(whole.tokens * 7 * 16 / (2 * len(pool)), rel=0.01)


def test_errors_say_what_came(recipe, pool):
    with pytest.raises(ValueError, match="tokens_per_second must be above 0, got 0"):
        tune.estimate(pool, recipe, tokens_per_second=0)
    with pytest.raises(TuneError, match="none of 1 examples can be trained on"):
        tune.estimate(pool.head(1).assign(output=""), recipe, tokens_per_second=1)


def test_memory_grows_with_the_weights_and_adapters_take_less(recipe):
    whole = memory_bytes(recipe)
    weights = tune.estimate(testbed.pool(4), recipe, tokens_per_second=1)
    tokens = weights.tokens
    assert whole == pytest.approx(6.5 * 4 * weights.flops / 6 / tokens, rel=0.01)
    assert memory_bytes(replace(recipe, lora=tune.Lora())) == pytest.approx(whole * 3 / 6.5)
    assert memory_bytes(replace(recipe, model="someone/a-model-of-the-hub")) == 0
