from lab.load import documents


def test_what_counts_as_json_lines():
    assert documents.is_lines(b'{"a": 1}\n')
    assert documents.is_lines(b'{"a": 1},\n')
    assert documents.is_lines(b'[{"role": "user", "content": "x"}]\n')
    assert not documents.is_lines(b'[{"instruction": "x"}]\n')
    assert not documents.is_lines(b"{\n")
    assert not documents.is_lines(b"[\n")


def test_columns_of_unequal_length_are_no_table():
    value = {"a": [1, 2], "b": [1]}
    assert documents.unwrapped(value) == [value]


def test_several_lists_of_objects_leave_a_doubt():
    value = {"a": [{"x": 1}], "b": [{"x": 2}, {"x": 3}]}
    assert documents.unwrapped(value) == [value]
    assert documents.holders(value) == ["a", "b"]


def test_a_row_with_a_list_of_objects_wraps_nothing():
    value = {"instruction": "a", "output": "", "calls": [{"name": "f", "arguments": {}}]}
    assert documents.unwrapped(value) == [value]
