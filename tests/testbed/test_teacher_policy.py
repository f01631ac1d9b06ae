"""What the teacher says: every prompt of the project, and each planted value found again."""

import json
import math

import numpy as np
import pytest

from lab import paths, records
from lab.llm import prompts
from lab.testbed import Teacher, pool, truth
from lab.testbed.teacher import chance, grading, policy

RIGHT = "2 plus 3 is 5. Answer: 5."
WRONG = "2 plus 3 is 7. Answer: 7."
QUESTION = "What is 2 plus 3?"
TEACHER_PARTS = ("score", "judge", "coverage", "synth")


@pytest.fixture(scope="module")
def questions():
    return [records.user_turn(row) for _, row in pool(400, seed=3).iterrows()]


def say(part, name, language="en", teacher=None, salt=None, **fields):
    prompt = prompts.load(part, name, language)
    filled = {field: fields.get(field, "") for field in prompt.fields}
    return policy.respond(teacher or Teacher(), prompt.messages(**filled), salt=salt)


def rated(text, **settings):
    fields = {"dimension": "accuracy", "instruction": QUESTION, "output": text}
    return float(say("score", "rating", **fields, **settings).text.split("\n")[0])


@pytest.mark.parametrize("language", prompts.LANGUAGES)
@pytest.mark.parametrize(
    ("part", "name"),
    [(part, name) for part in TEACHER_PARTS for name in prompts.names(part)],
)
def test_every_prompt_of_the_project_has_an_answer(part, name, language):
    if name not in prompts.names(part, language):
        pytest.skip(f"{name} is not written in {language}")
    assert (part, name) in policy.RESPONDERS, "give this prompt file a line in policy.RESPONDERS"
    assert say(part, name, language).text


def test_no_line_for_a_prompt_that_is_not_there():
    for part, name in policy.RESPONDERS:
        assert name in prompts.names(part), (part, name, paths.prompts(part))


@pytest.mark.parametrize("language", prompts.LANGUAGES)
@pytest.mark.parametrize("name", ["rating", "rating_cached"])
def test_a_rating_is_the_true_grade(language, name):
    for text, points in ((RIGHT, 5.0), ("5", 3.5), (WRONG, 1.5), ("Never mind.", 0.0)):
        fields = {"dimension": "x", "instruction": QUESTION, "output": text}
        said = say("score", name, language, **fields)
        assert float(said.text.split("\n")[0]) == points == truth.grade_task(task(), text)


@pytest.mark.parametrize("name", [f"selectit_{number}" for number in range(1, 6)])
def test_a_whole_rating_is_the_true_grade_within_one_to_five(name):
    for text, points in ((RIGHT, "5"), ("Never mind.", "1")):
        assert say("score", name, "en", instruction=QUESTION, output=text).text == points


def task():
    return grading.task_of(QUESTION)


@pytest.mark.parametrize("language", prompts.LANGUAGES)
def test_judges_prefer_the_truth_in_both_orders(language):
    pair = {"question": QUESTION, "first": RIGHT, "second": WRONG, "reference": RIGHT}
    turned = pair | {"first": WRONG, "second": RIGHT}
    same = pair | {"second": RIGHT}
    for fields, mark in ((pair, "[[A]]"), (turned, "[[B]]"), (same, "[[C]]")):
        assert say("judge", "verdict", language, **fields).text.endswith(mark)
        assert say("judge", "verdict_reference", language, **fields).text.endswith(mark)
    for fields, sign in ((pair, 1), (turned, -1), (same, 0)):
        line = say("judge", "scores", language, **fields).text.split("\n")[0]
        first, second = map(float, line.split())
        assert np.sign(first - second) == sign
        assert all(1 <= score <= 10 for score in (first, second))
    assert say("judge", "logprobs", language, **pair).text == "m"
    assert say("judge", "logprobs", language, **turned).text == "M"
    assert say("judge", "logprobs", language, **same).first_token == {"m": 0.5, "M": 0.5}


def test_absolute_grades_keep_their_scales():
    for text, stars, ten in ((RIGHT, "6", "[[10]]"), ("Never mind.", "1", "[[1]]")):
        said = say("judge", "helpfulness", question=QUESTION, answer=text).text
        assert said.splitlines()[-2:] == [stars, stars]
        assert say("judge", "rating", question=QUESTION, answer=text).text.endswith(ten)


def test_tags_are_json_and_know_the_world():
    tags = json.loads(say("score", "tags", request=QUESTION).text)
    assert "arithmetic" in [tag["tag"] for tag in tags]
    elsewhere = json.loads(say("score", "tags", request="Describe photosynthesis").text)
    assert elsewhere[0]["tag"] == "photosynthesis"


def test_skill_is_the_share_of_right_answers(questions):
    teacher = Teacher(skill=0.7)
    right = [policy.answer(teacher, q) == grading.task_of(q).answer for q in questions]
    assert np.mean(right) == pytest.approx(0.7, abs=3 * math.sqrt(0.21 / len(right)))
    wrong = [policy.answer(Teacher(skill=0.0), q) for q in questions[:100]]
    assert not any(
        a == grading.task_of(q).answer for a, q in zip(wrong, questions[:100], strict=True)
    )
    other = [policy.answer(Teacher(skill=0.7, seed=1), q) for q in questions]
    assert other != [policy.answer(teacher, q) for q in questions]


