import sys

import numpy as np
import pandas as pd
import pytest

from lab import records, score
from lab.score import causal, gradients
from lab.score.causal import Piece
from lab.score.influence import pieces_of
from lab.score.layout import ALPACA
from lab.score.warmup import Less, warm_up, with_adapters

SMALL = Less(share=0.5, epochs=2, learning_rate=1e-2, batch_size=2, rank=2, alpha=8, dimensions=64)


@pytest.fixture
def tuned(llama):
    """A tiny model with adapters that are not zero."""
    import torch

    model = with_adapters(causal.load(llama, device="cpu"), SMALL, seed=0)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in gradients.trained(model.model):
            weight.copy_(0.3 * torch.randn(weight.shape, generator=generator))
    return model


@pytest.fixture
def pieces():
    rng = np.random.default_rng(0)
    return [
        Piece([1, *rng.integers(4, 40, rng.integers(1, 9))], rng.integers(4, 40, size).tolist())
        for size in (3, 1, 7, 12, 2)
    ]


def test_losses_are_the_models_own(tuned, pieces):
    import torch

    found = gradients.losses(tuned, pieces)
    for value, piece in zip(found, pieces, strict=True):
        ids = torch.tensor([[*piece.context, *piece.target]])
        labels = ids.clone()
        labels[0, : len(piece.context)] = -100
        torch.testing.assert_close(value, tuned.model(input_ids=ids, labels=labels).loss)


def test_gradients_per_example_equal_one_backward_pass_each(tuned, pieces):
    import torch

    together = gradients.per_example(tuned, pieces)
    weights = gradients.trained(tuned.model)
    assert together.shape == (5, sum(weight.numel() for weight in weights))
    for row, piece in zip(together, pieces, strict=True):
        tuned.model.zero_grad()
        gradients.losses(tuned, [piece]).sum().backward()
        alone = torch.cat([weight.grad.reshape(-1) for weight in weights])
        torch.testing.assert_close(row, alone, rtol=1e-3, atol=1e-4)
    assert together.abs().sum() > 0


def test_directions_are_unit_rows_in_the_order_given_whatever_the_batches(
    tuned, pieces, monkeypatch
):
    found = gradients.directions(tuned, pieces, dimensions=32, seed=0)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, rtol=1e-5)
    monkeypatch.setattr(gradients, "GRADIENT_FLOATS", 1)
    one_by_one = gradients.directions(tuned, pieces, dimensions=32, seed=0)
    np.testing.assert_allclose(found, one_by_one, atol=1e-5)
    back = gradients.directions(tuned, pieces[::-1], dimensions=32, seed=0)
    np.testing.assert_allclose(back[::-1], found, atol=1e-5)


def test_projection_keeps_angles_and_does_not_depend_on_blocks(monkeypatch):
    import torch

    rows = torch.randn(6, 3000, generator=torch.Generator().manual_seed(0))
    rows[1] = rows[0] + 0.5 * rows[1]
    small = gradients.project(rows, dimensions=1500, seed=0)
    cosine = torch.nn.functional.cosine_similarity
    for a, b in ((0, 1), (2, 3)):
        assert abs(cosine(small[a], small[b], dim=0) - cosine(rows[a], rows[b], dim=0)) < 0.1
    monkeypatch.setattr(gradients, "BLOCK_FLOATS", 1500 * 100)
    torch.testing.assert_close(gradients.project(rows, dimensions=1500, seed=0), small)
    assert not torch.equal(gradients.project(rows, dimensions=1500, seed=1), small)
    assert gradients.project(rows, dimensions=3000, seed=0) is rows


@pytest.fixture
def tasks(pool):
    return {"yes": pool[4:6], "dogs": pool[7:9]}


def slow_influence(folder, pool, tasks, setup, seed, kept):
    """The definition: per checkpoint and pair, a cosine of whole gradients, one at a time."""
    import torch

    module = sys.modules["lab.score.influence"]  # the function hides it under its name
    model = with_adapters(causal.load(folder, device="cpu"), setup, seed)
    pool = pool.sort_index()
    own = module.pieces_of(model, pool, ALPACA)
    points = warm_up(model, own, setup, seed=seed, folder=kept)
    weights = gradients.trained(model.model)

    def gradient(piece):
        model.model.zero_grad()
        ids = torch.tensor([[*piece.context, *piece.target]])
        labels = ids.clone()
        labels[0, : len(piece.context)] = -100
        model.model(input_ids=ids, labels=labels).loss.backward()
        return torch.cat([weight.grad.reshape(-1) for weight in weights]).double()

    total = np.zeros((len(pool), len(tasks)))
    for point in points:
        for weight, saved in zip(weights, point.weights, strict=True):
            weight.data.copy_(saved)
        share = point.rate / sum(each.rate for each in points)
        for i, piece in enumerate(own):
            g = gradient(piece)
            m, v = 0.9 * point.first + 0.1 * g, 0.999 * point.second + 0.001 * g**2
            step = m / torch.sqrt(v + 1e-8)
            for j, task in enumerate(tasks.values()):
                theirs = [gradient(each) for each in module.pieces_of(model, task, ALPACA)]
                cosines = [torch.cosine_similarity(step, each, dim=0).item() for each in theirs]
                total[i, j] += share * np.mean(cosines)
    return dict(zip(pool.index, total.max(1), strict=True))


