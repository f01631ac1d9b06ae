import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import hashing

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_digest_by_definition():
    expected = hashlib.sha256(b'{"a":[1,2],"b":null}').hexdigest()
    assert hashing.digest({"b": None, "a": (1, 2)}) == expected
    assert hashing.digest({"b": None, "a": (1, 2)}, digits=12) == expected[:12]


@given(plain)
def test_canonical_form_is_json_of_the_same_value(value):
    assert json.loads(hashing.canonical(value)) == value


def test_key_order_does_not_matter_and_list_order_does():
    assert hashing.digest({"a": 1, "b": 2}) == hashing.digest({"b": 2, "a": 1})
    assert hashing.digest([1, 2]) != hashing.digest([2, 1])
    assert hashing.digest({3, 1, 2}) == hashing.digest([1, 2, 3])


def test_numpy_values_count_as_plain_ones():
    assert hashing.digest([np.int64(3), np.array([1.5])]) == hashing.digest([3, [1.5]])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="JSON compliant"):
        hashing.digest([value])


@pytest.mark.parametrize("value", [object(), b"bytes", {1: "a"}])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(TypeError, match="canonical|keys must be str"):
        hashing.digest(value)


def test_example_id_is_fixed_for_all_time():
    text = '[[],"Add 1 and 2.","","3"]'
    expected = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert hashing.example_id([], "Add 1 and 2.", "", "3") == expected


def test_a_text_that_moves_between_fields_is_another_example():
    assert hashing.example_id([], "a", "b", "c") != hashing.example_id([], "a b", "", "c")


def test_file_hash(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert hashing.file(path) == hashlib.sha256(b"abc").hexdigest()
