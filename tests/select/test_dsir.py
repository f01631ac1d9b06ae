import hashlib
import math
import subprocess
import sys
from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest

from lab import select

RNG = np.random.default_rng(0)
WORDS = ["add", "river", "sort", "a", "the", "12", "elephant", "name"]
TEXTS = [" ".join(WORDS[i] for i in RNG.integers(0, 8, RNG.integers(1, 9))) for _ in range(30)]
TARGETS = ["add the 12.", "sort a river, sort!"]


def counts(text, buckets):
    """Buckets of unigrams and bigrams of words and runs of signs, one by one."""
    tokens, word = [], ""
    for sign in text.lower() + " ":
        same = word and (sign.isalnum() == word[-1].isalnum()) and not sign.isspace()
        if same:
            word += sign
        else:
            tokens += [word] if word else []
            word = "" if sign.isspace() else sign
    grams = tokens + [" ".join(pair) for pair in pairwise(tokens)]
    return Counter(int(hashlib.sha256(gram.encode()).hexdigest(), 16) % buckets for gram in grams)


def log_weights(texts, targets, buckets):
    def shares(of):
        total = sum((counts(text, buckets) for text in of), Counter())
        return {bucket: total[bucket] / total.total() for bucket in range(buckets)}

    p, q = shares(targets), shares(texts)
    return [
        sum(
            c * (math.log(p[b] + 1e-8) - math.log(q[b] + 1e-8))
            for b, c in counts(t, buckets).items()
        )
        for t in texts
    ]


@pytest.mark.parametrize("buckets", [10_000, 7])
def test_weights_by_definition_and_the_highest_without_noise(buckets):
    expected = np.array(log_weights(TEXTS, TARGETS, buckets))
    picked = select.dsir(TEXTS, TARGETS, 30, buckets=buckets, seed=None)
    np.testing.assert_allclose(picked.trace, expected[picked.indices], rtol=1e-12, atol=1e-10)
    assert picked.indices.tolist() == sorted(range(30), key=lambda i: (-round(expected[i], 9), i))


def test_two_rows_by_hand_and_one_bucket_for_all():
    pool = ["add", "add add", "river"]
    found = select.dsir(pool, ["river"], 3, buckets=1, seed=None)
    np.testing.assert_allclose(found.trace, 0, atol=1e-12)
    single = select.dsir(["add", "add river add"], ["add"], 2, seed=None)
    assert single.trace[0] == pytest.approx(math.log(1 + 1e-8) - math.log(3 / 6 + 1e-8))


def test_where_the_pool_is_the_target_all_rows_are_drawn_alike():
    texts = ["add", "river", "sort a", "name the"]
    firsts = [select.dsir(texts, texts, 1, seed=seed).indices[0] for seed in range(2000)]
    np.testing.assert_allclose(np.bincount(firsts) / 2000, 0.25, atol=0.035)
    np.testing.assert_allclose(select.dsir(texts, texts, 4).trace, 0, atol=1e-12)


def test_noise_draws_without_replacement_in_proportion_to_weight():
    texts, targets = (
        ["add", "river", "sort", "name"],
        ["add"] * 4 + ["river"] * 3 + ["sort"] * 2 + ["name"],
    )
    weights = np.array([4, 3, 2, 1]) / 10
    exact = Counter()
    for first, second in permutations(range(4), 2):
        exact[frozenset((first, second))] += weights[first] * weights[second] / (1 - weights[first])
    picked = [select.dsir(texts, targets, 2, seed=seed).indices.tolist() for seed in range(3000)]
    drawn = Counter(map(frozenset, picked))
    for pair, chance in exact.items():
        assert drawn[pair] / 3000 == pytest.approx(chance, abs=0.03)


def test_the_hash_is_the_same_in_another_process():
    code = (
        "from lab import select;"
        f"print(select.dsir({TEXTS!r}, {TARGETS!r}, 9, buckets=50).trace.tolist())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == str(select.dsir(TEXTS, TARGETS, 9, buckets=50).trace.tolist())


def test_short_rows_are_left_and_copies_tie():
    texts = ["", "add", "add the river", "add the river", " \n"]
    picked = select.dsir(texts, TARGETS, 2, min_tokens=2, seed=None)
    assert picked.indices.tolist() == [2, 3]
    with pytest.raises(ValueError, match="between 1 and the 3 rows of at least 1 tokens, got 4"):
        select.dsir(texts, TARGETS, 4)


@pytest.mark.parametrize(
    ("targets", "given", "message"),
    [
        ([], {}, "targets must hold tokens, got none in 0 texts"),
        (["", " "], {}, "targets must hold tokens, got none in 2 texts"),
        (TARGETS, {"buckets": 0}, "buckets and min_tokens must be at least 1, got 0 and 1"),
        (TARGETS, {"min_tokens": 0}, "got 10000 and 0"),
    ],
)
def test_errors_say_what_came(targets, given, message):
    with pytest.raises(ValueError, match=message):
        select.dsir(TEXTS, targets, 3, **given)
