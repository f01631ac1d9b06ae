import pytest

from lab.load import parse


def test_a_key_that_stands_twice_is_named():
    with pytest.raises(parse.RepeatedKeyError, match="the key 'a' stands twice"):
        parse.loads('{"b": {"a": 1, "c": 2, "a": 3}}')


def test_numbers_beyond_json():
    assert parse.loads("[NaN, Infinity, -Infinity, 123456789012345678901234567890]") == [
        None,
        float("inf"),
        float("-inf"),
        123456789012345678901234567890,
    ]


def test_depth_counts_lists_and_objects():
    assert not parse.too_deep({"a": [{"b": 1}]}, 3)
    assert parse.too_deep({"a": [{"b": 1}]}, 2)
    assert not parse.too_deep("text", 1)
