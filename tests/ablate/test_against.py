import json
from functools import partial

import pandas as pd
import pytest

from lab import ablate, judge, records, runs, testbed, tune
from lab.judge import verdicts
from lab.tune import presets
from tests.ablate import fakes
from tests.ablate.test_run import RECIPE, draw

QUESTIONS = records.frame([{"instruction": f"Question {i}?", "output": ""} for i in range(20)])
ASKED = []


def longer(a, b, *, bonus=0):
    """Prefer the longer answer, in both orders; equal ones tie."""
    ASKED.append((a.name, b.name))
    rows = []
    for key in a.index:
        gain = len(a[key]) + bonus - len(b[key])
        verdict = "tie" if gain == 0 else "a" if gain > 0 else "b"
        about = {"prompt": key, "system": a.name, "reference": b.name, "judge": "j", "sample": 0}
        said = {"verdict": verdict, "preference": {"a": 1.0, "b": 0.0, "tie": 0.5}[verdict]}
        rows += [
            {**about, **said, "first": first, "length_a": len(a[key]), "length_b": len(b[key])}
            for first in "ab"
        ]
    return verdicts.table(rows)


def evaluate(model):
    examples = int((model / "seed").read_text().split()[1])
    answers = ["x" * (examples if i < 15 else 2) for i in range(20)]
    return pd.DataFrame({"answer": answers, "exact": 1.0}, index=QUESTIONS.index)


def grid(*sizes, seeds=(0, 1)):
    return ablate.arms({f"n {n}": partial(draw, n) for n in sizes}, RECIPE, seeds=seeds)


def run(compare, sizes=(2, 3, 1)):
    return ablate.run(grid(*sizes), tune=fakes.tune, evaluate=evaluate, compare=compare, workers=1)


def test_arms_are_judged_against_one_of_them_seed_by_seed():
    ASKED.clear()
    table = run(ablate.Against("n 2", longer))
    assert ASKED == [("n 3", "n 2"), ("n 1", "n 2")] * 2
    shown = table.set_index(["arm", "seed"])
    assert shown["preferred"]["n 3"].tolist() == [0.875, 0.875]  # 15 wins, 5 ties
    assert shown["preferred"]["n 1"].tolist() == [0.125, 0.125]
    assert shown["preferred"]["n 2"].isna().all()
    assert shown["ties"]["n 3"].tolist() == [5, 5]
    assert shown["invalid"].eq(0).all()
    assert len(runs.get(shown["judged"]["n 3", 1]).frame("verdicts")) == 40
    assert run(ablate.Against("n 2", longer)).equals(table)
    assert len(ASKED) == 4  # nothing was asked again
    run(ablate.Against("n 2", partial(longer, bonus=1)))
    assert len(ASKED) == 8


def test_preferences_have_intervals_like_any_measure():
    table = run(ablate.Against("n 2", longer))
    outcomes = ablate.details(table, "preferred")
    assert outcomes.shape == (20, 4)
    summary = ablate.summary(table, "preferred")
    assert summary.index.tolist() == ["n 3", "n 1"]
    assert summary.loc["n 3", "mean"] == 0.875
    assert summary.loc["n 3", "low"] > 0.5 > summary.loc["n 1", "high"]


def test_verdicts_of_all_seeds_are_one_table():
    table = run(ablate.Against("n 2", longer))
    found = ablate.judgments(table, "n 3")
    assert len(found) == 2 * 40
    assert set(found["sample"]) == {0, 1}
    assert set(found["system"]) == {"n 3"}
    rated = judge.win_rate(found)
    assert rated.loc[0, "win_rate"] == 0.875
    with pytest.raises(ValueError, match="arm 'n 2' must be a judged one"):
        ablate.judgments(table, "n 2")


def test_the_arm_must_have_every_seed():
    with pytest.raises(ValueError, match=r"arm 'n 9' must have every seed, but has none of \[0, 1"):
        run(ablate.Against("n 9", longer))


def test_what_became_of_the_examples_stays_in_the_run():
    prompts = testbed.prompts(4, seed=0)
    pool = testbed.pool(12, seed=0)
    pool = records.frame(
        [
            *pool[["instruction", "output"]].to_dict("records"),
            {"instruction": "many words " * 200, "output": "x"},
            {"instruction": "nothing", "output": ""},
        ]
    )
    recipe = tune.Recipe(
        **{**presets.testbed.params(), "template": presets.testbed.template}
        | {"epochs": None, "steps": 1, "batch_size": 4, "micro_batches": 1}
    )
    arms = [ablate.Arm("all", pool, recipe)]
    evaluation = partial(ablate.exact_answers, prompts=prompts, max_new_tokens=2)
    table = ablate.run(arms, tune=tune.sft, evaluate=evaluation, workers=1)
    row = table.iloc[0]
    assert (row["trained_on"], row["too_long"], row["unusable"], row["trimmed"]) == (12, 1, 1, 0)
    kept = runs.get(row["run"]).json("tune")
    assert len(kept["loss"]) == 1
    assert kept["examples"]["skipped"] == {"longer than 192 tokens": 1, "empty answer": 1}
    assert json.loads((runs.get(row["run"]).folder / "tune.json").read_text()) == kept
    assert not (runs.get(row["run"]).folder / "model").exists()
    assert ablate.summary(table, "exact")["too_long"].tolist() == [1]
