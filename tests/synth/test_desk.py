"""The run of a method: exactly N, caps, what is counted, what is bought."""

import math
import os
import signal
import subprocess
import sys
from functools import partial

import pytest

from lab import filters, llm, records, runs, testbed
from lab.synth import Terms, load_seeds, self_instruct
from tests.synth.fakes import client, reply

LAZY = testbed.Teacher(skill=0.8, laziness=0.4, noise=1.0)


@pytest.fixture(scope="module")
def seeds():
    return load_seeds()


def made(seeds, keep=20, teacher=LAZY, store=":memory:", **terms):
    asked = testbed.client(teacher, store=store)
    return self_instruct(seeds, asked, keep=keep, terms=Terms(**terms))


def test_it_stops_at_exactly_n_and_all_rows_are_accounted_for(seeds):
    result = made(seeds, keep=33)
    examples, rejects = result
    assert len(examples) == 33
    assert result.stopped_because == "kept 33"
    assert result.reasons.sum() == len(rejects) > 0
    assert math.isclose(result.acceptance, 33 / (33 + len(rejects)))
    assert rejects["reason"].str.len().min() > 0
    records.validate(examples)


def test_the_same_seed_and_replies_give_the_same_and_cost_nothing_again(seeds, tmp_path):
    first = made(seeds, store=tmp_path / "replies.db")
    again = made(seeds, store=tmp_path / "replies.db")
    assert first.cost_usd > 0
    assert again.cost_usd == 0
    assert again.examples.equals(first.examples)
    assert again.rejects.equals(first.rejects)
    assert not made(seeds, seed=1).examples.index.equals(first.examples.index)


def test_killed_it_goes_on_where_it_was_and_buys_nothing_twice(tmp_path):
    code = f"""
import os, signal
from lab import synth, testbed
from lab.testbed import Teacher
def watch(now):
    if now.kept >= 12:
        os.kill(os.getpid(), signal.SIGKILL)
client = testbed.client({LAZY!r}, store={str(tmp_path / "replies.db")!r})
synth.self_instruct(synth.load_seeds(), client, keep=40, terms=synth.Terms(watch=watch))
"""
    ended = subprocess.run([sys.executable, "-c", code], env=dict(os.environ), check=False)
    assert ended.returncode == -signal.SIGKILL
    again = testbed.client(LAZY, store=tmp_path / "replies.db")
    result = self_instruct(load_seeds(), again, keep=40)
    whole = self_instruct(load_seeds(), testbed.client(LAZY, store=":memory:"), keep=40)
    assert result.examples.equals(whole.examples)
    assert 0 < result.cost_usd < whole.cost_usd


@pytest.mark.parametrize(
    ("terms", "because"),
    [
        ({"candidates": 30}, "cap: candidates=30"),
        ({"budget_usd": 0.01}, "cap: budget_usd=0.01"),
        ({"minutes": 1e-6}, "cap: minutes=1e-06"),
        ({"watch": lambda now: now.kept >= 5}, "stopped by hand"),
    ],
)
def test_each_cap_stops_it_and_is_named(seeds, terms, because):
    result = made(seeds, keep=10_000, **terms)
    assert result.stopped_because == because
    assert len(result.examples) < 10_000


def test_a_teacher_that_gives_nothing_new_ends_for_its_acceptance(seeds):
    stuck = client(lambda body: "9. Name a red fruit that grows on trees.")
    result = self_instruct(seeds, stuck, keep=50, terms=Terms(min_acceptance=0.1))
    assert "of the last 200 candidates is under min_acceptance=0.1" in result.stopped_because
    assert result.reasons["not novel"] > 190


def test_a_filter_of_ones_own_is_a_reason_by_its_name(seeds):
    accept = {"short": partial(filters.length, min_words=12)}
    lazy = testbed.client(LAZY, store=":memory:")
    result = self_instruct(seeds, lazy, keep=20, accept=accept)
    assert result.reasons["short"] > 0
    assert (result.examples["output"].str.split().str.len() >= 12).all()


def test_failed_calls_are_rejects_with_their_kind(seeds):
    answers = iter(range(10_000))
    limits = llm.Limits(max_tries=1, max_failure_rate=1.0)
    broken = client(
        lambda body: "" if next(answers) % 2 else "9. Draw a graph of all prices.", limits=limits
    )
    result = self_instruct(seeds, broken, keep=5, terms=Terms(candidates=40))
    assert result.reasons["call: empty"] > 0
    assert result.reasons["asks for more than text"] > 0


def test_a_cut_list_loses_its_last_item(seeds):
    text = "9. Compare two kinds of bread for a picnic.\n10. Tell how a clock is wound and th"
    cut = client(lambda body: reply(text, "length"))
    result = self_instruct(seeds, cut, keep=1, terms=Terms(candidates=8))
    last = result.rejects[result.rejects["instruction"] == "Tell how a clock is wound and th"]
    assert set(last["reason"]) == {"cut at the limit of tokens"}


def test_a_run_is_recorded_under_the_recipe_of_its_rows(seeds):
    result = made(seeds, keep=5)
    assert result.save() == result.examples["recipe"].iloc[0]
    run = runs.get(result.examples["recipe"].iloc[0])
    assert run.frame("examples")["instruction"].tolist() == result.examples["instruction"].tolist()
    assert len(run.frame("rejects")) == len(result.rejects)
    assert run.numbers["stopped_because"] == "kept 5"


def test_what_cannot_be_is_refused(seeds):
    with pytest.raises(ValueError, match=r"keep must be at least 1, got 0"):
        made(seeds, keep=0)
    with pytest.raises(ValueError, match=r"min_acceptance must be from 0 to 1, got 2"):
        Terms(min_acceptance=2)
    with pytest.raises(ValueError, match=r"budget_usd must be above 0, got -1"):
        Terms(budget_usd=-1)
    unpriced = client(lambda body: "", price=False)
    with pytest.raises(ValueError, match=r"budget_usd needs a price for 'm'"):
        self_instruct(seeds, unpriced, keep=1, terms=Terms(budget_usd=1))
