import heapq
import importlib

import numpy as np
import pytest
from scipy.optimize import linprog

from lab import select

module = importlib.import_module("lab.select.tsds")


def made(n=25, m=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    X[5:8] = X[4]  # four copies
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    Q = rng.normal(size=(m, 3))
    return unit, Q / np.linalg.norm(Q, axis=1, keepdims=True)


def densities(X, sigma):
    """Each row's sum over all rows of the kernel, one by one; 1 without a kernel."""
    if sigma == 0:
        return np.ones(len(X))
    away = np.array([[((a - b) ** 2).sum() for b in X] for a in X])
    return np.maximum(1 - away / sigma**2, 0).sum(axis=1)


def masses(picked, n):
    mass = np.zeros(n)
    mass[picked.indices] = np.diff(picked.trace, prepend=0)
    return mass


def programme(distance, density, alpha, scale):
    """The masses of rows in the optimal plan, by a linear programme, and its value."""
    m, n = distance.shape
    cost = np.append(alpha / scale * distance.ravel(), (1 - alpha) * m)
    rows = np.kron(np.eye(m), np.ones(n))
    limits = np.hstack([np.diag(np.tile(density, m)), -np.ones((m * n, 1))])
    solved = linprog(
        cost,
        A_ub=limits,
        b_ub=np.zeros(m * n),
        A_eq=np.hstack([rows, np.zeros((m, 1))]),
        b_eq=np.full(m, 1 / m),
    )
    return solved.x[:-1].reshape(m, n), solved.fun


@pytest.mark.parametrize("sigma", [0.0, 0.75])
@pytest.mark.parametrize(("alpha", "scale"), [(0.5, 5.0), (0.9, 5.0), (0.6, 1.0)])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_plan_is_the_optimum_of_the_linear_programme(sigma, alpha, scale, seed):
    X, Q = made(seed=seed)
    distance = np.sqrt(((Q[:, None] - X) ** 2).sum(axis=2))
    density = densities(X, sigma)
    best, value = programme(distance, density, alpha, scale)
    order = np.argsort(distance, axis=1, kind="stable")
    plan = module.plan_of(
        np.take_along_axis(distance, order, axis=1),
        1 / density[order],
        len(Q) * scale * (1 - alpha) / alpha,
    )
    mine = np.zeros_like(best)
    np.put_along_axis(mine, order, plan, axis=1)
    reached = alpha / scale * (distance * mine).sum() + (1 - alpha) * 4 * (density * mine).max()
    assert reached == pytest.approx(value, rel=1e-9)
    np.testing.assert_allclose(mine.sum(axis=1), 1 / 4)
    count = int((mine.sum(axis=0) > 0).sum())
    picked = select.tsds(X, Q, count, alpha=alpha, scale=scale, sigma=sigma, seed=None)
    np.testing.assert_allclose(masses(picked, 25), mine.sum(axis=0), atol=1e-4)
    assert picked.trace[-1] == pytest.approx(1)


def level_by_heap(distance, density, alpha, scale):
    """The masses of sorted neighbours by a queue of the queries, one neighbour at a time."""
    m, n = distance.shape
    queue = [(1 / density[i, 0], i, 0) for i in range(m)]
    heapq.heapify(queue)
    spent, cost, last = distance[:, 0] / density[:, 0], np.zeros(m), np.zeros(m, dtype=int)
    level = 0.0
    while queue:
        level, i, k = heapq.heappop(queue)
        cost[i] = distance[i, k + 1] * level - spent[i]
        if alpha / scale * cost.sum() >= (1 - alpha) * m:
            break
        last[i] = k
        if k < n - 2:
            heapq.heappush(queue, (level + 1 / density[i, k + 1], i, k + 1))
            spent[i] += distance[i, k + 1] / density[i, k + 1]
    plan = np.zeros((m, n))
    for i in range(m):
        plan[i, : last[i] + 1] = 1 / (m * level * density[i, : last[i] + 1])
        plan[i, last[i] + 1] = 1 / m - plan[i].sum()
    return plan


@pytest.mark.parametrize("alpha", [0.02, 0.3, 0.6])
def test_the_level_is_that_of_the_authors_queue(alpha):
    rng = np.random.default_rng(3)
    distance = np.sort(rng.uniform(0, 2, size=(6, 40)), axis=1)
    density = rng.uniform(1, 4, size=(6, 40))
    plan = module.plan_of(distance, 1 / density, 6 * 5.0 * (1 - alpha) / alpha)
    np.testing.assert_allclose(plan, level_by_heap(distance, density, alpha, 5.0), atol=1e-12)


def test_copies_share_the_mass_of_one():
    X = np.eye(13)  # the last lies across, so that the others are filled alike
    copied = np.vstack([X, np.repeat(X[:1], 3, axis=0)])
    Q = np.eye(13)[:12].sum(axis=0, keepdims=True)
    given = {"alpha": 0.01, "sigma": 0.1, "seed": None}
    alone = masses(select.tsds(X, Q, 12, **given), 13)
    shared = masses(select.tsds(copied, Q, 15, **given), 16)
    np.testing.assert_allclose(shared[:12], [alone[0] / 4, *alone[1:12]], rtol=1e-4)
    np.testing.assert_allclose(shared[13:], shared[0], rtol=1e-9)


def test_alpha_near_one_asks_for_the_nearest_and_near_zero_spreads_over_all_neighbours():
    X, Q = made(n=60, seed=5)
    S = Q @ X.T
    picked = select.tsds(X, Q, 4, alpha=0.9999, sigma=0.0, seed=None)
    assert set(picked.indices) == set(S.argmax(axis=1))
    with pytest.raises(ValueError, match="between 1 and the 4 rows with mass, got 5; a lower"):
        select.tsds(X, Q, 5, alpha=0.9999, sigma=0.0)
    near = {int(row) for query in S for row in np.argsort(-query)[:9]}
    spread = select.tsds(X, Q, len(near) - 4, alpha=1e-6, sigma=0.0, max_neighbours=10)
    assert set(spread.indices) <= {int(row) for query in S for row in np.argsort(-query)[:10]}


def test_rows_are_drawn_in_proportion_to_their_mass():
    X, Q = made(n=10, m=2)
    mass = masses(select.tsds(X, Q, 10, alpha=0.6, seed=None), 10)
    first = [select.tsds(X, Q, 1, alpha=0.6, seed=seed).indices[0] for seed in range(1500)]
    np.testing.assert_allclose(np.bincount(first, minlength=10) / 1500, mass, atol=0.045)


def test_density_is_summed_in_blocks_over_candidates(monkeypatch):
    X, _ = made(n=50)
    monkeypatch.setattr(module, "BLOCK", 7)
    some = np.arange(0, 50, 2)
    found = module.density(X, some, 0.75)
    np.testing.assert_allclose(found[some], densities(X[some], 0.75), atol=1e-4)
    assert (found[1::2] == 1).all()


@pytest.mark.parametrize("alpha", [1e-4, 0.05, 0.3, 0.9])
def test_more_neighbours_are_looked_at_as_the_level_asks_for_them(monkeypatch, alpha):
    X, Q = made(n=80, m=6, seed=2)
    given = {"alpha": alpha, "seed": None, "max_neighbours": 60}
    whole = select.tsds(X, Q, 6, **given)
    monkeypatch.setattr(module, "FIRST", 1)
    short = select.tsds(X, Q, 6, **given)
    assert short.indices.tolist() == whole.indices.tolist()
    np.testing.assert_array_equal(short.trace, whole.trace)


@pytest.mark.parametrize("given", [{"alpha": 0.0}, {"alpha": 1.0}, {"scale": 0.0}, {"sigma": -1.0}])
def test_parameters_out_of_range_are_named(given):
    with pytest.raises(ValueError, match="alpha must be between 0 and 1, scale above 0, sigma"):
        select.tsds(*made(), 3, **given)
