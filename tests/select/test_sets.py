import numpy as np
import pytest

from lab import select


def test_instag_starts_again_when_a_pass_brings_nothing_new():
    tags = [{"a", "b", "c"}, {"a", "b"}, {"c"}, {"d"}, {"a", "d"}, set()]
    picked = select.instag(tags, 5)
    # first pass: abc, then ad (d is new); second pass: ab, c, d
    assert picked.indices.tolist() == [0, 4, 1, 2, 3]
    assert picked.trace.tolist() == [3.0, 4.0, 4.0, 4.0, 4.0]


def test_instag_never_picks_a_row_without_tags():
    with pytest.raises(ValueError, match="between 1 and the 1 rows available, got 2"):
        select.instag([["a"], []], 2)


def naive(texts, k, scores):
    """GraphFilter without laziness, spelled out for single words."""
    words = [text.split() for text in texts]
    n = len(texts)
    held = {w: sum(w in of for of in words) for of in words for w in of}
    covered, picks = set(), []
    for _ in range(k):
        value = {
            row: scores[row] * sum(np.log(n / held[w]) for w in of if w not in covered)
            for row, of in enumerate(words)
            if row not in picks
        }
        best = max(value.values())
        picks.append(min(row for row, v in value.items() if v >= best - 1e-9))
        covered |= set(words[picks[-1]])
    return picks


def test_graphfilter_is_greedy():
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{w}" for w in rng.integers(0, 80, 6)) for _ in range(60)]
    scores = rng.uniform(0.5, 1, 60)
    picked = select.graphfilter(texts, 15, scores=scores, max_words=1)
    assert picked.indices.tolist() == naive(texts, 15, scores)
    assert (np.diff(picked.trace) <= 1e-9).all()


def test_a_copy_adds_nothing():
    picked = select.graphfilter(["red apple", "Red apple", "two plus two"], 3)
    assert picked.indices.tolist()[-1] == 1
    assert picked.trace[-1] == 0.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scores": [1.0, -1.0]}, "at least 0, got -1.0"),
        ({"max_words": 0}, "max_words must be at least 1, got 0"),
        ({"k": 3}, "the 2 rows available, got 3"),
    ],
)
def test_errors_say_what_came(settings, message):
    with pytest.raises(ValueError, match=message):
        select.graphfilter(["a", "b"], **{"k": 1} | settings)


def test_graphfilter_cuts_chinese_by_words_and_keeps_contractions_whole():
    def adds(first, second):
        """What a text adds to one that is picked: 0 if it holds the same words."""
        return select.graphfilter([first, second, "x"], 3, scores=[9, 1, 0], max_words=1).trace[1]

    assert adds("今天的天气怎么样", "天气怎么样今天的") == 0  # the words in another order
    assert adds("上海有天气", "海上有天气") > 0  # the same characters, other words
    assert adds("don't stop", "stop don't") == 0
    assert adds("don't stop", "don t stop") > 0
