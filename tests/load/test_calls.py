import pytest

from lab.errors import DataError
from lab.load import calls


def test_arguments_as_text_or_object_or_absent():
    for arguments in ('{"a": 1}', {"a": 1}):
        assert calls.call({"name": "f", "arguments": arguments})["arguments"] == {"a": 1}
    assert calls.call({"name": "f", "arguments": ""})["arguments"] == {}
    assert calls.call({"name": "f"})["arguments"] == {}


def test_tools_are_wrapped_and_other_types_stay():
    assert calls.tools([{"name": "f", "type": "function", "strict": True}]) == [
        {"type": "function", "function": {"name": "f", "strict": True}}
    ]
    assert calls.tools([{"type": "code_interpreter"}]) == [{"type": "code_interpreter"}]
    assert calls.tools("[]") == calls.tools(None) == calls.tools("") == []
    with pytest.raises(DataError, match="must be a list of schemas"):
        calls.tools([1])


def test_tags_that_are_no_calls_stay_text():
    for text in ("Write <tool_call> tags.", "<tool_call>\nnot json\n</tool_call>", "<tool_call>{}"):
        assert calls.tagged(text) == (text, [])
    text = '<tool_call>{"name": "f"}</tool_call> and then more'
    assert calls.tagged(text) == (text, [])
    assert calls.tagged('First.\n<tool_call>{"name": "f"}</tool_call>') == (
        "First.",
        [{"name": "f", "arguments": {}}],
    )


def test_deep_arguments_are_refused():
    with pytest.raises(DataError, match="nested deeper than 64 levels"):
        calls.call({"name": "f", "arguments": '{"a": ' + "[" * 70 + "]" * 70 + "}"})
