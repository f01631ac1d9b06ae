"""What a reply says, and what it only thought."""

import pytest

from lab import llm
from lab.llm import Completion, thoughts

SCORE = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        (
            "<think>\nScore: 2, no.\n</think>\n\n4.5\nIt is right.",
            "4.5\nIt is right.",
            "Score: 2, no.",
        ),
        ("<THINKING>a</THINKING>b", "b", "a"),
        ("<reasoning>a</reasoning>\nb", "b", "a"),
        ("<thought>a</thought>b", "b", "a"),
        ("[THINK]a[/THINK]b", "b", "a"),
        ("◁think▷a◁/think▷b", "b", "a"),
        ("<seed:think>a</seed:think>b", "b", "a"),
        ("a, so 4.\n</think>\n\n4", "4", "a, so 4."),
        ("<think>a</think>b<think>c</think>d", "d", "abc"),
        ("<think></think>\n\n4", "4", None),
        ("我想是三。</think>四", "四", "我想是三。"),
        ("plain  ", "plain  ", None),
        ("Use <think> first.", "Use <think> first.", None),
        ("Is 3 < 4? [think]", "Is 3 < 4? [think]", None),
    ],
)
def test_the_answer_is_what_stands_after_the_last_closing_tag(text, answer, thinking):
    found = thoughts.split(text)
    assert found.answer == answer
    assert found.thinking == thinking


@pytest.mark.parametrize(
    ("text", "finish", "cut"),
    [
        ("<think>\nI write [[A]] if A is", "length", True),
        ("  \n<reasoning>never ends", "stop", True),
        ("<think>a</think>\n<think>b", None, True),
        ("Well.\n<think>b", "length", True),
        ("Well.\n<think>b", "stop", False),
        ("Write <think> now", "length", False),
    ],
)
def test_a_text_that_ends_inside_its_thoughts_has_no_answer(text, finish, cut):
    assert (thoughts.split(text, finish).answer is None) == cut
    assert (llm.answer_text(text, finish) is None) == cut


def test_a_completion_holds_the_answer_the_thoughts_and_all_that_came():
    whole = "<think>\nIt is 2.\n</think>\n\n4.5"
    reply = Completion(whole)
    assert (reply.text, reply.thinking, reply.raw, reply.error) == ("4.5", "It is 2.", whole, None)
    plain = Completion("4.5")
    assert (plain.text, plain.thinking, plain.raw) == ("4.5", None, None)
    without = Completion("<think>\n\n</think>\n\n4.5")  # as a model writes that was told not to
    assert (without.text, without.thinking) == ("4.5", None)


def test_a_completion_cut_inside_its_thoughts_is_a_failure_with_its_text():
    cut = "<think>\nI write [[A]] if A is better"
    reply = Completion(cut, finish_reason="length")
    assert (reply.text, reply.kind, reply.raw) == (None, "thoughts", cut)
    assert reply.error == "thoughts: the reply was cut inside its thoughts"


def test_thoughts_without_an_answer_are_empty():
    reply = Completion("<think>\nNothing to say.\n</think>\n")
    assert (reply.text, reply.kind, reply.thinking) == (None, "empty", "Nothing to say.")


def test_no_value_is_read_out_of_thoughts():
    shape = '<think>\nThe form is {"score": 1}.\n</think>\n{"score": 5}'
    assert llm.parse(Completion(shape), SCORE).value == {"score": 5}
    cut = llm.parse(Completion('<think>{"score": 1} or'), SCORE)
    assert (cut.value, cut.kind) == (None, "thoughts")


def test_a_judge_that_thinks_aloud_in_a_stored_reply_is_read_without_its_thoughts(
    client, ask, chat
):
    there = client(lambda *_: chat("<think>4? no</think>5"))
    first, again = there.complete([ask("q")])[0], there.complete([ask("q")])[0]
    assert (first.text, again.text) == ("5", "5")
    assert again.cached
    [row] = there.store.rows()
    assert row.reply["text"] == "<think>4? no</think>5"  # stored as it came
