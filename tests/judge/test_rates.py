from itertools import product

import numpy as np
import pandas as pd
import pytest

from lab import judge
from lab.judge import verdicts

WORTH = {"a": 1, "tie": 0, "b": -1}


def both_orders(pairs, **more):
    """Rows of a table for (verdict with a first, verdict with b first) of each prompt."""
    return [
        {"prompt": f"p{i:03}", "judge": "j", "first": first, "verdict": verdict} | more
        for i, pair in enumerate(pairs)
        for first, verdict in zip("ab", pair, strict=True)
    ]


@pytest.fixture
def random_table():
    rng = np.random.default_rng(0)
    pairs = rng.choice(["a", "b", "tie", "invalid"], size=(200, 2), p=[0.5, 0.3, 0.15, 0.05])
    return verdicts.table(both_orders(pairs.tolist()))


def test_nine_cells_by_definition():
    cells = list(product(["a", "tie", "b"], repeat=2))
    decided = judge.rates.outcomes(verdicts.table(both_orders(cells)))
    expected = []
    for one, two in cells:
        total = WORTH[one] + WORTH[two]
        expected.append("win" if total > 0 else "lose" if total < 0 else "tie")
    assert decided["outcome"].tolist() == expected


def test_mt_bench_by_definition():
    cells = list(product(["a", "tie", "b"], repeat=2))
    decided = judge.rates.outcomes(verdicts.table(both_orders(cells)), rule=judge.rates.both_agree)
    names = {"a": "win", "b": "lose", "tie": "tie"}
    assert decided["outcome"].tolist() == [names[x] if x == y else "tie" for x, y in cells]


def test_an_invalid_order_makes_the_pair_invalid():
    made = verdicts.table(both_orders([("a", "invalid"), ("invalid", "invalid"), ("a", "a")]))
    for rule in (judge.rates.nine_cell, judge.rates.both_agree, judge.rates.mean_preference):
        decided = judge.rates.outcomes(made, rule=rule)
        assert decided["outcome"].tolist() == ["invalid", "invalid", "win"]
        assert decided["value"].isna().tolist() == [True, True, False]
    rated = judge.win_rate(made).iloc[0]
    assert rated[["prompts", "win", "invalid", "win_rate"]].tolist() == [1, 1, 2, 1.0]
    assert np.isnan(rated["low"])


def test_the_mean_preference_takes_probabilities_and_single_orders():
    rows = [
        {"prompt": "p", "judge": "j", "verdict": "a", "preference": 0.9},
        {"prompt": "q", "judge": "j", "verdict": "b", "preference": 0.2, "first": "b"},
    ]
    rated = judge.win_rate(verdicts.table(rows), rule=judge.rates.mean_preference).iloc[0]
    assert rated["win_rate"] == pytest.approx(0.55)
    assert rated["orders"] == 1
    assert rated["winning_score"] == 1.0
    with pytest.raises(ValueError, match="nine_cell needs every pair in both orders, 2 of 2"):
        judge.win_rate(verdicts.table(rows))


def test_win_rate_and_winning_score_by_hand():
    pairs = [("a", "a"), ("a", "tie"), ("b", "a"), ("tie", "tie"), ("b", "b")]
    rated = judge.win_rate(verdicts.table(both_orders(pairs, length_a=10, length_b=4))).iloc[0]
    assert rated[["win", "tie", "lose", "invalid", "prompts"]].tolist() == [2, 2, 1, 0, 5]
    assert rated["win_rate"] == pytest.approx(0.6)
    assert rated["winning_score"] == pytest.approx((2 - 1) / 5 + 1)
    assert rated["low"] < 0.6 < rated["high"]
    assert rated["rule"] == "nine_cell"
    assert rated["sign_test"] == 1.0
    assert rated[["length_a", "length_b"]].tolist() == [10, 4]


