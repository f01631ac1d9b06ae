import math
import sys

import numpy as np
import pandas as pd
import pytest

from lab import records, score
from lab.score.indicators import PUBLISHED_RULE


def outputs(*texts):
    return records.frame([{"instruction": f"{i}", "output": text} for i, text in enumerate(texts)])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a a a a", 2.0),  # two factors of two words, forth and back
        ("a b c d", 4.0),  # no factor at all: the words themselves
        # forth: a b a (2/3) is a factor, then c is none of one; back: c a b a has 3/4 of distinct
        ("a b a c", np.mean([4 / 1.0, 4 / (0.25 / 0.28)])),
        ("A a", 2.0),  # case does not make a word
    ],
)
def test_mtld_by_hand(text, value):
    assert score.mtld(outputs(text)).iloc[0] == pytest.approx(value)


def test_mtld_of_nothing_is_missing_and_variety_is_higher():
    found = score.mtld(outputs("", "the cat " * 20, " ".join(f"w{i % 15}" for i in range(40))))
    assert math.isnan(found.iloc[0])
    assert found.iloc[1] < found.iloc[2]


def test_mtld_reads_alike_forth_and_back():
    words = np.random.default_rng(0).choice(list("abcdefghij"), 60)
    forth, back = outputs(" ".join(words)), outputs(" ".join(words[::-1]))
    assert score.mtld(forth).iloc[0] == score.mtld(back).iloc[0]


@pytest.fixture
def X():  # noqa: N802 - the name of a matrix
    values = np.random.default_rng(0).normal(size=(40, 5))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return pd.DataFrame(values, index=[f"id{i}" for i in range(40)])


@pytest.mark.parametrize("neighbour", [1, 6, 39])
def test_knn_distance_equals_the_definition_in_any_block_size(X, neighbour, monkeypatch):
    rows = X.to_numpy()
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    expected = np.sort(distances, axis=1)[:, neighbour]
    monkeypatch.setattr(sys.modules["lab.score.nearest"], "BLOCK_BYTES", 7 * 8 * 40)
    found = score.knn_distance(X, neighbour=neighbour)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    assert found.name == f"knn_{neighbour}"


def test_knn_distance_does_not_count_itself_but_counts_copies(X):
    twice = pd.concat([X, X.set_axis([f"copy{i}" for i in range(40)])])
    np.testing.assert_allclose(score.knn_distance(twice, neighbour=1), 0.0, atol=1e-7)


@pytest.mark.parametrize("neighbour", [0, 40])
def test_knn_distance_needs_that_many_others(X, neighbour):
    with pytest.raises(ValueError, match=f"between 1 and the 39 others, got {neighbour}"):
        score.knn_distance(X, neighbour=neighbour)


def test_the_published_rule_by_hand():
    table = pd.DataFrame(
        {"reward": [1.0], "understandability": [0.5], "naturalness": [0.25], "coherence": [0.75]}
    )
    expected = 0.0274 - 0.0078 + 0.4421 * 0.5 - 0.3212 * 0.25 - 0.1520 * 0.75
    assert score.predicted_loss(table).iloc[0] == pytest.approx(expected)
    assert PUBLISHED_RULE.r_squared == 0.522


def test_a_missing_indicator_is_a_missing_prediction_and_a_missing_column_an_error():
    table = pd.DataFrame({name: [0.5, np.nan] for name in PUBLISHED_RULE.weights})
    assert score.predicted_loss(table).isna().tolist() == [False, True]
    with pytest.raises(ValueError, match=r"needs \['coherence'\]"):
        score.predicted_loss(table.drop(columns="coherence"))


def test_a_planted_rule_is_found_with_honest_errors():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    log_loss = 0.5 - 0.2 * table["a"] + 0.1 * table["b"] + rng.normal(0, 0.05, 200)
    rule = score.fit_rule(table, np.exp(log_loss))
    assert rule.rows == 200
    assert rule.intercept == pytest.approx(0.5, abs=0.02)
    for name, true in {"a": -0.2, "b": 0.1, "c": 0.0}.items():
        assert abs(rule.weights[name] - true) < 3 * rule.errors[name] < 0.02
    assert score.predicted_loss(table, rule=rule).corr(log_loss) ** 2 == pytest.approx(
        rule.r_squared
    )


def test_fit_rule_equals_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(30, 4)), columns=list("abcd"))
    losses = np.exp(rng.normal(size=30))
    rule = score.fit_rule(table, losses)
    reference = sm.OLS(np.log(losses), sm.add_constant(table)).fit()
    assert rule.r_squared == pytest.approx(reference.rsquared)
    for name in table:
        assert rule.weights[name] == pytest.approx(reference.params[name])
        assert rule.errors[name] == pytest.approx(reference.bse[name])


@pytest.mark.parametrize(
    ("table", "losses", "message"),
    [
        (np.eye(9)[:, :2], np.ones(8), r"one value per subset \(9\), got shape \(8,\)"),
        (np.eye(3)[:, :2], np.ones(3), "2 indicators need more than 3 subsets, got 3"),
        (np.eye(9)[:, :2], np.zeros(9), "above 0"),
        (np.ones((9, 2)), np.ones(9), "depend on each other"),
        (np.full((9, 2), np.nan), np.ones(9), "must be finite"),
    ],
)
def test_fit_rule_says_what_is_wrong(table, losses, message):
    with pytest.raises(ValueError, match=message):
        score.fit_rule(pd.DataFrame(table, columns=["a", "b"]), losses)


def test_nine_indicators(pool, X, llama, reward_model, reading_model):
    vectors = X[:9].set_axis(pool.index)
    table = score.indicators(
        pool, vectors, model=llama, reward_model=reward_model, reading_model=reading_model
    )
    assert table.shape == (9, 9)
    assert table.index.equals(pool.index)
    assert table.notna().all(axis=None)
    assert table["input_length"].loc[pool.index[2]] == 5  # "list of two" and "one two"
    np.testing.assert_array_equal(table["reward"], score.reward(pool, model=reward_model))
    assert score.predicted_loss(table).notna().all()
    with pytest.raises(ValueError, match="the pool's index"):
        score.indicators(
            pool, vectors[::-1], model=llama, reward_model=reward_model, reading_model=reading_model
        )
