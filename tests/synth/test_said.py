"""What a reply is before any filter looks at it."""

import pytest

from lab.llm import Completion
from lab.synth.said import LONGEST, read, unusable

SYSTEM = "You extend a list of tasks that people give to a writing assistant. Go on with the list."
ASKED = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Name a fruit."}]

HOSTILE = {
    "empty": "  ...  ",
    "one giant line": "word" * LONGEST,
    "a loop of words": "go on and " * 80,
    "a loop of one letter": "哈" * 500,
    "the prompt": SYSTEM + "\n\nName a fruit.",
    "the question": "Name a fruit.",
    "JSON with wrong types": '{"instruction": 5, "output": ["a", null]}',
    "a list of JSON": '[{"task": {}}]',
    "a script": "Apple.<script>alert(1)</script>",
    "a handler": "<img src=x onerror=alert(1)>",
    "thoughts without an end": "<think>Perhaps an apple, or",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_reply_has_a_reason(name):
    said, reason = read(Completion(HOSTILE[name]), ASKED, "x")
    assert reason
    assert said.raw == HOSTILE[name]


@pytest.mark.parametrize(
    "text", ["Apple.", "42", "yes", "苹果。", '{"fruit": "apple"}', "Write `<script>` first."]
)
def test_a_plain_reply_has_none(text):
    assert read(Completion(text), ASKED, "x")[1] == ""


def test_thoughts_are_parted_from_what_is_said():
    said, reason = read(Completion("<think>\nRed?\n</think>\n\nApple."), ASKED, "x")
    assert (said.text, said.thinking, reason) == ("Apple.", "Red?", "")


def test_a_failed_call_keeps_its_kind():
    assert read(Completion(None, "timeout: late"), ASKED, "x")[1] == "call: timeout"


def test_a_long_honest_text_is_no_loop():
    text = " ".join(f"word{n % 300} and more" for n in range(900))
    assert unusable(text) == ""