def test_a_clean_sweep_is_no_certainty():
    from scipy import stats

    for verdict in ("a", "b"):
        rated = judge.win_rate(verdicts.table(both_orders([(verdict, verdict)] * 30))).iloc[0]
        exact = stats.binomtest(30 if verdict == "a" else 0, 30).proportion_ci()
        assert (rated["low"], rated["high"]) == pytest.approx((exact.low, exact.high))
        score = (rated["score_low"], rated["score_high"])
        assert score == pytest.approx((2 * exact.low, 2 * exact.high))


def test_row_order_does_not_matter_and_the_seed_does(random_table):
    shuffled = random_table.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(judge.win_rate(shuffled), judge.win_rate(random_table))
    assert judge.win_rate(random_table, seed=1)["low"][0] != judge.win_rate(random_table)["low"][0]


def test_a_swap_of_the_systems_swaps_the_result(random_table):
    other = {"a": "b", "b": "a"}
    swapped = random_table.assign(
        first=random_table["first"].map(other),
        verdict=random_table["verdict"].replace(other),
        preference=1 - random_table["preference"],
    )
    for rule in (judge.rates.nine_cell, judge.rates.both_agree, judge.rates.mean_preference):
        one = judge.win_rate(random_table, rule=rule).iloc[0]
        two = judge.win_rate(swapped, rule=rule).iloc[0]
        assert one["win_rate"] == pytest.approx(1 - two["win_rate"])
        assert one["winning_score"] == pytest.approx(2 - two["winning_score"])
        assert (one["win"], one["lose"]) == (two["lose"], two["win"])


def test_samples_of_a_prompt_are_not_more_prompts():
    pairs = [("a", "a"), ("b", "b")] * 30
    single = both_orders(pairs)
    copies = single + [row | {"sample": n} for n in (1, 2, 3) for row in single]
    one, four = (judge.win_rate(verdicts.table(rows)).iloc[0] for rows in (single, copies))
    assert four["prompts"] == one["prompts"] == 60
    assert four["win"] == 4 * one["win"]
    assert (four["low"], four["high"]) == (one["low"], one["high"])


def test_systems_and_judges_get_rows_of_their_own(random_table):
    more = pd.concat([random_table, random_table.assign(judge="k")], ignore_index=True)
    rated = judge.win_rate(more)
    assert rated["judge"].tolist() == ["j", "k"]
    assert rated["win"].iloc[0] == rated["win"].iloc[1]


def test_tables_by_set_end_with_all(random_table):
    prompts = random_table["prompt"].unique()
    sets = pd.Series(np.where(np.arange(len(prompts)) < 80, "vicuna", "koala"), index=prompts)
    rated = judge.rates.by_set(random_table, sets)
    assert rated["set"].tolist() == ["vicuna", "koala", "all"]
    counts = rated[["win", "tie", "lose", "invalid"]]
    assert counts.iloc[:2].sum().tolist() == counts.iloc[2].tolist()
    with pytest.raises(ValueError, match="120 prompts have no set, the first is 'p080'"):
        judge.rates.by_set(random_table, sets.iloc[:80])


def test_sign_test_by_definition():
    chance = sum(0.5**10 * ways for ways in (1, 10, 45))  # 0, 1 or 2 of 10
    assert judge.rates.sign_test(8, 2) == pytest.approx(2 * chance)
    assert judge.rates.sign_test(0, 0) == 1.0
    with pytest.raises(ValueError, match="got -1 and 2"):
        judge.rates.sign_test(-1, 2)


def test_the_half_width_foretells_the_interval():
    rng = np.random.default_rng(0)
    pairs = [(v, v) for v in rng.choice(["a", "tie", "b"], size=250, p=[0.325, 0.35, 0.325])]
    rated = judge.win_rate(verdicts.table(both_orders(pairs))).iloc[0]
    half = (rated["score_high"] - rated["score_low"]) / 2
    assert judge.rates.half_width(250) == pytest.approx(half, rel=0.06)
    with pytest.raises(ValueError, match="got 1, 0.35"):
        judge.rates.half_width(1)
