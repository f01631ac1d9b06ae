"""The classifier of educational value."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from lab import embed, testbed
from lab.errors import DataError
from lab.score import fit_educational

RNG = np.random.default_rng(0)
VECTORS = pd.DataFrame(RNG.normal(size=(200, 5)), index=[f"r{n}" for n in range(200)])
LABELS = pd.Series(VECTORS[0] + 0.5 * RNG.normal(size=200) > 0.8, index=VECTORS.index)


def test_it_is_scikit_learns_logistic_regression():
    model = LogisticRegression(class_weight="balanced", max_iter=1000, tol=1e-8)
    model.fit(VECTORS.to_numpy(), LABELS.to_numpy())
    expected = model.predict_proba(VECTORS.to_numpy())[:, 1]
    found = fit_educational(VECTORS, LABELS)(VECTORS)
    assert found.name == "educational"
    assert found.index.equals(VECTORS.index)
    assert np.allclose(found, expected, atol=1e-5)


def test_neither_order_nor_other_rows_matter_and_far_rows_do_not_overflow():
    first = fit_educational(VECTORS, LABELS)
    again = fit_educational(VECTORS.iloc[::-1], LABELS.sample(frac=1, random_state=1))
    assert np.array_equal(first.weights, again.weights)
    some = first(VECTORS.iloc[3:9])
    assert np.array_equal(some, first(VECTORS).iloc[3:9])
    assert first(VECTORS * 1e6).isin([0.0, 1.0]).mean() > 0.9


def test_answers_in_the_convention_are_told_from_others_it_has_not_seen():
    pool = testbed.pool(600, noise=0.5, seed=4)
    good = pool["fault"].isin(["", "wrong"])  # whether they are true, no words can tell
    vectors = embed.lexical(pool["instruction"] + "\n" + pool["output"], dimensions=64)
    seen = pool.index[:400]
    found = fit_educational(vectors, good[seen])(vectors.drop(seen))
    rest = good.drop(seen)
    order = found.rank()
    wins = order[rest].sum() - rest.sum() * (rest.sum() + 1) / 2
    assert wins / (rest.sum() * (~rest).sum()) > 0.8  # the area under the curve


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (pd.Series([True, False], index=["r1", "none"]), r"row none: a labelled row has no vector"),
        (pd.Series([True, True], index=["r1", "r2"]), r"must hold both classes, got 2 of one"),
    ],
)
def test_labels_that_cannot_be_used(labels, message):
    with pytest.raises(DataError, match=message):
        fit_educational(VECTORS, labels)
    with pytest.raises(ValueError, match=r"strength must be above 0, got 0"):
        fit_educational(VECTORS, LABELS, strength=0)
    with pytest.raises(DataError, match=r"vectors must have 5 dimensions, got 2"):
        fit_educational(VECTORS, LABELS)(VECTORS[[0, 1]])
