import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import DataError
from lab.load import thoughts

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT.filter(bool), TEXT)
def test_what_is_joined_is_split_again(thinking, answer):
    if "</think>" in thinking:
        with pytest.raises(DataError, match="cannot be written inline"):
            thoughts.join(thinking, answer)
    else:
        assert thoughts.split(thoughts.join(thinking, answer)) == (thinking, answer)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<thinking>a</thinking>b", ("a", "b")),
        ("<reasoning>a</reasoning>\nb", ("a", "b")),
        ("a</think>b", ("a", "b")),
        ("The tag <think> opens.", ("", "The tag <think> opens.")),
        (
            "<|begin_of_thought|>\n\na\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\nb\n\n<|end_of_solution|>",
            ("a", "b"),
        ),
    ],
)
def test_other_spellings(text, parts):
    assert thoughts.split(text) == parts


def test_thinking_that_broke_off_is_an_error():
    with pytest.raises(DataError, match="its thinking does not end"):
        thoughts.split("<think>\nand then")
