import sys

import numpy as np
import pandas as pd
import pytest

from lab import records, score
from lab.errors import DataError
from lab.score.layout import SHOT
from tests.score.test_ifd import slow_mean_loss

X = np.random.default_rng(0).normal(size=(9, 4))


@pytest.fixture
def vectors(pool):
    return pd.DataFrame(X, pool.index)


@pytest.mark.parametrize("kind", ["llama", "bare_llama"])
def test_equal_to_the_slow_definition(pool, vectors, kind, request):
    folder = request.getfixturevalue(kind)
    found = score.miwv(pool, vectors, model=folder)
    rows = pool.to_dict("records")
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    for at, row in enumerate(rows):
        others = [other for other in range(9) if other != at]
        near = rows[max(others, key=lambda other: unit[at] @ unit[other])]
        asked = SHOT.prompt(row, "</s>")
        shown = f"{SHOT.prompt(near, '</s>')}{near['output']}\n\n{asked}"
        with_it, without = (slow_mean_loss(folder, text, row["output"]) for text in (shown, asked))
        assert found.iloc[at] == pytest.approx(with_it - without, abs=1e-4)


def test_order_does_not_matter_and_of_ties_the_lower_id_is_shown(pool, vectors, llama):
    first = score.miwv(pool, vectors, model=llama)
    second = score.miwv(pool.iloc[::-1], vectors, model=llama)
    pd.testing.assert_series_equal(second.loc[pool.index], first)
    two = sorted(pool.index)[:2]
    same = pd.DataFrame(np.ones((9, 2)), pool.index)
    of_all = score.miwv(pool, same, model=llama)[two]
    of_two = score.miwv(pool.loc[two], same.loc[two], model=llama)
    np.testing.assert_allclose(of_all, of_two, atol=1e-6)


def test_a_model_that_ignores_what_stands_before_gives_zero(pool, vectors, llama, monkeypatch):
    module = sys.modules["lab.score.miwv"]
    alone = lambda _, pieces, **__: np.array([np.mean(piece.target) for piece in pieces])  # noqa: E731
    monkeypatch.setattr(module, "mean_losses", alone)
    assert (score.miwv(pool, vectors, model=llama) == 0).all()


def test_a_copy_shown_first_helps_a_model_that_reads_it(pool, vectors, llama, monkeypatch):
    module = sys.modules["lab.score.miwv"]

    def copying(_, pieces, **__):  # a token that was read before costs less
        return np.array([np.mean([t not in p.context for t in p.target]) for p in pieces])

    monkeypatch.setattr(module, "mean_losses", copying)
    twin = records.frame([{**pool.iloc[3].to_dict(), "instruction": "describe a tree"}])
    both = pd.concat([pool, twin])
    near = pd.concat([vectors, pd.DataFrame(X[3:4], twin.index)])
    assert score.miwv(both, near, model=llama).loc[twin.index[0]] < 0


def test_missing_where_it_does_not_fit_or_is_empty(pool, vectors, llama):
    found = score.miwv(pool, vectors, model=llama, max_tokens=30)
    assert 0 < found.isna().sum() < 9
    rows = records.frame([{"instruction": "say", "output": said} for said in ("", "one")])
    found = score.miwv(rows, pd.DataFrame(np.eye(2), rows.index), model=llama)
    assert found.isna().tolist() == [True, False]


def test_errors_say_what_is_wrong(pool, vectors, llama):
    with pytest.raises(DataError, match=f"row {pool.index[-1]}: a row has no vector"):
        score.miwv(pool, vectors.iloc[:8], model=llama)
    with pytest.raises(ValueError, match="k must be between 1 and the 0 others"):
        score.miwv(pool.iloc[:1], vectors, model=llama)
