"""What every score promises: a named float Series on the pool's index, and words for a table."""

import inspect
import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lab import score

VECTORS = np.random.default_rng(0).normal(size=(9, 4))


class Model:
    """Replies 4.5 to everything."""

    def complete(self, requests):
        told = {"error": None, "prompt_tokens": 1, "completion_tokens": 1, "cost_usd": 0, "key": ""}
        chance = [{"token": "4.5", "logprob": 0.0}]
        return [SimpleNamespace(text="4.5", logprobs=chance, **told) for _ in requests]


@pytest.fixture
def scores(pool, llama, reward_model):
    less = score.Less(share=1, epochs=1, rank=1, batch_size=4)
    return {
        "rating": partial(score.rating, rater=Model()),
        "expected_rating": partial(score.expected_rating, rater=Model()),
        "length": score.length,
        "length_tokens": partial(score.length_tokens, model=llama),
        "perplexity": partial(score.perplexity, model=llama),
        "ifd": partial(score.ifd, model=llama),
        "ifd_perplexity": partial(score.ifd_perplexity, model=llama),
        "complexity": partial(score.complexity, model=llama),
        "quality": partial(score.quality, model=llama),
        "mtld": score.mtld,
        "compression": score.compression,
        "grape": partial(score.grape, model=llama),
        "miwv": partial(score.miwv, vectors=pd.DataFrame(VECTORS, pool.index), model=llama),
        "upd": partial(score.upd, model=llama),
        "selectit": partial(score.selectit, models={llama: 1.0}),
        "selectit_code": partial(score.selectit_code, models={llama: 1.0}),
        "fineweb_edu": partial(score.fineweb_edu, model=reward_model),
        "nuggets": partial(score.nuggets, model=llama, anchors=pool[:2]),
        "reward": partial(score.reward, model=reward_model),
        "influence": partial(score.influence, targets={"t": pool[:1]}, model=llama, setup=less),
    }


# of other things than a pool, or in need of images: their own tests hold them to the same
APART = {"image_text", "knn_distance", "predicted_loss", "tag_count"}


def listed():
    """Return the public functions that give one number per row."""
    functions = {name: getattr(score, name) for name in score.__all__}
    return [
        name
        for name, function in functions.items()
        if inspect.isfunction(function)
        and "Series[float]" in str(inspect.signature(function).return_annotation)
        and name != "rater_noise"
    ]


def test_every_score_is_held_to_it(scores):
    assert set(listed()) == set(scores) | APART


def test_every_score_is_a_named_series_on_the_pools_index(scores, pool):
    before = pool.copy(deep=True)
    for name, function in scores.items():
        found = function(pool)
        assert isinstance(found, pd.Series), name
        assert found.name == name
        assert found.index.equals(pool.index), name
        assert found.dtype == np.float64, name
        assert found.notna().any(), name
    pd.testing.assert_frame_equal(pool, before)


def test_no_score_depends_on_the_order_of_rows(scores, pool, monkeypatch, tmp_path):
    first = {name: function(pool) for name, function in scores.items()}
    monkeypatch.setenv("WINNOW_DATA", str(tmp_path))  # nothing is known any more
    shuffled = pool.sample(frac=1, random_state=4)
    for name, function in scores.items():
        found = function(shuffled).loc[pool.index]
        np.testing.assert_allclose(found, first[name], atol=1e-4, err_msg=name)


@pytest.mark.parametrize("name", listed())
def test_words_for_the_table(name):
    lines = inspect.getdoc(getattr(score, name)).splitlines()
    direction = r"; (higher|lower) \S+"
    scale = r"(, (>=? ?\d|\d+ to \d|-\d+ to \d+|any number)|, 0 to 2 for unit rows)"
    assert re.search(scale, lines[0]), f"{name}: its scale is in the first line"
    assert re.search(direction, lines[0]), f"{name}: its direction is in the first line"
    for word in ("Source: ", "Cost: "):
        assert sum(line.startswith(word) for line in lines) == 1, f"{name}: {word}"