def test_equal_to_the_slow_definition(pool, tasks, llama, tmp_path):
    setup = Less(**{**vars(SMALL), "dimensions": 10**6})  # nothing is projected
    found = score.influence(pool, tasks, model=llama, setup=setup)
    expected = slow_influence(llama, pool, tasks, setup, seed=0, kept=tmp_path)
    np.testing.assert_allclose(found, [expected[key] for key in pool.index], atol=1e-4)
    assert found.between(-1, 1).all()
    assert found.nunique() == len(pool)


def test_a_target_itself_is_among_the_most_influential(pool, llama):
    setup = Less(**{**vars(SMALL), "dimensions": 10**6, "learning_rate": 1e-4})
    found = score.influence(pool, {"dogs": pool[7:8]}, model=llama, setup=setup)
    assert found.rank(ascending=False).iloc[7] <= 2


def test_same_seed_same_values_in_any_row_order(pool, tasks, llama, monkeypatch, tmp_path):
    first = score.influence(pool, tasks, model=llama, setup=SMALL)
    monkeypatch.setenv("WINNOW_DATA", str(tmp_path))  # nothing is kept
    second = score.influence(pool[::-1], tasks, model=llama, setup=SMALL)
    np.testing.assert_allclose(second.loc[pool.index], first, atol=1e-4)
    other = score.influence(pool, tasks, model=llama, setup=SMALL, seed=1)
    assert not np.allclose(other, first, atol=1e-3)


def test_what_does_not_fit_is_missing(pool, tasks, llama):
    long = records.frame([{"instruction": "say", "output": "the cat " * 60}])
    found = score.influence(pd.concat([pool, long]), tasks, model=llama, setup=SMALL)
    assert found.isna().tolist() == [False] * 9 + [True]
    with pytest.raises(ValueError, match=r"needs an example that fits 64 tokens, got {'a': 0}"):
        score.influence(pool, {"a": long}, model=llama, setup=SMALL)
    with pytest.raises(ValueError, match="no example of the pool fits"):
        score.influence(long, tasks, model=llama, setup=SMALL)
    with pytest.raises(ValueError, match="got {}"):
        score.influence(pool, {}, model=llama, setup=SMALL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"share": 0.0}, "share must be above 0 and at most 1, got 0"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"dimensions": 0}, "dimensions must be at least 1, got 0"),
    ],
)
def test_a_setup_that_cannot_run_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Less(**change)


def test_a_killed_run_goes_on(pool, tasks, llama, monkeypatch, tmp_path):
    expected = score.influence(pool, tasks, model=llama, setup=SMALL)
    monkeypatch.setenv("WINNOW_DATA", str(tmp_path))
    module = sys.modules["lab.score.influence"]
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 2)
    whole, calls = module.products, []

    def dies(*arguments):
        calls.append(len(arguments[-1]))
        if len(calls) == 7:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(module, "products", dies)
    with pytest.raises(KeyboardInterrupt):
        score.influence(pool, tasks, model=llama, setup=SMALL)
    found = score.influence(pool, tasks, model=llama, setup=SMALL)
    assert len(calls) == 2 * 5 + 1, "two epochs of five parts, and the one that died"
    np.testing.assert_allclose(found, expected, atol=1e-4)
    score.influence(pool, tasks, model=llama, setup=SMALL, seed=1)
    assert len(calls) == 21, "another seed shares nothing"


def test_gradient_vectors_are_those_of_one_warm_up_for_pool_and_targets(llama):
    rows = [{"instruction": f"Name {n} rivers.", "output": "Elbe. " * n} for n in (1, 2, 3, 4)]
    pool = records.frame(rows)
    given = {"model": llama, "setup": SMALL}
    X = score.gradient_vectors(pool, **given)
    assert X.shape == (4, 64)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-5)
    part = score.gradient_vectors(pool.iloc[[2, 0]], warm=pool.iloc[::-1], **given)
    np.testing.assert_allclose(part, X.iloc[[2, 0]], atol=1e-5)
    alone = score.gradient_vectors(pool.iloc[[2, 0]], **given)
    assert not np.allclose(alone, part, atol=1e-3)


def test_gradient_vectors_by_definition(llama):
    import torch

    pool = records.frame([{"instruction": "Name a river.", "output": "Elbe"}])
    setup = Less(share=1.0, epochs=1, learning_rate=1e-2, batch_size=1, rank=1, dimensions=10**6)
    found = score.gradient_vectors(pool, model=llama, setup=setup).to_numpy()[0]
    model = causal.load(llama)
    (piece,) = pieces_of(model, pool, ALPACA)
    tuned = with_adapters(model, setup, 0)
    weights = gradients.trained(tuned.model)
    optimizer = torch.optim.AdamW(weights, lr=1e-2, weight_decay=0.0)
    for _ in range(2):
        optimizer.zero_grad()
        gradients.losses(tuned, [piece]).sum().backward()
        expected = torch.cat([weight.grad.reshape(-1) for weight in weights])
        optimizer.step()
    np.testing.assert_allclose(found, expected / expected.norm(), atol=1e-3)
