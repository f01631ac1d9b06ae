import pytest

from lab import records
from lab.errors import DataError
from lab.load import chat

CALL = {"name": "add", "arguments": {"a": 1}}
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Ho"},
    {"role": "user", "content": "1 + 1?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "2"},
    {"role": "assistant", "content": "Two.", "reasoning_content": "It said 2."},
]


def test_what_lies_between_question_and_answer_are_steps():
    made = chat.example(TALK, {"tools": [{"name": "add"}], "n": 3})
    assert made["instruction"] == "1 + 1?"
    assert [turn["role"] for turn in made["steps"]] == ["assistant", "tool"]
    assert (made["output"], made["thinking"], made["n"]) == ("Two.", "It said 2.", 3)
    row = records.frame([made]).iloc[0]
    assert records.conversation(row)[-1] == {
        "role": "assistant",
        "content": "Two.",
        "thinking": "It said 2.",
    }
    assert records.conversation(row)[:-1] == TALK[:-1] == records.prompt(row)


def test_an_answer_may_be_a_call_alone():
    made = chat.example(TALK[3:5], {})
    assert (made["output"], made["calls"]) == ("", [CALL])


def test_names_of_columns_of_a_pool_are_kept_under_another_name():
    made = chat.example(TALK[1:3], {"instruction": "old", "output": "older", "prompt": "p"})
    assert (made["given_instruction"], made["given_output"], made["prompt"]) == (
        "old",
        "older",
        "p",
    )
    assert made["instruction"] == "Hi"


def test_an_answer_of_weight_zero_is_refused_and_one_in_the_history_is_marked():
    slip = {"role": "assistant", "content": "a slip", "weight": 0}
    with pytest.raises(DataError, match="its answer has weight 0"):
        chat.example([TALK[1], slip], {})
    made = chat.example([TALK[1], slip, *TALK[1:3]], {})
    assert made["history"][1]["weight"] == 0


def test_images_and_their_marks_must_agree():
    talk = [{"role": "user", "content": "<image>Who?"}, {"role": "assistant", "content": "Me."}]
    assert chat.example(talk, {"images": ["a.png"]})["images"] == ["a.png"]
    with pytest.raises(DataError, match="2 images for 1 marks <image>"):
        chat.example(talk, {"images": ["a.png", "b.png"]})


def test_keys_of_turns_are_kept_beside():
    made = chat.example([{**TALK[1], "name": "Ann"}, {**TALK[2], "time": 5}], {})
    assert made["turn_keys"] == [{"name": "Ann"}, {"time": 5}]


def test_a_prompt_alone_ends_with_the_user():
    made = chat.example(TALK[:4], {}, answered=False)
    assert (made["instruction"], made["output"]) == ("1 + 1?", "")
    with pytest.raises(DataError, match="must end with the user's message"):
        chat.example(TALK, {}, answered=False)
