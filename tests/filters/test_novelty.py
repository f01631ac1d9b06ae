import json
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score import rouge_scorer

from lab import filters
from lab.errors import DataError
from lab.filters.tokens import cjk_tokens, rouge_tokens

WORDS = ["a", "the", "of", "to", "make", "list", "red", "blue", "fruit", "animal", "city"]
CHARACTERS = "请写一首诗给出三个水果的名字列表说明如何学习"


class Cutter:
    """What `rouge_score` takes as a tokenizer."""

    def __init__(self, tokenize):
        self.tokenize = tokenize


def scorer(tokenize=None):
    cutter = Cutter(tokenize) if tokenize else None
    return rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False, tokenizer=cutter)


def slow(texts, limit, *, seeds=(), tokenize=None):
    """Self-Instruct's loop, spelled out."""
    judge, kept, keep = scorer(tokenize), list(seeds), []
    for text in texts:
        scores = [judge.score(text, other)["rougeL"].fmeasure for other in kept]
        keep.append(max(scores, default=0.0) <= limit)
        if keep[-1]:
            kept.append(text)
    return keep


def pool(texts):
    index = pd.Index([f"id{row:05d}" for row in range(len(texts))], name="id")
    return pd.DataFrame({"instruction": pd.Series(texts, index=index, dtype="str")})


def sentences(n, *, seed, alphabet=WORDS, longest=14, space=" "):
    draw = random.Random(seed)
    return [space.join(draw.choices(alphabet, k=draw.randint(0, longest))) for _ in range(n)]


def test_by_hand():
    rows = pool(["Name a red fruit.", "name a RED fruit", "Name a red fruit and say why", "Sing"])
    # 4 of 4 and 4 shared words: F = 1; 4 of 4 and 7: F = 8 / 11 > 0.7
    assert filters.novelty(rows).tolist() == [True, False, False, True]
    assert filters.novelty(rows, max_similarity=0.75).tolist() == [True, False, True, True]


def test_equal_passes():
    rows = pool(["a b c d", "a b c x"])  # F = 3/4 exactly
    assert filters.novelty(rows, max_similarity=0.75).tolist() == [True, True]
    assert filters.novelty(rows, max_similarity=0.7499).tolist() == [True, False]


def test_seven_tenths_as_rouge_score_rounds_it():
    """F = 7/10 can come out a bit above or below 0.7; the decision is that of `rouge_score`."""
    for n in range(1, 40):
        for m in range(1, 40):
            if (7 * (n + m)) % 20 == 0 and 7 * (n + m) // 20 <= min(n, m):
                common = 7 * (n + m) // 20
                left = [f"s{i}" for i in range(common)]
                one = " ".join(left + [f"l{i}" for i in range(n - common)])
                two = " ".join(left + [f"r{i}" for i in range(m - common)])
                assert filters.novelty(pool([one, two])).tolist() == slow([one, two], 0.7)


@pytest.mark.parametrize("limit", [0.0, 0.3, 0.5, 0.7, 0.9, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_decisions_are_those_of_the_double_loop(limit, seed):
    texts = sentences(150, seed=seed)
    assert filters.novelty(pool(texts), max_similarity=limit).tolist() == slow(texts, limit)


def test_rows_of_several_machine_words():
    draw = random.Random(5)
    base = [f"w{draw.randint(0, 90)}" for _ in range(400)]
    texts = []
    for size in (63, 64, 65, 127, 128, 129, 200, 330):
        for share in (0.0, 0.25, 0.5):
            words = [f"x{draw.randint(0, 90)}" if draw.random() < share else w for w in base[:size]]
            texts.append(" ".join(words))
    draw.shuffle(texts)
    keep = filters.novelty(pool(texts)).tolist()
    assert keep == slow(texts, 0.7)
    assert 0 < sum(keep) < len(texts)


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=9), max_size=12))
@settings(max_examples=150, deadline=None)
def test_decisions_on_any_texts(rows):
    texts = [" ".join(row) for row in rows]
    assert filters.novelty(pool(texts), max_similarity=0.6).tolist() == slow(texts, 0.6)


def test_seeds_count_as_kept():
    texts = sentences(60, seed=1)
    seeds = sentences(30, seed=2)
    assert filters.novelty(pool(texts), seeds=seeds).tolist() == slow(texts, 0.7, seeds=seeds)


