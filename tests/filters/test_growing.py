"""Novelty of a pool that grows: the same decisions as over the whole pool, one text at a time."""

import time
from random import Random

import pandas as pd
import pytest

from lab.filters import Growing, cjk_tokens, novelty, rouge_l

WORDS = ("name", "red", "fruit", "sort", "these", "write", "a", "poem", "the", "sea", "Peru")


def texts(n, seed=0, longest=90):
    rng = Random(seed)
    lengths = [rng.choice([0, 1, 3, 6, 9, 14, 40, longest]) for _ in range(n)]
    return [" ".join(rng.choice(WORDS) for _ in range(length)) for length in lengths]


@pytest.mark.parametrize("limit", [0.0, 0.5, 0.7, 1.0])
def test_decides_as_novelty_does_over_the_whole_pool(limit):
    given = texts(6000)
    growing = Growing(given[:20], max_similarity=limit)
    near = [growing.offer(text) for text in given[20:]]
    kept = [one is None for one in near]
    pairs = [(a, b) for a, b in zip(given[20:], near, strict=True) if b is not None]
    if pairs:  # what is named is too close, whichever of several it is
        assert (rouge_l(*zip(*pairs, strict=True)) > limit).all()
    frame = pd.DataFrame({"instruction": given[20:]})
    wanted = novelty(frame, seeds=given[:20], max_similarity=limit)
    assert kept == wanted.tolist()
    assert len(growing) == 20 + sum(kept)


def test_names_the_text_that_is_too_close():
    growing = Growing(["Name a red fruit."])
    assert growing.offer("Name a red fruit, please") == "Name a red fruit."
    assert growing.offer("Sort these numbers.") is None
    assert growing.offer("Sort these numbers") == "Sort these numbers."


def test_chinese_by_characters():
    growing = Growing(["写一首关于春天的诗"], tokenize=cjk_tokens)
    assert growing.offer("写一首关于春天的诗吧") == "写一首关于春天的诗"
    assert growing.offer("列出五种水果") is None


def test_a_bound_that_is_none():
    with pytest.raises(ValueError, match=r"max_similarity must be between 0 and 1, got 2"):
        Growing(max_similarity=2)


def test_more_tokens_than_there_was_room_for():
    growing = Growing()
    for number in range(6000):
        assert growing.offer(f"word{number} other{number}") is None
    assert growing.offer("word4321 other4321") == "word4321 other4321"


@pytest.mark.slow
def test_a_text_costs_little_at_a_pool_of_fifty_thousand():
    rng = Random(1)
    words = [f"w{n}" for n in range(8000)]
    weights = [1 / (n + 10) for n in range(8000)]
    drawn = iter(rng.choices(words, weights, k=52_000 * 12))
    given = [" ".join(next(drawn) for _ in range(12)) for _ in range(52_000)]
    growing = Growing(given[:50_000])
    growing.offer(given[0])
    began = time.process_time()
    for text in given[50_000:]:
        growing.offer(text)
    each = (time.process_time() - began) / 2000
    assert each < 1e-3, f"{1e6 * each:.0f} microseconds a text"
