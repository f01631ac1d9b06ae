import re

import numpy as np
import pandas as pd
import pytest

from lab import filters, records, shards
from lab.errors import DataError

RNG = np.random.default_rng(0)


def texts(count, *, copies):
    """Return texts of a small world of words, of which some are others with a word changed."""
    words = [f"w{i}" for i in range(60)]
    made = []
    for _ in range(count):
        if made and RNG.random() < copies:
            text = made[RNG.integers(len(made))].split()
            text[RNG.integers(len(text))] = words[RNG.integers(60)]
        else:
            text = RNG.choice(words, size=RNG.integers(3, 30)).tolist()
        made.append(" ".join(text))
    return made


def pool(count=400, *, copies=0.5):
    rows = zip(texts(count, copies=copies), texts(count, copies=copies), strict=True)
    turns = [[], [{"role": "user", "content": "w1 w2 w3 w4"}]]
    return records.frame(
        {"instruction": one, "output": two, "history": turns[at % 2]}
        for at, (one, two) in enumerate(rows)
    )


POOL = pool()


def parts(folder, table, count):
    pieces = np.array_split(np.arange(len(table)), count)
    return [
        records.write_parquet(table.iloc[rows], folder / f"part-{at}.parquet")
        for at, rows in enumerate(pieces)
    ]


def whole(told):
    return pd.concat(map(shards.read, told))["keep"]


@pytest.mark.parametrize("limit", [0.3, 0.7, 1.0])
@pytest.mark.parametrize("fields", [("instruction",), ("history", "instruction")])
def test_near_duplicates_are_those_of_one_process(tmp_path, limit, fields):
    how = {"max_similarity": limit, "fields": fields, "words": 2}
    told = filters.no_near_duplicates_shards(parts(tmp_path, POOL, 3), workers=1, **how)
    expected = filters.no_near_duplicates(POOL, **how)
    pd.testing.assert_series_equal(whole(told), expected)
    assert expected.sum() > 0
    assert expected.all() == (limit == 1)


def test_the_best_of_a_group_stays(tmp_path):
    best = POOL["output"].str.len().astype(float).rename("best")
    pools = parts(tmp_path, POOL, 4)
    scores = parts(tmp_path / "scores", best.to_frame(), 4)
    how = {"fields": ("instruction",), "words": 2, "max_similarity": 0.5}
    told = filters.no_near_duplicates_shards(pools, best=scores, workers=1, **how)
    pd.testing.assert_series_equal(whole(told), filters.no_near_duplicates(POOL, best=best, **how))
    assert not whole(told).equals(filters.no_near_duplicates(POOL, **how))
    left = {re.sub(r"\d+", "0", path.name) for path in told[0].parent.iterdir()}
    assert left == {"run.json", "shard-0.parquet"}


def test_texts_without_words_stay(tmp_path):
    table = pd.DataFrame({"instruction": ["", "?", "a b c", "", "a b c"]}, index=list("abcde"))
    told = filters.no_near_duplicates_shards(
        parts(tmp_path, table, 2), fields=("instruction",), workers=1
    )
    assert whole(told).tolist() == [True, True, True, True, False]


@pytest.mark.parametrize("limit", [0.0, 0.4, 0.7, 1.0])
@pytest.mark.parametrize("count", [1, 4])
def test_novelty_decides_as_one_process(tmp_path, limit, count):
    how = {"max_similarity": limit, "seeds": POOL["instruction"].iloc[-20:].tolist()}
    told = filters.novelty_shards(parts(tmp_path, POOL, count), workers=1, **how)
    expected = filters.novelty(POOL, **how)
    pd.testing.assert_series_equal(whole(told), expected)
    assert expected.all() == (limit == 1)


def test_novelty_in_two_processes_and_in_chinese(tmp_path):
    tasks = [
        "写一首关于春天的诗",
        "写一首关于春天的诗吧",
        "列出三种水果",
        "请列出三种水果",
        "翻译这句话",
    ]
    table = pd.DataFrame({"instruction": tasks}, index=list("abcde"))
    pools = parts(tmp_path, table, 3)
    told = filters.novelty_shards(pools, tokenize=filters.cjk_tokens, workers=2)
    assert whole(told).tolist() == filters.novelty(table, tokenize=filters.cjk_tokens).tolist()
    assert whole(told).tolist() == [True, False, True, False, True]
    with pytest.raises(DataError, match="has no tokens for this tokenizer"):
        filters.novelty_shards(pools, workers=1)


def test_what_is_told_of_other_rows_is_refused():
    table = pd.DataFrame({"keep": [True]}, index=["other"])
    with pytest.raises(ValueError, match="over other rows than the pool's"):
        filters.passing(POOL.iloc[:1], table)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (filters.no_near_duplicates_shards, "max_similarity must be above 0 and at most 1, got 2"),
        (filters.novelty_shards, "max_similarity must be between 0 and 1, got 2"),
    ],
)
def test_a_limit_out_of_range_is_an_error(method, message):
    with pytest.raises(ValueError, match=message):
        method([], max_similarity=2)
