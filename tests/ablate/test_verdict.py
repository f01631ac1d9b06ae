import numpy as np
import pandas as pd
import pytest

from lab import ablate
from lab.ablate.verdict import holm

BY = 0.06


def outcomes(effect, *, seed, prompts=100, seeds=5, seed_sd=0.02):
    """Simulate two arms on the same prompts: `a` is better than `b` by `effect`."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0.5, 0.3, prompts)
    columns = {}
    for arm, gain in (("a", effect), ("b", 0.0)):
        for run in range(seeds):
            noise = rng.normal(0, 0.2, prompts) + rng.normal(0, seed_sd)
            columns[arm, run] = difficulty + gain + noise
    return pd.DataFrame(columns).rename_axis(columns=["arm", "seed"])


def words(claim, effect, repetitions=100):
    found = [ablate.verdicts({"c": claim}, outcomes(effect, seed=s)) for s in range(repetitions)]
    return pd.concat(found)


MORE = ablate.more("a beats b.", "a", "b", by=BY)
SAME = ablate.same("a is b.", "a", "b", within=BY)


def test_by_hand():
    frame = outcomes(0.0, seed=0, seeds=1)
    frame["a", 0] = frame["b", 0] + np.where(np.arange(100) % 2 == 0, 0.2, 0.1)
    row = ablate.verdicts({"c": MORE}, frame).loc["c"]
    assert row["difference"] == pytest.approx(0.15)
    error = 0.05 / np.sqrt(99)
    assert row["high"] - row["low"] == pytest.approx(2 * 1.984 * error, rel=0.1)
    assert row["smallest_effect"] == pytest.approx((1.984 + 0.845) * error, rel=0.01)
    assert row["verdict"] == "supported"
    assert (row["prompts"], row["seeds"]) == (100, 1)


@pytest.mark.slow
def test_a_value_of_each_seed_is_counted_by_seeds():
    frame = outcomes(0.5, seed=0, seeds=1).rename_axis("seed")
    row = ablate.verdicts({"claim": ablate.more("b.", "b", "a", by=0.1)}, frame).loc["claim"]
    assert (row["prompts"], row["seeds"]) == (0, 100)


def test_without_an_effect_no_claim_of_more_is_supported_in_over_5_of_100():
    assert (words(MORE, 0.0)["verdict"] == "supported").sum() <= 5


@pytest.mark.slow
def test_an_effect_of_the_stated_size_is_found_in_at_least_80_of_100():
    found = words(MORE, BY)
    assert found["smallest_effect"].mean() < BY  # the design has the power that it states
    assert (found["verdict"] == "supported").sum() >= 80


@pytest.mark.slow
def test_a_margin_is_an_equivalence_in_at_most_5_of_100_when_the_difference_is_as_large():
    assert (words(SAME, BY)["verdict"] == "supported").sum() <= 5


@pytest.mark.slow
def test_intervals_cover_the_truth():
    found = words(MORE, 0.03, repetitions=300)
    covered = ((found["low"] <= 0.03) & (found["high"] >= 0.03)).mean()
    assert 0.93 <= covered <= 0.97


def test_shuffled_labels_leave_it_undecided():
    frame = outcomes(0.5, seed=0, seeds=10)
    assert ablate.verdicts({"c": MORE}, frame).loc["c", "verdict"] == "supported"
    found = []
    for seed in range(20):
        labels = np.random.default_rng(seed).permutation([name for name, _ in frame.columns])
        numbers = pd.Series(labels).groupby(labels).cumcount().tolist()
        shuffled = frame.set_axis(pd.MultiIndex.from_arrays([labels, numbers]), axis=1)
        found.append(ablate.verdicts({"c": MORE}, shuffled).loc["c", "verdict"])
    assert found.count("undecided") >= 18  # one in twenty is an interval's own error


def test_more_is_contradicted_by_a_difference_too_small_to_matter_or_the_other_way_round():
    small = outcomes(0.0, seed=1, prompts=5000, seed_sd=0.0)
    assert ablate.verdicts({"c": MORE}, small).loc["c", "verdict"] == "contradicted"
    assert ablate.verdicts({"c": MORE}, outcomes(-0.3, seed=1)).loc["c", "verdict"] == (
        "contradicted"
    )


def test_no_difference_is_supported_contradicted_or_undecided():
    small = outcomes(0.0, seed=1, prompts=5000, seed_sd=0.0)
    assert ablate.verdicts({"c": SAME}, small).loc["c", "verdict"] == "supported"
    assert ablate.verdicts({"c": SAME}, outcomes(0.3, seed=1)).loc["c", "verdict"] == (
        "contradicted"
    )
    few = outcomes(0.0, seed=1, prompts=8, seeds=2)
    assert ablate.verdicts({"c": SAME}, few).loc["c", "verdict"] == "undecided"


def test_the_verdict_agrees_with_the_interval_for_a_single_claim():
    for seed in range(20):
        for effect in (0.0, 0.03, 0.06):
            row = ablate.verdicts({"c": MORE}, outcomes(effect, seed=seed)).loc["c"]
            expected = "undecided"
            if row["high"] < BY:
                expected = "contradicted"
            elif row["low"] > 0:
                expected = "supported"
            assert row["verdict"] == expected


def test_holm_by_hand_and_more_claims_need_stronger_evidence():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    alone = (outcomes(0.05, seed=seed) for seed in range(100))
    judged = ((frame, ablate.verdicts({"c": MORE}, frame).loc["c"]) for frame in alone)
    frame = next(
        frame for frame, row in judged if row["verdict"] == "supported" and 0.01 < row["p"] < 0.025
    )
    rng = np.random.default_rng(0)
    for run in range(5):
        frame["x", run] = frame["b", run] + rng.normal(0, 0.3)
    noise = {f"n{i}": ablate.more("x beats b.", "x", "b", by=BY) for i in range(4)}
    assert ablate.verdicts({"c": MORE, **noise}, frame).loc["c", "verdict"] == "undecided"


def test_verdicts_on_several_outcomes_are_corrected_for_all_of_them():
    weak = outcomes(0.045, seed=5)
    tables = [ablate.verdicts({f"c{number}": MORE}, weak) for number in range(6)]
    joint = ablate.jointly(*tables)
    assert tables[0]["verdict"].item() == "contradicted"
    assert set(joint["verdict"]) == {"undecided"}
    assert joint["p_holm"].tolist() == holm(pd.concat(tables)["p"].tolist())
    claims = {"one": MORE, "two": SAME}
    together = ablate.verdicts(claims, weak)
    apart = ablate.jointly(
        *(ablate.verdicts({name: claim}, weak) for name, claim in claims.items())
    )
    pd.testing.assert_frame_equal(together, apart)
    with pytest.raises(ValueError, match=r"names of claims must differ, 'c0' is there twice"):
        ablate.jointly(tables[0], tables[0])


def test_the_order_of_prompts_does_not_matter():
    frame = outcomes(0.05, seed=3)
    turned = ablate.verdicts({"c": MORE, "d": SAME}, frame.iloc[::-1])
    pd.testing.assert_frame_equal(turned, ablate.verdicts({"c": MORE, "d": SAME}, frame))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ablate.more("t", "a", "b", by=0.0), "by must be a number above 0, got 0"),
        (lambda: ablate.same("t", "a", "b", within=-1), "within must be a number above 0, got -1"),
        (lambda: ablate.more("t", "a", "a", by=1.0), "two arms, got 'a' twice"),
        (lambda: ablate.verdicts({}, outcomes(0.0, seed=0)), "at least one claim"),
        (
            lambda: ablate.verdicts(
                {"c": ablate.more("t", "a", "z", by=1.0)}, outcomes(0.0, seed=0)
            ),
            r"claim 'c' names the arm 'z'; there are \['a', 'b'\]",
        ),
    ],
)
def test_errors_say_what_came(make, message):
    with pytest.raises(ValueError, match=message):
        make()