def test_chinese_decisions_with_characters_as_tokens():
    texts = sentences(150, seed=3, alphabet=CHARACTERS, space="")
    keep = filters.novelty(pool(texts), tokenize=cjk_tokens).tolist()
    assert keep == slow(texts, 0.7, tokenize=cjk_tokens)


def test_chinese_under_the_default_tokenizer_is_an_error():
    rows = pool(["Write a poem.", "写一首诗"])
    with pytest.raises(DataError, match="row id00001, field 'instruction'.*cjk_tokens"):
        filters.novelty(rows)


def test_planted_copies_are_all_found():
    texts = [
        f"task number {row} asks for {row * 7} things of kind {row % 13}" for row in range(400)
    ]
    texts = [t for t, keep in zip(texts, filters.novelty(pool(texts)), strict=True) if keep]
    copies = [t.upper() + " please" for t in texts]
    keep = filters.novelty(pool([*texts, *copies]))
    assert keep[: len(texts)].all()
    assert not keep[len(texts) :].any()


def test_f_of_300_pairs_equals_rouge_score():
    left, right = sentences(300, seed=7, longest=90), sentences(300, seed=8, longest=90)
    judge = scorer()
    expected = [judge.score(a, b)["rougeL"].fmeasure for a, b in zip(left, right, strict=True)]
    np.testing.assert_allclose(filters.rouge_l(left, right), expected, rtol=0, atol=1e-12)


def test_f_of_300_chinese_pairs_equals_rouge_score():
    left = sentences(300, seed=9, alphabet=CHARACTERS, longest=90, space="")
    right = sentences(300, seed=10, alphabet=CHARACTERS, longest=90, space="")
    judge = scorer(cjk_tokens)
    expected = [judge.score(a, b)["rougeL"].fmeasure for a, b in zip(left, right, strict=True)]
    ours = filters.rouge_l(left, right, tokenize=cjk_tokens)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_tokens_are_those_of_rouge_score(text):
    from rouge_score.tokenize import tokenize

    assert rouge_tokens(text) == tokenize(text, None)


def test_the_closest_is_the_best_kept_row_before():
    texts = sentences(120, seed=4)
    rows = pool(texts)
    keep = filters.novelty(rows, max_similarity=0.5)
    copies = filters.copies_by_novelty(rows, max_similarity=0.5)
    assert copies.keep.equals(keep)
    shown = copies.closest()
    assert shown.index.tolist() == rows.index[~keep].tolist()
    judge = scorer()
    for key, row in shown.iterrows():
        at = rows.index.get_loc(key)
        scores = {
            rows.index[i]: judge.score(texts[at], texts[i])["rougeL"].fmeasure
            for i in range(at)
            if keep.iloc[i]
        }
        best = max(scores.values())
        assert row["similarity"] == best > 0.5
        assert row["nearest"] == next(i for i, score in scores.items() if score == best)
        assert row["text"] == rows.loc[row["nearest"], "instruction"]


def test_the_closest_names_a_seed_by_its_text():
    rows = pool(["Name a red fruit now", "Unrelated words entirely"])
    shown = filters.copies_by_novelty(rows, seeds=["Name a red fruit"]).closest()
    assert shown.index.tolist() == [rows.index[0]]
    assert shown["nearest"].tolist() == [""]
    assert shown["text"].tolist() == ["Name a red fruit"]
    assert shown["similarity"].tolist() == pytest.approx([8 / 9])


def test_degenerate_pools():
    assert filters.novelty(pool([])).tolist() == []
    assert filters.novelty(pool(["", "", "?!"])).tolist() == [True, True, True]
    assert filters.novelty(pool(["one"])).tolist() == [True]


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan")])
def test_errors_say_what_came(limit):
    with pytest.raises(ValueError, match=f"max_similarity must be between 0 and 1, got {limit}"):
        filters.novelty(pool(["a"]), max_similarity=limit)


def test_texts_that_do_not_pair_up_are_refused():
    with pytest.raises(ValueError, match="got 1 and 2 texts"):
        filters.rouge_l(["a"], ["a", "b"])


@pytest.mark.realdata
def test_alpaca_was_filtered_already(shared):
    import gzip

    with gzip.open(shared / "data" / "alpaca" / "alpaca_data.json.gz", "rt") as stream:
        rows = pool([row["instruction"] for row in json.load(stream)])
    assert len(rows) == 52002
    assert filters.novelty(rows).all()
