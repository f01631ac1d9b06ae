import numpy as np
import pandas as pd
import pytest

from lab import embed, score, testbed
from lab.errors import DataError
from lab.score.consensus import misfit
from lab.score.transition import _triples

T = np.array([[0.78, 0.15, 0.05, 0.02], [0.1, 0.7, 0.15, 0.05], [0.05, 0.15, 0.7, 0.1]])
T = np.vstack([T, [0.02, 0.1, 0.2, 0.68]])


def planted(n, seed, matrix=T):
    """True scores that are constant in clusters, and ratings mistaken as a matrix says."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n // 15, 8))
    scores = rng.integers(len(matrix), size=len(centres))
    cluster = rng.integers(len(centres), size=n)
    X = centres[cluster] + 0.05 * rng.normal(size=(n, 8))
    index = pd.Index([f"r{row:05d}" for row in range(n)])
    truth = scores[cluster]
    rated = mistaken(truth, matrix, rng)
    return (*(pd.Series(x, index, dtype="float64") for x in (truth, rated)), pd.DataFrame(X, index))


def mistaken(truth, matrix, rng):
    return np.array([rng.choice(len(matrix), p=matrix[score]) for score in truth])


@pytest.fixture(scope="module")
def world():
    return planted(3000, seed=2)


def test_the_planted_matrix_lies_within_its_interval(world):
    _, rated, X = world
    found = score.transition(rated, X, resamples=40)
    assert np.abs(found.matrix.to_numpy() - T).mean() < 0.03
    inside = (found.low <= T) & (found.high >= T)
    assert inside.to_numpy().mean() >= 0.9
    assert (found.high - found.low).to_numpy().max() < 0.3, "and the interval says something"
    assert found.matrix.to_numpy().sum(axis=1) == pytest.approx(1)
    assert found.prior.sum() == pytest.approx(1)


def test_a_matrix_planted_on_the_testbeds_texts_is_found():
    pool = testbed.pool(1500, seed=5)
    truth = (pool["domain"].astype("category").cat.codes % 3).to_numpy()
    matrix = np.array([[0.8, 0.15, 0.05], [0.1, 0.8, 0.1], [0.1, 0.2, 0.7]])
    rated = mistaken(truth, matrix, np.random.default_rng(0)).astype(float)
    X = embed.lexical(embed.texts(pool), dimensions=64)
    found = score.transition(pd.Series(rated, pool.index), X, resamples=40)
    inside = (found.low <= matrix) & (found.high >= matrix)
    assert inside.to_numpy().mean() >= 0.85


def test_more_rows_find_it_better_and_right_ratings_give_the_identity():
    few, many = (
        np.abs(score.transition(*planted(n, seed=1)[1:]).matrix.to_numpy() - T).mean()
        for n in (300, 6000)
    )
    assert many < few / 2
    _, rated, X = planted(600, seed=1, matrix=np.eye(3))
    matrix = score.transition(rated, X).matrix
    np.testing.assert_allclose(matrix, np.eye(3), atol=0.01)


def test_the_triples_and_the_fit_by_definition(world):
    import torch

    _, rated, X = (part.iloc[:400] for part in world)
    unit = X.to_numpy() / np.linalg.norm(X, axis=1, keepdims=True)
    codes, counts, places = rated.astype(int).to_numpy(), np.zeros((4, 4, 4)), []
    for row in range(400):
        apart = np.linalg.norm(unit - unit[row], axis=1)
        near = [other for other in np.argsort(apart) if other != row][:2]
        places.append(near)
        counts[codes[row], codes[near[0]], codes[near[1]]] += 1 / 400
    np.testing.assert_allclose(_triples(codes, np.array(places), 4), counts)

    goal = torch.tensor(counts)
    rows = (5 * torch.eye(4, dtype=torch.float64) - 1).requires_grad_()
    prior = torch.zeros(4, dtype=torch.float64, requires_grad=True)

    def by_hand():
        M, p = rows.softmax(1), prior.softmax(0)
        one, two = torch.zeros(4), torch.zeros(4, 4)
        three = torch.zeros(4, 4, 4)
        for true in range(4):
            row = M[true]
            one = one + p[true] * row
            two = two + p[true] * row[:, None] * row
            three = three + p[true] * row[:, None, None] * row[:, None] * row
        left = (one - goal.sum((1, 2)), two - goal.sum(2), three - goal)
        return sum(each.norm() for each in left)

    start = np.concatenate([rows.detach().ravel(), prior.detach()])
    value, slope = misfit(start, counts)
    slow = by_hand()
    slow.backward()
    assert value == pytest.approx(slow.item(), abs=1e-5)
    np.testing.assert_allclose(slope, np.concatenate([rows.grad.ravel(), prior.grad]), atol=1e-6)
    optimiser = torch.optim.Adam([rows, prior], lr=0.1)
    for _ in range(300):
        optimiser.zero_grad()
        by_hand().backward()
        optimiser.step()
    found = score.transition(rated, X)
    assert found.misfit <= by_hand().item() + 1e-3
    np.testing.assert_allclose(found.matrix, rows.softmax(1).detach(), atol=0.05)


def test_copies_do_not_move_the_matrix(world):
    _, rated, X = (part.iloc[:600] for part in world)
    twice = pd.Index([f"z{key}" for key in rated.index])
    more = pd.concat([rated, rated.set_axis(twice)]), pd.concat([X, X.set_axis(twice)])
    pd.testing.assert_frame_equal(score.transition(*more).matrix, score.transition(rated, X).matrix)


def test_neither_the_order_of_rows_nor_missing_ratings_matter(world):
    _, rated, X = (part.iloc[:600] for part in world)
    expected = score.transition(rated[50:], X, resamples=3).low
    gaps = rated.mask(rated.index < rated.index[50]).sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(score.transition(gaps, X, resamples=3).low, expected)


def test_ratings_that_do_not_follow_the_neighbours_are_refused(world):
    _, rated, X = (part.iloc[:600] for part in world)
    shuffled = pd.Series(rated.sample(frac=1, random_state=1).to_numpy(), rated.index)
    with pytest.raises(DataError, match="no more alike than shuffled rows"):
        score.transition(shuffled, X)


def test_errors_say_what_is_wrong(world):
    _, rated, X = (part.iloc[:20] for part in world)
    with pytest.raises(DataError, match=r"row r00019: a rated row has no vector"):
        score.transition(rated, X.iloc[:19])
    with pytest.raises(DataError, match=r"at least 2 distinct values, got \[1.0\]"):
        score.transition(rated * 0 + 1, X)
    with pytest.raises(DataError, match="row r00000: a vector must be finite and not all zero"):
        score.transition(rated, X * 0)
    with pytest.raises(DataError, match="at least 4 rated rows with distinct vectors"):
        score.transition(rated.iloc[:3], X)
    with pytest.raises(DataError, match="at least 4 rated rows with distinct vectors"):
        score.transition(rated.iloc[:0], X)
