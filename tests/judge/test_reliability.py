import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from lab import judge
from lab.judge.reliability import krippendorff_alpha, majority


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    truth = rng.choice(["a", "b", "tie"], size=300, p=[0.5, 0.35, 0.15])
    noisy = {
        name: np.where(rng.random(300) < 0.7, truth, rng.choice(["a", "b", "tie"], size=300))
        for name in ("one", "two", "three")
    }
    return pd.DataFrame(noisy)


def test_kappas_are_those_of_scikit_learn(labels):
    found = judge.agreement(labels).set_index(["first", "second"])
    order = ["b", "tie", "a"]
    for pair, row in found.iterrows():
        one, two = (labels[name] for name in pair)
        assert row["kappa"] == pytest.approx(cohen_kappa_score(one, two))
        weighted = cohen_kappa_score(one, two, labels=order, weights="linear")
        assert row["weighted_kappa"] == pytest.approx(weighted)
        assert row["low"] < row["agreement"] < row["high"]


def test_ties_are_discounted_as_in_lima():
    labels = pd.DataFrame(
        {"one": ["a", "a", "a", "tie", "tie", "win"], "two": ["a", "b", "tie", "tie", "b", "lose"]}
    )
    row = judge.agreement(labels).iloc[0]
    assert row["agreement"] == pytest.approx(2 / 6)
    assert row["tie_discounted"] == pytest.approx((1 + 0 + 0.5 + 1 + 0.5 + 0) / 6)


def test_invalid_labels_are_counted_and_missing_ones_are_not():
    labels = pd.DataFrame({"one": ["a", "a", None, "b"], "two": ["a", "invalid", "a", "b"]})
    row = judge.agreement(labels).iloc[0]
    assert (row["items"], row["invalid"], row["agreement"]) == (2, 1, 1.0)
    assert row["agreement_all"] == pytest.approx(2 / 3)


def test_perfect_agreement_on_one_label_leaves_nothing_to_explain():
    row = judge.agreement(pd.DataFrame({"one": ["a"] * 3, "two": ["a"] * 3})).iloc[0]
    assert row["agreement"] == 1.0
    assert np.isnan(row["kappa"])


def nominal_alpha(labels):
    """Krippendorff's alpha by definition: pairs within items against pairs over all."""
    within, every = [], []
    for _, row in labels.iterrows():
        values = row.dropna().tolist()
        if len(values) < 2:
            continue
        every += values
        pairs = [x != y for i, x in enumerate(values) for j, y in enumerate(values) if i != j]
        within += [sum(pairs) / (len(values) - 1)]
    total = len(every)
    chance = sum(x != y for x in every for y in every) / (total - 1)
    return 1 - sum(within) / chance


def test_alpha_by_slow_definition(labels):
    holes = labels.copy()
    holes.loc[:40, "two"] = None
    holes.loc[30:60, "three"] = None
    assert krippendorff_alpha(holes) == pytest.approx(nominal_alpha(holes))
    assert krippendorff_alpha(holes, ordered=True) != krippendorff_alpha(holes)


def test_row_order_does_not_matter(labels):
    shuffled = labels.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(judge.agreement(labels), judge.agreement(shuffled))


def test_the_majority_of_three_that_differ_is_a_tie():
    labels = pd.DataFrame({"x": ["a", "b"], "y": ["b", "b"], "z": ["tie", "a"]}, index=["p", "q"])
    assert majority(labels).to_dict() == {"p": "tie", "q": "b"}


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="at least 2 raters, got 1"):
        judge.agreement(pd.DataFrame({"one": ["a"]}))
    with pytest.raises(ValueError, match="at least two different labels"):
        krippendorff_alpha(pd.DataFrame({"one": ["a"], "two": ["a"]}))
