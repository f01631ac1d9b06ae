import numpy as np
import pandas as pd
import pytest

from lab import score, select


def test_lowest_predicted_loss_comes_first_and_rows_without_one_never():
    picked = select.instruction_mining([3.0, 1.0, np.nan, 2.0], 3)
    assert picked.indices.tolist() == [1, 3, 0]
    assert picked.trace.tolist() == [1.0, 1.5, 2.0]
    with pytest.raises(ValueError, match="the 3 rows available, got 4"):
        select.instruction_mining([3.0, 1.0, np.nan, 2.0], 4)


def test_a_rule_that_score_fits_ranks_the_rows():
    rng = np.random.default_rng(0)
    mixes = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    rule = score.fit_rule(mixes, np.exp(0.3 + mixes @ [0.5, -0.2]))
    rows = pd.DataFrame(rng.normal(size=(20, 2)), columns=["a", "b"])
    picked = select.instruction_mining(score.predicted_loss(rows, rule=rule), 20)
    assert picked.indices.tolist() == (rows @ [0.5, -0.2]).argsort().tolist()


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
        (lambda: select.best_size(float, smallest=5, largest=5), "smallest < largest"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