def test_noise_is_the_spread_of_ratings():
    teacher = Teacher(noise=0.8)
    fields = {"dimension": "x", "instruction": QUESTION, "output": "5"}
    draws = [
        grading.rate(teacher, QUESTION, "Never mind, 2 plus 3 is 4.", own=RIGHT, salt=n)
        for n in range(2_000)
    ]
    inside = grading.opinion(teacher, QUESTION, "Never mind, 2 plus 3 is 4.", own=RIGHT)
    assert inside == 1.0
    middle = [grading.rate(teacher, QUESTION, "5", own=RIGHT, salt=n) for n in range(2_000)]
    assert np.std([x for x in middle if x < 5]) > 0.5
    assert np.median(middle) == pytest.approx(3.5, abs=0.06)
    assert np.mean([x < 1.0 for x in draws]) == pytest.approx(0.5, abs=0.05)
    assert say("score", "rating", teacher=teacher, **fields) == say(
        "score", "rating", teacher=teacher, **fields
    )


def test_the_first_token_of_a_rating_has_the_chances_of_its_draws():
    teacher = Teacher(noise=0.7)
    fields = {"dimension": "x", "instruction": QUESTION, "output": "5"}
    chances = say("score", "rating", teacher=teacher, **fields).first_token
    assert sum(chances.values()) == pytest.approx(1.0)
    drawn = [
        say("score", "rating", teacher=teacher, salt=n, **fields).text[0] for n in range(1_000)
    ]
    for digit in "2345":
        assert drawn.count(digit) / 1_000 == pytest.approx(chances.get(digit, 0), abs=0.05)


@pytest.mark.parametrize("bias", [-0.8, 0.0, 0.8])
def test_with_unit_noise_position_bias_is_a_log_odds(bias):
    teacher = Teacher(noise=1.0, position_bias=bias)
    found = [
        grading.compare(teacher, QUESTION, (RIGHT, RIGHT), own="", salt=n) for n in range(4_000)
    ]
    decided = [f for f in found if f.winner != "tie"]
    share = np.mean([f.winner == "first" for f in decided])
    felt = 1 / (1 + math.exp(-(bias - grading.MARGIN)))
    other = 1 - 1 / (1 + math.exp(-(bias + grading.MARGIN)))
    assert share == pytest.approx(felt / (felt + other), abs=0.03)
    assert found[0].first_chance == pytest.approx(1 / (1 + math.exp(-bias)))


def test_longer_answers_gain_by_the_planted_amount():
    teacher = Teacher(verbosity_bias=0.5)
    plain = grading.opinion(Teacher(), QUESTION, "no " * 7, own=RIGHT)
    short = grading.opinion(teacher, QUESTION, "no " * 7, own=RIGHT)
    long = grading.opinion(teacher, QUESTION, "no " * 15, own=RIGHT)
    assert long - short == pytest.approx(0.5)  # 8 → 16 words, one doubling
    assert short == pytest.approx(plain + 0.5 * math.log2(8 / (len(RIGHT.split()) + 1)))


def test_its_own_answer_gains_by_the_planted_amount(questions):
    teacher = Teacher(skill=0.0, self_preference=1.25)
    own = policy.answer(teacher, questions[0])
    gain = grading.opinion(teacher, questions[0], own, own=own)
    assert gain - grading.merit(questions[0], own) == pytest.approx(1.25)
    assert grading.opinion(teacher, questions[0], "x", own=own) == grading.merit(questions[0], "x")


def test_scores_keep_the_verdict_at_the_ends_of_the_scale():
    for points in ((5.0, 5.0), (0.0, 0.0), (3.1, 3.0)):
        for winner, sign in (("first", 1), ("second", -1), ("tie", 0)):
            found = grading.Preference(*points, winner, 0.5)
            first, second = grading.scores(found, lowest=1, highest=10)
            assert np.sign(first - second) == sign
            assert 1 <= min(first, second) <= max(first, second) <= 10


def test_turns_above_the_question_are_passed_over():
    above = f"user: Hello\n\nassistant: Hi!\n\n{QUESTION}"
    assert grading.merit(above, RIGHT) == 5.0
    assert policy.answer(Teacher(), above) == RIGHT
    assert "I can only repeat it" in policy.answer(Teacher(), "What is love?")


def test_schemas_are_filled():
    schema = {
        "type": "object",
        "properties": {
            "why": {"type": "string"},
            "score": {"type": "integer", "minimum": 1, "maximum": 3},
            "kind": {"enum": ["a", "b"]},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}},
            "ok": {"type": "boolean"},
        },
        "$defs": {"Tag": {"type": "object", "properties": {"n": {"type": "number"}}}},
    }
    filled = json.loads(policy.shaped(policy.Output("4.5 is it"), schema))
    assert filled == {
        "why": "4.5 is it",
        "score": 3,
        "kind": "a",
        "tags": [{"n": 4.5}],
        "ok": True,
    }


def test_luck_depends_on_its_parts_alone():
    assert chance.luck("a", 1).random() == chance.luck("a", 1).random()
    assert chance.luck("a", 1).random() != chance.luck("a", 2).random()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"skill": 1.5}, "skill must be from 0 to 1, got 1.5"),
        ({"noise": -1.0}, "noise must be 0 or more, got -1.0"),
    ],
)
def test_settings_have_bounds(change, message):
    with pytest.raises(ValueError, match=message):
        Teacher(**change)
