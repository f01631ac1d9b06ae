import pytest

from lab import filters, records

WEATHER = {
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer", "minimum": 1},
            "unit": {"type": "string", "enum": ["C", "F"]},
            "hours": {"type": "array", "items": {"type": "number"}},
            "place": {"type": "object", "properties": {"lat": {"type": "number"}}},
        },
        "required": ["city"],
    },
}


def kept(arguments, tool=WEATHER, name="weather", **more):
    call = {"name": name, "arguments": arguments}
    row = {"instruction": "天气?", "output": "", "tools": [tool], "calls": [call], **more}
    return filters.valid_calls(records.frame([row])).item()


@pytest.mark.parametrize(
    ("arguments", "keep"),
    [
        ({"city": "北京"}, True),
        ({"city": "Bonn", "days": 2, "unit": "C", "hours": [1, 2.5], "place": {"lat": 50.7}}, True),
        ({}, False),  # one is missing
        ({"city": 5}, False),
        ({"city": None}, False),
        ({"city": "Bonn", "days": "2"}, False),
        ({"city": "Bonn", "days": 0}, False),
        ({"city": "Bonn", "days": True}, False),
        ({"city": "Bonn", "days": 1.5}, False),
        ({"city": "Bonn", "unit": "K"}, False),
        ({"city": "Bonn", "hours": ["one"]}, False),
        ({"city": "Bonn", "place": {"lat": "north"}}, False),
        ({"city": "Bonn", "wind": True}, False),  # one that the tool has not
        ('{"city": "Bonn"}', False),  # text that is no object
    ],
)
def test_arguments(arguments, keep):
    assert kept(arguments) is keep


def test_a_tool_that_is_not_there_in_any_turn():
    assert not kept({"city": "Bonn"}, name="wetter")
    assert not kept({}, tool={"name": "other"})
    called = {"role": "assistant", "content": "", "tool_calls": [{"name": "x", "arguments": {}}]}
    reply = {"role": "tool", "content": "1"}
    row = {"instruction": "?", "output": "1", "tools": [WEATHER]}
    asked = {"role": "user", "content": "?"}
    said = {"role": "assistant", "content": "1"}
    rows = [
        row,
        {**row, "steps": [called, reply]},
        {**row, "history": [asked, called, reply, said]},
    ]
    rows.append({"instruction": "?", "output": "1", "steps": [called, reply]})  # no tools at all
    assert filters.valid_calls(records.frame(rows)).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("dict", {}, []),
        ("List[str]", [], "a"),
        ("int, optional", 1, "1"),
        ("float", 1, "1"),
        ("bool", True, "yes"),
        ("STRING", "a", 1),
        (["string", "null"], None, 1),
    ],
)
def test_other_names_of_types(kind, good, bad):
    tool = {"name": "weather", "parameters": {"type": "dict", "properties": {"a": {"type": kind}}}}
    assert kept({"a": good}, tool)
    assert not kept({"a": bad}, tool)


def test_schemas_of_other_forms():
    wrapped = {"type": "function", "function": WEATHER}
    bare = {"name": "weather", "parameters": {"city": {"type": "str"}}, "required": ["city"]}
    for tool in (wrapped, bare):
        assert kept({"city": "Bonn"}, tool)
        assert not kept({}, tool)
    free = {"name": "weather", "parameters": {"properties": {}, "additionalProperties": True}}
    assert kept({"a": 1}, free)
    assert kept({"a": 1}, {"name": "weather"})
    code = {"type": "code_interpreter"}
    assert kept("print(1)", code, name="python")
    either = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
    tool = {"name": "weather", "parameters": {"properties": {"a": either}}}
    assert kept({"a": 1}, tool)
    assert not kept({"a": []}, tool)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.org/schema"},
        {"$ref": "#"},
        {"pattern": "(a+)+$", "type": "string"},
        {"type": "unheard-of"},
        {"enum": "none"},
        "text",
    ],
)
def test_a_schema_that_could_stop_a_program_or_says_nothing_is_no_bound(schema):
    tool = {"name": "weather", "parameters": {"properties": {"a": schema}}}
    assert kept({"a": "a" * 40 + "b"}, tool)


def test_a_schema_of_many_levels_ends():
    deep = {"type": "string"}
    for _ in range(60):
        deep = {"type": "array", "items": deep}
    tool = {"name": "weather", "parameters": {"properties": {"a": deep}}}
    assert kept({"a": []}, tool)
