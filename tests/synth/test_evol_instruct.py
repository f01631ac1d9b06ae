"""Evol-Instruct: the four signs of failure, the rounds, the family tree, and the truth."""

import gzip
import json

import pandas as pd
import pytest

from lab import records, testbed
from lab.synth import eliminated, evol_instruct, tree
from lab.synth.evol_instruct import OPERATIONS
from lab.testbed import chains


def teacher(**settings):
    return testbed.client(testbed.Teacher(**settings), store=":memory:")


def steps(pool):
    return [chains.read(text).steps for text in pool["instruction"]]


@pytest.mark.parametrize(
    ("task", "output", "equal", "sign"),
    [
        ("Sum three numbers.", "6", False, ""),
        ("Sum  two numbers.", "6", False, "equal to its parent"),
        ("Sum three numbers.", "6", True, "equal to its parent"),
        ("#Rewritten Prompt#: Sum three.", "6", False, "copies words of the prompt"),
        ("Sum three numbers.", "I am sorry, no.", False, "says sorry and little else"),
        ("Write it.", "Sorry! " + "word " * 80, False, ""),
        ("Sum three numbers.", "... and so, the", False, "only punctuation and stop words"),
        ("Sum three numbers.", "", False, ""),
        ("改写后的提示：求和。", "6", False, "copies words of the prompt"),
    ],
)
def test_each_sign_of_failure(task, output, equal, sign):
    rows = pd.DataFrame({"instruction": [task], "output": [output]})
    assert eliminated(rows, ["Sum two numbers."], equal=[equal]) == [sign]


def test_the_steps_needed_rise_with_each_round():
    pool = testbed.pool(60, seed=1)
    result = evol_instruct(pool, teacher(), keep=10_000)
    needed = pd.Series(steps(result.examples), index=result.examples.index)
    means = needed.groupby(result.examples["round"]).mean()
    assert means.index.tolist() == [1, 2, 3, 4]
    assert means.is_monotonic_increasing
    assert result.stopped_because == "all 4 rounds are over"
    in_depth = result.examples[result.examples["operation"] != "breadth"]
    before = pd.concat([pool, result.examples])
    for key, row in in_depth.iterrows():
        parent = chains.read(records.user_turn(before.loc[row["parent"]]))
        assert chains.read(row["instruction"]).steps == parent.steps + 1, key


def test_all_six_operations_are_about_equally_frequent():
    result = evol_instruct(testbed.pool(150, seed=3), teacher(), keep=10_000, rounds=2)
    shares = result.examples["operation"].value_counts(normalize=True)
    assert set(shares.index) == set(OPERATIONS)
    assert shares.between(0.09, 0.26).all()


def test_what_failed_comes_back_as_it_was():
    pool = testbed.pool(40, seed=5)
    result = evol_instruct(pool, teacher(laziness=0.6), keep=10_000, rounds=3)
    failed = result.rejects[result.rejects["round"] == 1]["parent"]
    later = result.examples[result.examples["round"] > 1]["parent"]
    assert set(failed) & set(later) & set(pool.index)


def test_elimination_against_the_truth():
    noisy = teacher(laziness=0.4, noise=1.0)
    pool = testbed.pool(120, seed=6)
    result = evol_instruct(pool, noisy, keep=10_000, rounds=2)
    both = pd.concat([pool, result.examples])

    def failed(row):
        parent = both.loc[row["parent"]] if row["parent"] in both.index else None
        child = chains.read(row["instruction"])
        if child is None or parent is None:
            return True
        same = chains.read(records.user_turn(parent))
        answered = row["output"] in ("", child.answer)
        return not answered or (child.task == same.task and child.steps <= same.steps)

    out = result.rejects[result.rejects["reason"].str.contains("equal|copies|sorry|only")]
    hits = sum(failed(row) for _, row in out.iterrows())
    missed = sum(failed(row) for _, row in result.examples.iterrows())
    precision, recall = hits / len(out), hits / (hits + missed)
    assert precision > 0.8
    assert recall > 0.85


def test_a_family_is_shown_from_its_ancestor_down():
    pool = testbed.pool(20, seed=1)
    result = evol_instruct(pool, teacher(), keep=40, rounds=3)
    root = result.examples["root"].value_counts().index[0]
    family = tree(pd.concat([pool, result.examples]), root)
    assert family.index[0] == root
    assert family["depth"].iloc[0] == 0
    for key, row in family.iloc[1:].iterrows():
        assert family.loc[row["parent"], "depth"] == row["depth"] - 1, key
    with pytest.raises(KeyError, match=r"no example 'x'"):
        tree(pool, "x")


def test_another_model_may_answer():
    answerer = teacher(skill=0.0)
    result = evol_instruct(testbed.pool(20, seed=1), teacher(), keep=10, answerer=answerer)
    truths = [chains.read(text).answer for text in result.examples["instruction"]]
    assert not set(truths) & set(result.examples["output"])


def test_rounds_out_of_range():
    with pytest.raises(ValueError, match=r"rounds must be at least 1, got 0"):
        evol_instruct(testbed.pool(3), teacher(), keep=1, rounds=0)


@pytest.mark.realdata
def test_elimination_replays_a_published_run_on_code(shared):
    generations = []
    names = ("gen0_converted_alpaca_2k", "gen1_evol-codealpaca-2k-1", "gen2_evol-codealpaca-2k-2")
    for name in names:
        with gzip.open(shared / "data" / "evol_code" / f"{name}.json.gz", "rt") as file:
            generations.append(pd.DataFrame(json.load(file)))
    sizes = [rows["instruction"].str.len().mean() for rows in generations]
    assert sizes[0] < sizes[1] < sizes[2]
    for rows in generations[1:]:
        # no parent is published, so a row is only held against the signs that need none
        signs = pd.Series(eliminated(rows, [""] * len(rows), equal=[False] * len(rows)))
        assert (signs != "").mean() < 0.05
        assert set(signs) <= {
            "",
            "copies words of the prompt",
            "says sorry and little else",
            "only punctuation and stop words",
        }
