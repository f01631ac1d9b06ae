import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from lab.filters import shingles
from lab.texts import CJK

LETTERS = "abC09 éÖ,.-'\n\t中文字か。，！“”—🙂한"
TOKEN = re.compile(f"[{CJK}]|[0-9a-zéö한]+")


def slow(value, words):
    """The set of runs of words, spelled out."""
    found = TOKEN.findall(value.lower())
    if not found:
        return set()
    return {tuple(found[at : at + words]) for at in range(max(1, len(found) - words + 1))}


def cut(values, words):
    return shingles.shingles(pd.Series(values, dtype="str"), words=words)


def sets(found):
    return [
        set(found.hashes[a:b].tolist())
        for a, b in zip(found.starts[:-1], found.starts[1:], strict=True)
    ]


@given(st.lists(st.text(alphabet=LETTERS, max_size=30), min_size=1, max_size=12), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_shingles_are_equal_where_runs_of_words_are(values, words):
    ours, theirs = sets(cut(values, words)), [slow(value, words) for value in values]
    assert [len(s) for s in ours] == [len(s) for s in theirs]
    for i in range(len(values)):
        for j in range(i):
            assert len(ours[i] & ours[j]) == len(theirs[i] & theirs[j])


def test_by_hand():
    found = cut(["The cat sat.", "the CAT, sat", "cat", "", "!?"], 2)
    first, second, third, *empty = sets(found)
    assert first == second
    assert (len(first), len(third), empty) == (2, 1, [set(), set()])


def test_each_row_is_sorted_and_distinct():
    found = cut(["a b a b a b c d e f g", "x y z"], 2)
    for a, b in zip(found.starts[:-1], found.starts[1:], strict=True):
        assert (np.diff(found.hashes[a:b].astype(object)) > 0).all()


def test_chunks_do_not_matter(monkeypatch):
    values = [f"text {row} of some {row % 7} words" for row in range(50)]
    whole = cut(values, 3)
    monkeypatch.setattr(shingles, "CHUNK", 7)
    parts = cut(values, 3)
    np.testing.assert_array_equal(whole.hashes, parts.hashes)
    np.testing.assert_array_equal(whole.starts, parts.starts)


def test_joined_holds_the_history():
    turns = [{"role": "user", "content": "before"}]
    pool = pd.DataFrame({"history": [turns, []], "instruction": ["now", "later"]})
    assert shingles.joined(pool, ("history", "instruction")).tolist() == ["before\nnow", "\nlater"]
    cut_short = shingles.joined(pool, ("history", "instruction"), read=2)
    assert cut_short.tolist() == ["be\nno", "\nla"]
    with pytest.raises(DataError, match="no column 'history'"):
        shingles.joined(pool[["instruction"]], ("history",))


def test_words_must_be_positive():
    with pytest.raises(ValueError, match="words must be at least 1, got 0"):
        cut(["a"], 0)
