import pytest

from lab.errors import DataError
from lab.load import turns

TEXT = '{"id": "c1", "name": "add", "arguments": {"a": 1}}'

CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
OURS = {"id": "c1", "name": "add", "arguments": {"a": 1}}


def only(given):
    (turn,) = turns.read(given)
    return turn


@pytest.mark.parametrize(
    "given",
    [
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "assistant", "content": "", "tool_calls": [{**OURS, "type": "function"}]},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}}],
        },
        {
            "role": "assistant",
            "content": [{"type": "tool_call", "value": TEXT}],
        },
        {"from": "function_call", "value": TEXT},
        {
            "from": "gpt",
            "value": f"<tool_call>\n{TEXT}\n</tool_call>",
        },
    ],
)
def test_a_call_in_every_spelling(given):
    assert only(given).message == {"role": "assistant", "content": "", "tool_calls": [OURS]}


@pytest.mark.parametrize(
    "given",
    [
        {"role": "assistant", "content": "4", "reasoning_content": "2 and 2"},
        {"role": "assistant", "content": "4", "thinking": "2 and 2"},
        {"role": "assistant", "content": "4", "reasoning": "2 and 2"},
        {"role": "assistant", "content": "<think>\n2 and 2\n</think>\n\n4"},
        {"role": "assistant", "content": "2 and 2\n</think>\n\n4"},
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "2 and 2"}, {"type": "text", "text": "4"}],
        },
        {
            "role": "assistant",
            "content": [{"type": "reasoning", "value": "2 and 2"}, {"type": "text", "value": "4"}],
        },
        {"from": "gpt", "value": "4", "reasoning_content": "2 and 2"},
    ],
)
def test_thinking_in_every_spelling(given):
    assert only(given).message == {"role": "assistant", "content": "4", "thinking": "2 and 2"}


def test_two_parallel_calls_keep_their_order_and_their_text():
    found = only(
        {"role": "assistant", "content": "Both.", "tool_calls": [CALL, {**CALL, "id": "c0"}]}
    )
    assert found.message["content"] == "Both."
    assert [call["id"] for call in found.message["tool_calls"]] == ["c1", "c0"]


def test_replies_of_tools():
    assert only({"role": "tool", "tool_call_id": "c1", "name": "add", "content": "3"}).message == {
        "role": "tool",
        "content": "3",
        "tool_call_id": "c1",
        "name": "add",
    }
    assert only({"from": "observation", "value": "3"}).message == {"role": "tool", "content": "3"}
    both = turns.read(
        {
            "from": "tool",
            "value": "<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response>",
        }
    )
    assert [turn.message["content"] for turn in both] == ["1", "2"]


def test_images_leave_a_mark_in_the_text():
    parts = [{"type": "image_url", "image_url": {"url": "a.png"}}, {"type": "text", "text": "Who?"}]
    found = only({"role": "user", "content": parts})
    assert (found.message["content"], found.images) == ("<image>Who?", ["a.png"])


def test_keys_without_a_place_are_kept_beside():
    found = only({"role": "user", "content": "x", "timestamp": 7, "markdown": None})
    assert found.rest == {"timestamp": 7}


@pytest.mark.parametrize("key", ["weight", "loss_weight", "loss", "train", "loss_mask"])
def test_a_weight_of_zero_is_kept_and_one_is_the_rule(key):
    assert only({"role": "assistant", "content": "x", key: 0}).message["weight"] == 0
    assert "weight" not in only({"role": "assistant", "content": "x", key: True}).message
    assert "weight" not in only({"role": "user", "content": "x", key: 0}).message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"role": "bot", "content": "x"}, "role must be one of system, developer, user"),
        ({"role": "user", "content": [{"type": "audio"}]}, "holds a part of type audio"),
        ({"role": "user", "content": None}, "content must be text"),
        ({"role": "assistant", "content": None}, "content must be text"),
        ({"role": "assistant", "content": "<think>cut"}, "its thinking does not end"),
        ({"role": "assistant", "content": "x", "weight": 0.5}, "must be 0 or 1"),
        ({"role": "user", "content": "x", "weight": 1}, "only answers are trained on"),
        ({"role": "user", "content": "x", "tool_calls": [CALL]}, "a user's message cannot think"),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[1]"}}]},
            "must be an object",
        ),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]},
            "cannot be read as J",
        ),
        ({"role": "assistant", "tool_calls": [{"function": {}}]}, "a call needs the name"),
    ],
)
def test_what_cannot_be_kept_whole_is_refused(given, message):
    with pytest.raises(DataError, match=message):
        turns.read(given)


def test_replies_of_tools_in_the_users_message_are_the_tools_own():
    use = {"type": "tool_use", "id": "t1", "name": "add", "input": {"a": 1}}
    reply = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "2"}]}
    said = {"role": "user", "content": [reply, {"type": "text", "text": "And now?"}]}
    tool, user = (turn.message for turn in turns.read(said))
    assert tool == {"role": "tool", "tool_call_id": "t1", "content": "2"}
    assert user == {"role": "user", "content": "And now?"}
    (answer,) = turns.read(
        {"role": "assistant", "content": [{"type": "text", "text": "I add."}, use]}
    )
    assert answer.message["tool_calls"] == [{"id": "t1", "name": "add", "arguments": {"a": 1}}]
    assert len(turns.read({**said, "content": [reply]})) == 1
