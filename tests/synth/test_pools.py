"""Methods that work on the rows of a pool: rewriting, constraints, best of n, personas, gaps."""

import numpy as np
import pandas as pd
import pytest

from lab import coverage, embed, testbed
from lab.synth import CONSTRAINTS, best_of, constrain, fill, invert, persona, rewrite
from lab.synth.rewrite import Meaning, changed
from lab.testbed import chains, truth


def teacher(**settings):
    return testbed.client(testbed.Teacher(**settings), store=":memory:")


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ("It takes 3 days.", "unchanged"),
        ("It  takes 3 days. ", "unchanged"),
        ("That takes 3 days in all.", ""),
        ("That takes days in all.", "another number"),
        ("Whatever. 3", "too far from what it was"),
    ],
)
def test_what_is_wrong_with_a_rewriting(after, reason):
    assert changed("It takes 3 days.", after, "en", 0.4) == reason


def test_rewriting_brings_rambling_answers_into_the_convention():
    pool = testbed.pool(200, noise=0.6, seed=2)
    result = rewrite(pool, teacher(), keep=500)
    before = truth.style(pool.loc[result.examples["parent"], "output"])
    assert truth.style(result.examples["output"]).mean() > before.mean()
    with pytest.raises(ValueError, match=r"style must say something, got ' '"):
        rewrite(pool, teacher(), keep=1, style=" ")


MET = {
    "at most n words": ("one two", "one two three four", 3),
    "at least n words": ("one two three", "one", 3),
    "no commas": ("a b", "a, b", 0),
    "capital letters": ("ABC 1", "Abc", 0),
    "in quotation marks": ('"so"', "so", 0),
    "n bullet points": ("* a\n* b", "* a", 2),
    "ends with a phrase": ("Yes. That is all.", "That is all. Yes.", 0),
    "JSON": ('{"a": 1}', "{a}", 0),
}


@pytest.mark.parametrize("one", CONSTRAINTS, ids=lambda one: one.name)
def test_each_constraint_tells_what_meets_it(one):
    good, bad, n = MET[one.name]
    assert one.met(good, n)
    assert not one.met(bad, n)
    assert set(one.asks) == {"en", "zh"}


def test_kept_answers_meet_their_constraint_and_lazy_ones_do_not():
    pool = testbed.pool(150, seed=2)
    result = constrain(pool, teacher(laziness=0.5), keep=500)
    by_name = {one.name: one for one in CONSTRAINTS}
    for _, row in result.examples.iterrows():
        assert by_name[row["constraint"]].met(row["output"], row["n"])
    assert result.reasons["does not meet its constraint"] > 20
    assert len(result.examples) + len(result.rejects) == 150
    assert set(result.examples["constraint"]) >= {"no commas", "JSON", "n bullet points"}


def test_four_draws_against_one_and_what_it_costs():
    pool = testbed.pool(80, seed=3)

    def exact(rows):
        return truth.exact(rows, rows["output"]).astype(float)

    one = best_of(pool, teacher(skill=0.5), keep=80, score=exact, n=1)
    four = best_of(pool, teacher(skill=0.5), keep=80, score=exact, n=4)
    assert one.examples["score"].mean() < 0.7
    assert four.examples["score"].mean() > 0.85
    assert 3 < four.cost_usd / one.cost_usd < 5
    with pytest.raises(ValueError, match=r"n must be at least 1, got 0"):
        best_of(pool, teacher(), keep=1, score=exact, n=0)


def test_an_answer_without_a_score_is_the_worst():
    def never(rows):
        return pd.Series(float("nan"), index=rows.index)

    result = best_of(testbed.pool(5), teacher(skill=0.5), keep=5, score=never, n=3)
    assert len(result.examples) == 5


def test_a_question_is_found_for_an_answer():
    pool = testbed.pool(60, seed=2)
    result = invert(pool, teacher(), keep=60)
    known = [chains.read(text) for text in result.examples["instruction"]]
    told = zip(known, result.examples["output"], strict=True)
    assert sum(one is not None and one.answer == text for one, text in told) > 0.9 * len(known)


def test_other_people_ask_of_other_things():
    people = ["a cook", "a pilot", "a judge", "a nurse"]
    result = persona(people, teacher(), keep=40)
    domains = result.examples.assign(
        domain=[chains.read(text).task.family.domain for text in result.examples["instruction"]]
    )
    assert domains.groupby("persona")["domain"].nunique().max() == 1
    assert len(set(domains["domain"])) > 1
    with pytest.raises(ValueError, match=r"people must hold at least one description, got none"):
        persona([], teacher(), keep=1)


def test_filled_gaps_are_reached_and_no_row_of_the_reference_is_copied():
    reference = testbed.pool(200, seed=7)
    subset = reference[reference["domain"].isin(["arithmetic", "geography"])]
    near = embed.lexical(reference["instruction"])
    before = coverage.gaps(near.loc[subset.index], near, max_distance=0.7)
    result = fill(before, teacher(), reference=reference, keep=60)
    assert not set(result.examples["instruction"]) & set(reference["instruction"])
    both = pd.concat([subset["instruction"], result.examples["instruction"]])
    vectors = embed.lexical(pd.concat([reference["instruction"], both], keys=["r", "s"]))
    after = coverage.gaps(vectors.loc["s"], vectors.loc["r"], max_distance=0.7)
    same = coverage.gaps(vectors.loc["s"].loc[subset.index], vectors.loc["r"], max_distance=0.7)
    assert after.rows["reached"].mean() > same.rows["reached"].mean()


def test_gaps_that_are_none():
    reference = testbed.pool(20, seed=7)
    near = embed.lexical(reference["instruction"])
    none = coverage.gaps(near, near, max_distance=0.7)
    with pytest.raises(ValueError, match=r"gaps must have at least one region, got none"):
        fill(none, teacher(), reference=reference, keep=1)


def test_a_rewriting_that_is_far_in_meaning_or_contradicts_falls():
    pool = testbed.pool(80, noise=0.5, seed=2)

    def far(texts):
        half = len(texts) // 2
        odd = np.arange(len(texts)) % 2 * (np.arange(len(texts)) >= half)
        return pd.DataFrame(np.stack([1.0 - odd, 0.0 + odd], axis=1))

    near = rewrite(pool, teacher(), keep=80)
    meant = rewrite(pool, teacher(), keep=80, meaning=Meaning(embed=far))
    assert 0 < len(meant.examples) < len(near.examples)
    fell = meant.rejects[meant.rejects["reason"] == "too far in meaning"]
    assert set(fell["evidence"]) == {"0.000"}
    judged = rewrite(pool, teacher(), keep=80, meaning=Meaning(judge=teacher(noise=5)))
    assert judged.reasons["contradicts what it was"] > 0
    sure = rewrite(pool, teacher(), keep=80, meaning=Meaning(judge=teacher()))
    assert "contradicts what it was" not in sure.reasons
    with pytest.raises(ValueError, match=r"min_similarity must be from -1 to 1, got 2"):
        Meaning(min_similarity=2)
