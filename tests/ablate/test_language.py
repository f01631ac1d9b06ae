import numpy as np
import pandas as pd
import pytest

from lab import ablate, models, paths, records, testbed, tune
from lab.ablate.language import repetition
from lab.errors import TuneError

BASE = paths.base_model()


@pytest.fixture(scope="module")
def prompts():
    return testbed.prompts(6, seed=0)


@pytest.fixture(scope="module")
def questions():
    rows, about = [], []
    for number, (right, wrong) in enumerate([("paris", "rome"), ("rome", "paris")]):
        for choice in (right, wrong):
            rows.append({"instruction": f"question {number} ?", "output": choice})
            about.append((f"q{number}", choice == right))
    pool = records.frame(rows)
    return pool.assign(question=[q for q, _ in about], right=[r for _, r in about])


def test_losses_of_answers_are_those_of_the_model_itself(prompts):
    import torch

    found = tune.answer_losses(BASE, prompts, template=tune.PLAIN)
    loaded = models.causal(BASE, device="cpu")
    end = loaded.tokenizer.eos_token
    for key, row in prompts.iterrows():
        texts = [tune.PLAIN.question(row["instruction"], row["input"], end), row["output"] + end]
        asked, said = (
            loaded.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts
        )
        with torch.inference_mode():
            scores = (
                loaded.model(input_ids=torch.tensor([[*asked, *said]])).logits[0].log_softmax(-1)
            )
        places = range(len(asked) - 1, len(asked) + len(said) - 1)
        expected = -sum(float(scores[at, token]) for at, token in zip(places, said, strict=True))
        assert found.loc[key, "tokens"] == len(said)
        assert found.loc[key, "loss"] == pytest.approx(expected, rel=1e-4)


def test_what_does_not_fit_has_no_loss(prompts):
    long = records.frame([{"instruction": "the " * 400, "output": "yes"}])
    found = tune.answer_losses(BASE, long, template=tune.PLAIN)
    assert found["tokens"].tolist() == [0]
    assert np.isnan(found["loss"].iloc[0])


def test_every_prompt_has_all_measures_and_every_question_one(prompts, questions):
    table = ablate.open_answers(
        BASE, prompts=prompts, questions=questions, template=tune.PLAIN, max_new_tokens=8
    )
    assert table.index.tolist() == [*prompts.index, "q0", "q1"]
    asked = table.loc[prompts.index]
    assert asked[["loss", "ends", "words", "repetition"]].notna().all(axis=None)
    assert asked["knows"].isna().all()
    assert asked["loss"].gt(0).all()
    assert set(asked["ends"]) <= {0.0, 1.0}
    assert table.loc[["q0", "q1"], "knows"].isin([0.0, 1.0]).all()
    assert table.loc[["q0", "q1"], "loss"].isna().all()


def test_forms_are_measured_references_scored_and_what_has_no_answer_has_no_loss(prompts):
    formed = ablate.constrained(prompts.head(2))
    asked = pd.concat([prompts.head(1), formed])
    table = ablate.open_answers(
        BASE, prompts=asked, references=prompts.tail(2), template=tune.PLAIN, max_new_tokens=4
    )
    assert table.index.tolist() == [*asked.index, *prompts.index[-2:]]
    assert table["format"].notna().tolist() == [False, True, True, False, False]
    assert table["loss"].notna().tolist() == [True, False, False, True, True]
    assert table["answer"].notna().tolist() == [True, True, True, False, False]
    alone = ablate.open_answers(
        BASE, prompts=prompts.tail(2), template=tune.PLAIN, max_new_tokens=4
    )
    assert table["loss"].tail(2).tolist() == pytest.approx(alone["loss"].tolist(), rel=1e-5)


def test_what_is_there_twice_is_refused(prompts):
    with pytest.raises(ValueError, match="must differ, '[0-9a-f]{16}' is there twice"):
        ablate.open_answers(
            BASE, prompts=prompts, references=prompts, template=tune.PLAIN, max_new_tokens=1
        )


def test_a_choice_may_be_the_answer_of_a_prompt(prompts):
    made = ablate.choices(testbed.prompts(200, seed=0), others=1)
    own = made[made["right"]].head(1)
    rows = made[made["question"] == own["question"].iloc[0]]
    table = ablate.open_answers(
        BASE, prompts=own, questions=rows, template=tune.PLAIN, max_new_tokens=1
    )
    assert table.index.tolist() == [own.index[0], own["question"].iloc[0]]
    assert table["loss"].notna().tolist() == [True, False]


def test_choices_are_answers_of_the_same_family_and_one_of_them_is_right():
    pool = testbed.prompts(200, seed=1)
    made = records.validate(ablate.choices(pool, others=2))
    by_question = made.groupby("question")["right"]
    assert by_question.size().eq(3).all()
    assert by_question.sum().eq(1).all()
    for question, rows in made.groupby("question"):
        own = pool.loc[str(question).removeprefix("choices of ")]
        family = pool[pool["family"] == own["family"]]
        assert set(rows["output"]) <= set(family["output"])
        assert rows.loc[rows["right"], "output"].item() == own["output"]
    assert 0 < made["question"].nunique() < len(pool)  # rare families make none
    assert made.equals(ablate.choices(pool, others=2))


def test_a_model_knows_what_it_finds_least_surprising(questions):
    losses = tune.answer_losses(BASE, questions, template=tune.PLAIN)
    mean = losses["loss"] / losses["tokens"]
    expected = [float(mean.iloc[0] <= mean.iloc[1]), float(mean.iloc[2] <= mean.iloc[3])]
    assert ablate.knows(BASE, questions, template=tune.PLAIN).tolist() == expected


def test_a_question_has_one_right_choice(questions):
    with pytest.raises(ValueError, match="question 'q0' has 2 right choices, not 1"):
        ablate.knows(BASE, questions.assign(right=[True, True, True, False]), template=tune.PLAIN)


def test_a_model_that_was_not_tuned_here_needs_a_template(prompts):
    with pytest.raises(TuneError, match="give a template"):
        tune.answer_losses(BASE, prompts)


@pytest.mark.parametrize(
    ("text", "share"),
    [("", 0.0), ("one two three", 0.0), ("a b c d a b c d", 0.2), ("x " * 8, 0.8)],
)
def test_repetition_is_the_share_of_runs_that_came_before(text, share):
    assert repetition(text) == pytest.approx(share)


def test_measures_are_columns_that_an_ablation_can_average(prompts):
    table = ablate.open_answers(BASE, prompts=prompts, template=tune.PLAIN, max_new_tokens=4)
    means = table.mean(numeric_only=True)
    assert isinstance(means, pd.Series)
    assert set(means.index) == {"loss", "ends", "words", "repetition"}
