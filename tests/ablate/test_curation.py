from dataclasses import replace

import pandas as pd
import pytest

from lab import ablate, synth, testbed, tune
from lab.synth import curated

QUICK = replace(tune.presets.testbed, epochs=None, steps=12, batch_size=8)


def test_each_iteration_decides_of_all_pairs_and_the_last_is_what_backtranslation_keeps():
    texts, seeds = testbed.pool(24, noise=0.5, seed=1), testbed.pool(40, seed=2)
    teacher = testbed.client(testbed.Teacher(laziness=0.2), store=":memory:")
    made = ablate.curation(texts, seeds, teacher, recipe=QUICK, iterations=2)
    pairs = synth.invert(texts, teacher, keep=len(texts)).examples
    assert made.index.tolist() == pairs.index.tolist()
    assert {"kept_1", "kept_2"} <= set(made.columns)
    right = ablate.truths(made)["right"]
    assert right[made["kept_1"]].mean() > right.mean()  # what costs little is right more often


def test_bounds():
    pool = testbed.pool(4)
    given = (pool, pool, testbed.client(store=":memory:"))
    with pytest.raises(ValueError, match=r"iterations must be at least 1, got 0"):
        ablate.curation(*given, recipe=QUICK, iterations=0)
    with pytest.raises(ValueError, match=r"share must be between 0 and 1, got 1"):
        ablate.curation(*given, recipe=QUICK, share=1)


def test_a_rating_is_a_filter_for_any_method():
    pool = testbed.pool(40, noise=0.5, seed=3)
    kept = curated(pool, testbed.client(store=":memory:"))
    assert isinstance(kept, pd.Series)
    assert kept.index.equals(pool.index)
    assert kept.tolist() == (pool["fault"] == "").tolist()
    with pytest.raises(ValueError, match=r"min_score must be from 1 to 5, got 0"):
        curated(pool, testbed.client(store=":memory:"), min_score=0)
