import random

import numpy as np
import pandas as pd
import pytest

from lab import filters, records
from lab.filters.near_duplicates import MISSED, PERMUTATIONS, band_width


def pool(texts):
    rows = [{"instruction": f"task {row}", "output": text} for row, text in enumerate(texts)]
    return records.frame(rows)


def runs(text, words=3):
    found = text.lower().split()
    return {tuple(found[at : at + words]) for at in range(max(1, len(found) - words + 1))}


def slow(texts, limit):
    """Groups by depth-first search over all pairs."""
    sets = [runs(text) for text in texts]
    alike = [
        [j for j in range(len(sets)) if len(sets[i] & sets[j]) / len(sets[i] | sets[j]) > limit]
        for i in range(len(sets))
    ]
    groups = [-1] * len(sets)
    for start in range(len(sets)):
        stack = [start]
        while stack:
            row = stack.pop()
            if groups[row] < 0:
                groups[row] = start
                stack.extend(alike[row])
    return groups


def families(*, seed, groups=40):
    """Texts in families of one to five, each a little changed from the one before."""
    draw = random.Random(seed)
    texts = []
    for family in range(groups):
        words = [f"f{family}w{draw.randint(0, 60)}" for _ in range(50)]
        for _ in range(draw.randint(1, 5)):
            texts.append(" ".join(words))
            words = list(words)
            for _ in range(draw.randint(0, 3)):
                words[draw.randrange(50)] = f"new{draw.randint(0, 10**6)}"
    draw.shuffle(texts)
    return list(dict.fromkeys(texts))


@pytest.mark.parametrize("limit", [0.5, 0.7, 0.85])
@pytest.mark.parametrize("seed", range(3))
def test_groups_are_those_of_all_pairs(limit, seed):
    texts = families(seed=seed)
    rows = pool(texts)
    groups = np.array(slow(texts, limit))
    copies = filters.copies_by_shingles(rows, max_similarity=limit, fields=("output",))
    kept = rows.index.to_series()
    kept.update(copies.closest()["nearest"])
    assert len(set(groups)) < len(texts)
    for group in np.unique(groups):
        members = rows.index[groups == group]
        assert set(kept[groups == group]) == {min(members)}
    for key, row in copies.closest().iterrows():
        one, two = (runs(rows.loc[name, "output"]) for name in (key, row["nearest"]))
        assert row["similarity"] == len(one & two) / len(one | two)


def test_the_best_of_a_group_stays():
    texts = families(seed=9)
    rows = pool(texts)
    score = pd.Series(np.random.default_rng(0).integers(0, 4, len(rows)).astype(float), rows.index)
    score.iloc[::5] = np.nan
    groups = pd.Series(slow(texts, 0.7), index=rows.index)
    keep = filters.no_near_duplicates(rows, best=score, fields=("output",))
    for _, members in groups.groupby(groups):
        inside = score[members.index]
        top = inside[inside == inside.max()] if inside.notna().any() else inside
        assert keep[members.index].sum() == 1
        assert keep[min(top.index)]


def test_row_order_and_seed_do_not_matter():
    rows = pool(families(seed=4))
    keep = filters.no_near_duplicates(rows, fields=("output",))
    turned = filters.no_near_duplicates(rows.iloc[::-1], fields=("output",))
    pd.testing.assert_series_equal(keep, turned.loc[keep.index])
    other = filters.no_near_duplicates(rows, fields=("output",), seed=7)
    pd.testing.assert_series_equal(keep, other)


def test_equal_passes_and_a_chain_is_one_group():
    rows = pool(["a b c d", "a b c e", "a b c d x"])  # {abc, bcd}, {abc, bce}, {abc, bcd, cdx}
    fields = ("output",)
    third, two_thirds = 1 / 3, 2 / 3
    assert filters.no_near_duplicates(rows, max_similarity=two_thirds, fields=fields).all()
    assert filters.no_near_duplicates(rows, max_similarity=0.66, fields=fields).sum() == 2
    assert filters.no_near_duplicates(rows, max_similarity=third, fields=fields).sum() == 2
    assert filters.no_near_duplicates(rows, max_similarity=0.2, fields=fields).sum() == 1


def test_many_equal_texts_are_one_group_at_once():
    rows = pool(["the same words all over again here"] * 20_000)
    assert filters.no_near_duplicates(rows, fields=("output",)).sum() == 1


def test_empty_texts_are_not_duplicates_of_each_other():
    rows = pool(["", "!!", "one two three", ""])
    assert filters.no_near_duplicates(rows, fields=("output",)).tolist() == [True] * 4
    assert filters.no_near_duplicates(rows.iloc[:0]).tolist() == []


def test_another_history_is_another_example():
    said = [{"role": "user", "content": "tell me all about the moon and its many seas"}]
    rows = records.frame(
        [
            {"instruction": "Go on please with more", "output": "It is so"},
            {"instruction": "Go on please with more", "output": "It is so", "history": said},
        ]
    )
    assert filters.no_near_duplicates(rows, max_similarity=0.5).tolist() == [True, True]
    assert filters.no_near_duplicates(rows, fields=("instruction", "output")).sum() == 1


def test_under_one_long_history_other_answers_are_other_examples():
    draw = random.Random(0)
    said = " ".join(f"w{draw.randint(0, 10**6)}" for _ in range(400))
    history = [{"role": "user", "content": said}, {"role": "assistant", "content": "I see."}]
    exchanges = [
        ("Who came first of them all?", "It was Anna who came first."),
        ("Where did the others go then?", "They all went home by train."),
        ("Where did the others go then?", "They all went home by train!"),
    ]
    rows = records.frame(
        [{"history": history, "instruction": one, "output": two} for one, two in exchanges]
    )
    keep = filters.no_near_duplicates(rows)
    assert keep.iloc[0]
    assert keep.sum() == 2


@pytest.mark.parametrize("limit", [0.05, 0.3, 0.5, 0.7, 0.8, 0.9, 0.99])
def test_bands_miss_at_most_what_is_said(limit):
    width = band_width(limit)
    missed = (1 - limit**width) ** (PERMUTATIONS // width)
    assert missed <= max(MISSED, (1 - limit) ** PERMUTATIONS)


@pytest.mark.parametrize("limit", [0.0, -1, 1.5])
def test_errors_say_what_came(limit):
    with pytest.raises(ValueError, match=f"above 0 and at most 1, got {limit}"):
        filters.no_near_duplicates(pool(["a"]), max_similarity=limit)


def test_scores_of_other_rows_are_refused():
    rows = pool(["a", "b"])
    with pytest.raises(ValueError, match="best must hold one score per example"):
        filters.no_near_duplicates(rows, best=pd.Series([1.0], index=rows.index[:1]))
