import numpy as np
import pandas as pd
import pytest

from lab import filters, records

WORDS = [
    "name",
    "one",
    "two",
    "red",
    "ripe",
    "fruit",
    "river",
    "of",
    "the",
    "north",
    "sort",
    "these",
    "few",
    "numbers",
    "now",
]


@pytest.fixture(scope="module")
def pool():
    draw = np.random.default_rng(3)
    tasks = dict.fromkeys(
        " ".join(draw.choice(WORDS, size=draw.integers(5, 9))) for _ in range(120)
    )
    return records.frame([{"instruction": task, "output": task + " done"} for task in tasks])


def kinds(pool):
    X = np.random.default_rng(1).normal(size=(len(pool), 4))
    return {
        "novelty": (filters.copies_by_novelty, filters.novelty, (), {}),
        "shingles": (filters.copies_by_shingles, filters.no_near_duplicates, (), {"words": 1}),
        "meaning": (filters.copies_by_meaning, filters.semantic, (X,), {}),
    }


@pytest.mark.parametrize("kind", ["novelty", "shingles", "meaning"])
def test_another_limit_decides_as_a_new_call_does(pool, kind):
    copies, filtered, given, more = kinds(pool)[kind]
    found = copies(pool, *given, max_similarity=0.8, **more)
    counts = set()
    for limit in (0.4, 0.6, 0.8, 0.95):
        again = found.at(limit)
        assert again.keep.equals(filtered(pool, *given, max_similarity=limit, **more))
        assert again.max_similarity == limit
        counts.add(int(again.keep.sum()))
    assert len(counts) >= 3, "the limit decides"


@pytest.mark.parametrize("kind", ["novelty", "shingles", "meaning"])
def test_each_rejected_row_is_shown_beside_a_kept_one(pool, kind):
    copies, _, given, more = kinds(pool)[kind]
    found = copies(pool, *given, max_similarity=0.6, **more)
    near = found.closest()
    assert near.index.equals(pool.index[~found.keep])
    assert found.keep[near["nearest"]].all()
    assert found.kept.equals(pool[found.keep])
    for text, key in zip(near["text"], near["nearest"], strict=True):
        assert pool.loc[key, "instruction"] in text
    if kind != "shingles":  # groups are linked by chains
        assert (near["similarity"] > 0.6).all()
    few = near.index[[3, 0]]
    assert found.closest(few).equals(near.loc[few])


def test_the_least_similar_are_next_to_be_kept(pool):
    found = filters.copies_by_novelty(pool, max_similarity=0.6)
    shown = found.least_similar(5)
    assert shown["similarity"].tolist() == sorted(found.closest()["similarity"])[:5]
    assert shown["rejected"].tolist() == pool.loc[shown.index, "instruction"].tolist()
    assert len(found.least_similar(10_000)) == int((~found.keep).sum())


def test_a_result_says_what_it_holds(pool):
    found = filters.copies_by_novelty(pool, max_similarity=0.6)
    kept = int(found.keep.sum())
    assert repr(found) == (
        f"Copies({len(pool)} rows: {kept} kept, {len(pool) - kept} rejected"
        " as more similar than 0.6)"
    )
    assert filters.copies_by_novelty(pool.iloc[:0]).closest().empty


@pytest.mark.parametrize("kind", ["novelty", "shingles", "meaning"])
def test_errors_say_what_came(pool, kind):
    copies, _, given, more = kinds(pool)[kind]
    found = copies(pool, *given, max_similarity=0.6, **more)
    kept = found.kept.index[0]
    with pytest.raises(KeyError, match=f"no rejected row '{kept}'"):
        found.closest([kept])
    with pytest.raises(ValueError, match="max_similarity must be .*, got 7"):
        found.at(7)


def test_a_frame_without_texts_is_enough_for_vectors():
    rows = pd.DataFrame(index=pd.Index(["a", "b"], name="id"))
    found = filters.copies_by_meaning(rows, [[1.0, 0.0], [1.0, 0.0]])
    assert found.closest()["nearest"].tolist() == ["a"]
