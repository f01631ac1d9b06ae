"""An instruction is taken out of a reply that should be nothing else, or the reply is refused."""

import pytest

from lab import synth, testbed
from lab.synth.layouts import alone, lines
from tests.synth.fakes import client


@pytest.mark.parametrize(
    "reply",
    [
        'Sure! Here is an instruction that this text answers:\n\n"Name a fruit."',
        "Here's a possible prompt: Name a fruit.",
        "**Instruction:** Name a fruit.",
        "The instruction is: \u201cName a fruit.\u201d",
        "Name a fruit.",
    ],
)
def test_a_lead_in_and_quotation_marks_are_taken_off(reply):
    assert alone(reply) == ("Name a fruit.", "")
    assert alone("好的，以下是指令：“写一首诗。”") == ("写一首诗。", "")


@pytest.mark.parametrize(
    "reply",
    ["The instruction is about a tyre.", "This prompt asks for a poem.", "这条指令与诗有关。"],
)
def test_to_speak_of_an_instruction_is_to_give_none(reply):
    assert alone(reply)[1] == "speaks of the instruction"


def test_instructions_stay_as_they_are():
    texts = [*testbed.pool(300)["instruction"], *synth.load_seeds()["instruction"]]
    texts += ["Answer the question: who wrote Emma?", "A question of style: explain it. **"]
    assert [alone(text) for text in texts] == [(text, "") for text in texts]


def test_methods_that_ask_for_an_instruction_count_what_is_none():
    replies = ["Here is an instruction: Tell me about {}.", "The instruction is about {}."]
    numbers = iter(range(1000))

    def say(_body):
        number = next(numbers)
        return replies[number % 2].format(["tea", "rain", "iron", "glass"][number % 4])

    result = synth.invert(testbed.pool(8), client(say), keep=8)
    assert set(result.examples["instruction"]) <= {"Tell me about tea.", "Tell me about iron."}
    assert result.reasons["speaks of the instruction"] == 4


def test_the_last_line_of_a_cut_list_is_left_out():
    assert lines("1. a nurse\n2. a ba", cut=True) == ["a nurse"]


def test_what_opens_a_list_is_no_item_and_a_label_no_part_of_one():
    reply = (
        "Sure! Here's a list of questions:\n1. Question: Why is ice cold?\n**Task 2:** Sort 3 1."
    )
    assert lines(reply) == ["Why is ice cold?", "Sort 3 1."]
    assert lines("以下是两个任务：\n任务：写一首诗。\n2、数到十。") == ["写一首诗。", "数到十。"]
    seen = "Example sentences:\n-\n-Name a fruit.\n- -5 and 3 make what?\n**All of them:**\n---"
    assert lines(seen) == ["Name a fruit.", "-5 and 3 make what?"]  # as a small model writes them
    seeds = [text.replace("\n", " ") for text in synth.load_seeds()["instruction"]]
    tasks = [*testbed.pool(100)["instruction"], *seeds, "Answer the question: who wrote Emma?"]
    numbered = "\n".join(f"{number}. {text}" for number, text in enumerate(tasks, 1))
    assert lines(numbered) == [text.strip() for text in tasks]
