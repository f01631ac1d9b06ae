import random
import string
import zlib

import numpy as np
import pytest

from lab import select

RANDOM = random.Random(0)
WORDS = ["".join(RANDOM.choices(string.ascii_lowercase, k=RANDOM.randint(2, 9))) for _ in range(60)]
TEXTS = [" ".join(RANDOM.choices(WORDS, k=RANDOM.randint(2, 20))) for _ in range(50)]


def redundancy(texts):
    """Bytes over compressed bytes of texts below each other, in one go."""
    raw = "".join(text + "\n" for text in texts).encode()
    return len(raw) / len(zlib.compress(raw, 9))


def by_definition(texts, k, candidates, shortlist, at_once, *, whole):
    """The rounds, with every redundancy computed from the whole text."""
    known = [redundancy([text]) for text in texts]
    picks, left = [], list(range(len(texts)))
    while len(picks) < k:
        best = sorted(left, key=lambda row: (known[row], row))[:candidates]
        for row in best:
            known[row] = redundancy([texts[i] for i in [*picks, row]])
        short = sorted(best, key=lambda row: (known[row], row))[:shortlist]
        anchor = list(picks) if whole else []
        for _ in range(min(at_once, len(short), k - len(picks))):
            row = min(short, key=lambda row: (redundancy([texts[i] for i in [*anchor, row]]), row))
            short.remove(row)
            left.remove(row)
            anchor.append(row)
            picks.append(row)
    return picks


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("candidates", "shortlist", "at_once"), [(50, 50, 1), (50, 20, 8), (12, 9, 4)]
)
def test_by_definition(candidates, shortlist, at_once, whole):
    given = {"candidates": candidates, "shortlist": shortlist, "at_once": at_once, "whole": whole}
    for k in (1, 30, 50):
        picked = select.zip(TEXTS, k, **given)
        assert picked.indices.tolist() == by_definition(TEXTS, k, **given)
    traced = [redundancy([TEXTS[i] for i in picked.indices[: j + 1]]) for j in range(50)]
    np.testing.assert_allclose(picked.trace, traced, rtol=1e-12)


def test_with_all_rows_as_candidates_and_one_pick_a_round_it_is_plain_greedy():
    picks = []
    for _ in range(12):
        left = [row for row in range(50) if row not in picks]
        picks.append(
            min(left, key=lambda row: (redundancy([TEXTS[i] for i in [*picks, row]]), row))
        )
    assert select.zip(TEXTS, 12, shortlist=50, at_once=1).indices.tolist() == picks


def test_copies_come_last_and_the_picks_are_less_redundant_than_chance():
    unlike = ["".join(RANDOM.choices(string.printable, k=60)) for _ in range(20)]
    picked = select.zip(unlike * 2, 20).indices
    assert len(set((picked % 20).tolist())) == 20
    ours = select.zip(TEXTS, 15).trace[-1]
    draws = [redundancy(random.Random(seed).sample(TEXTS, 15)) for seed in range(20)]
    assert ours < min(draws)


def test_what_lies_more_than_32_kib_back_is_forgotten():
    once, between = random.Random(1).randbytes(1000).hex(), random.Random(2).randbytes(20_000).hex()
    near = redundancy([between, once, once]) / redundancy([between, once])
    far = redundancy([once, between, once]) / redundancy([once, between])
    assert near > 1.03
    assert far < 1.01


def test_chinese_and_broken_characters_have_bytes():
    assert len(select.zip(["你好，世界", "\ud83d", "plain"], 3)) == 3


@pytest.mark.parametrize(
    ("texts", "given", "message"),
    [
        (["a", "", "b"], {}, "texts must not be empty, but that of row 1 is"),
        (["a", "b"], {"at_once": 300}, "must fall and be at least 1, got 10000, 200 and 300"),
        (["a", "b"], {"at_once": 0}, "got 10000, 200 and 0"),
        (["a", "b"], {"candidates": 5}, "got 5, 200 and 100"),
    ],
)
def test_errors_say_what_came(texts, given, message):
    with pytest.raises(ValueError, match=message):
        select.zip(texts, 1, **given)
