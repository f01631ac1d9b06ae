"""Tasks of several steps: counted, answered, made harder."""

from random import Random

import pytest

from lab.testbed import chains, chinese
from lab.testbed.world import FAMILIES

QUESTION = "What is the capital of Peru?"


def test_by_hand():
    text = f"{QUESTION} Then, count the letters of the result. After that, add 3 to the result."
    found = chains.read(text)
    assert found.steps == 3
    assert found.results == ("Lima", "4", "7")
    assert found.answer == (
        "The capital of Peru is Lima. The word Lima has 4 letters. 4 plus 3 is 7. Answer: 7."
    )


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of Atlantis? Then, count the letters of the result.",
        f"{QUESTION} Then, paint the result.",
        f"{QUESTION} Then, double the result.",
        "Hello there.",
    ],
)
def test_no_chain(text):
    assert chains.read(text) is None


def test_each_family_can_be_made_harder_and_each_time_by_one_step():
    rng = Random(0)
    for family in FAMILIES:
        text = chains.ask(family, rng)
        steps = chains.read(text).steps
        longer = chains.harder(text, rng)
        assert chains.read(longer).steps == steps + 1, longer


def test_each_kind_of_move_is_found_when_it_fits():
    kinds = {"constraints", "deepen", "concretise", "reasoning", "input"}
    assert {move.kind for move in chains.MOVES} == kinds
    for kind in kinds:
        longer = chains.harder(QUESTION, Random(1), kind=kind)
        assert chains.read(longer).moves[-1][0].kind == kind


def test_nothing_is_made_of_a_text_from_elsewhere():
    assert chains.harder("Tell me a joke.", Random(0)) is None


def test_chinese_tasks_have_their_truth():
    rng = Random(0)
    for _ in range(300):
        task = chinese.ask(rng)
        truth = chinese.answer(task)
        assert truth is not None, task
        assert chinese.wrong(task, rng) != truth
    assert chinese.answer("今天天气如何？") is None
