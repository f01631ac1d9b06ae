import numpy as np
import pandas as pd
import pytest

from lab import select
from lab.select.mining import INTERCEPT, PUBLISHED


def test_the_published_rule_by_hand():
    row = pd.DataFrame(
        {"reward": [1.0], "understandability": [1.0], "naturalness": [1.0], "coherence": [1.0]}
    )
    assert PUBLISHED.predict(row)[0] == pytest.approx(INTERCEPT - 0.0078 + 0.4421 - 0.3212 - 0.1520)


def test_a_planted_rule_is_found_again():
    rng = np.random.default_rng(0)
    indicators = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "c"])
    log_loss = 0.3 + indicators @ [0.5, -0.2, 0.0] + rng.normal(size=60) * 0.01
    rule = select.fit_rule(indicators, np.exp(log_loss))
    assert rule.intercept == pytest.approx(0.3, abs=0.01)
    assert rule.weights == pytest.approx({"a": 0.5, "b": -0.2, "c": 0.0}, abs=0.01)
    assert rule.r_squared > 0.99


def test_lowest_predicted_loss_comes_first_and_incomplete_rows_never():
    rule = select.Rule({"a": 1.0}, 0.0)
    rows = pd.DataFrame({"a": [3.0, 1.0, np.nan, 2.0]})
    picked = select.instruction_mining(rows, 3, rule=rule)
    assert picked.indices.tolist() == [1, 3, 0]
    assert picked.trace.tolist() == [1.0, 1.5, 2.0]
    with pytest.raises(ValueError, match="the 3 rows available, got 4"):
        select.instruction_mining(rows, 4, rule=rule)


def test_the_search_finds_the_best_size_with_few_tries():
    calls = []

    def loss(size):
        calls.append(size)
        return (np.log(size) - np.log(700)) ** 2

    tried = select.best_size(loss, smallest=10, largest=100_000, tries=14)
    assert len(calls) == len(set(calls)) == len(tried) <= 14
    assert 450 < tried.idxmin() < 1100


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PUBLISHED.predict(pd.DataFrame({"reward": [1.0]})), "'understandability'"),
        (
            lambda: select.fit_rule(pd.DataFrame({"a": [1.0, 2.0]}), [1.0, 1.0]),
            "at least 3 mixes, .* got 2 mixes and 2 losses",
        ),
        (
            lambda: select.fit_rule(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), [1.0, 0.0, 1.0]),
            "above 0, got 0.0",
        ),
        (lambda: select.best_size(float, smallest=5, largest=5), "smallest < largest"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
