from collections import Counter

import numpy as np
import pandas as pd
import pytest

from lab import score
from lab.score.ds2 import REPEATS
from tests.score.test_transition import planted


@pytest.fixture(scope="module")
def world():
    return planted(400, seed=3)


def slow(rated, X, found, neighbours, seed):
    """The definition, row by row; where the rating is from the classes 0, 1, 2, ..."""
    unit = X.to_numpy() / np.linalg.norm(X, axis=1, keepdims=True)
    codes, classes, n = rated.astype(int).to_numpy(), len(found.matrix), len(rated)
    votes = np.zeros((n, classes))
    for row in range(n):
        cosine = unit @ unit[row]
        near = [at for at in np.argsort(-cosine) if at != row][: neighbours - 1]
        first, second = (1 - cosine[at] for at in near[:2])
        votes[row, codes[row]] += 1 - (2 * first - second)
        for at in near:
            votes[row, codes[at]] += cosine[at]
    doubt = [
        -np.log(v[c] / np.sqrt((v**2).sum()) + 1e-8) for v, c in zip(votes, codes, strict=True)
    ]
    times, flagged = Counter(), Counter()
    rng = np.random.default_rng(seed)
    for _ in range(REPEATS):
        drawn = rng.choice(n, int(0.9 * n), replace=False).tolist()
        times.update(drawn)
        for code in range(classes):
            prior = found.prior.iloc[code] / (codes == code).mean()
            wrong = 1 - min(found.matrix.iloc[code, code] * prior, 1)
            wrong = 0.95 if wrong >= 1 else 0.05 if wrong <= 0 else wrong
            rows = [row for row in drawn if codes[row] == code]
            tail = np.percentile([doubt[row] for row in rows], 100 * (1 - wrong))
            flagged.update(row for row in rows if doubt[row] >= tail)
    made = codes.astype(float)
    for row in range(n):
        share, said = (flagged[row] + 1) / (times[row] + 2), votes[row].argmax()
        sure = (flagged[row] + 1) / (flagged[row] + classes) * share
        if share > 0.5 and said != codes[row] and sure >= 0.5:
            made[row] = said
    return made


def test_equal_to_the_slow_definition(world):
    _, rated, X = world
    found = score.transition(rated, X)
    for neighbours, seed in ((10, 0), (3, 4)):
        table = score.corrected(rated, X, found=found, neighbours=neighbours, seed=seed)
        assert table["corrected"].tolist() == slow(rated, X, found, neighbours, seed).tolist()
    assert (table["corrected"] != table["rating"]).sum() > 20


def test_ratings_move_to_the_truth_where_neighbours_share_it(world):
    truth, rated, X = world
    made = score.corrected(rated, X)["corrected"]
    assert (made - truth).abs().mean() < 0.4 * (rated - truth).abs().mean()


def test_right_ratings_stay():
    truth, rated, X = planted(400, seed=3, matrix=np.eye(3))
    table = score.corrected(rated, X)
    assert table["corrected"].equals(truth.rename("corrected"))
    assert table["suggested"].isna().all()


def test_missing_stays_missing_copies_vote_once_and_order_does_not_matter(world):
    _, rated, X = world
    gaps = rated.mask(rated.index < rated.index[30])
    table = score.corrected(gaps, X)
    assert table.index.equals(rated.index)
    assert table.iloc[:30].isna().all(axis=None)
    assert table["corrected"].notna().sum() == len(rated) - 30
    turned = score.corrected(gaps.sample(frac=1, random_state=0), X)
    pd.testing.assert_frame_equal(turned.loc[table.index], table)
    copies = pd.Index([f"z{key}" for key in X.index])
    more = pd.concat([gaps, gaps.set_axis(copies)]), pd.concat([X, X.set_axis(copies)])
    pd.testing.assert_frame_equal(score.corrected(*more).loc[table.index], table)


def test_no_correction_is_made_below_the_confidence(world):
    _, rated, X = world
    table = score.corrected(rated, X, min_confidence=1.0)
    assert table["corrected"].equals(rated.rename("corrected"))
    assert table["confidence"].dropna().between(0, 1).all()


def test_errors_say_what_came(world):
    _, rated, X = world
    with pytest.raises(ValueError, match="neighbours must be at least 3, got 2"):
        score.corrected(rated, X, neighbours=2)
    with pytest.raises(ValueError, match="min_confidence must be between 0 and 1, got 2"):
        score.corrected(rated, X, min_confidence=2)
