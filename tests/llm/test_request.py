"""What a request says, and what names it in the store."""

import pytest

from lab import llm
from lab.llm import request


def body(**settings):
    return llm.Request([{"role": "user", "content": "q"}], **settings).body("m")


def test_what_is_not_asked_for_is_not_sent():
    assert body().keys() == {"model", "messages", "temperature", "top_p", "max_tokens"}
    assert body(temperature=None, top_p=None).keys() == {"model", "messages", "max_tokens"}
    assert body(reasoning_effort="low", verbosity="high", extra={"top_k": 20}).items() >= {
        "reasoning_effort": "low", "verbosity": "high", "top_k": 20
    }.items()  # fmt: skip


def test_the_name_of_a_request_says_all_that_is_asked_and_old_names_stay():
    def key(**settings):
        return request.call(
            llm.Request([{"role": "user", "content": "q"}], **settings), "m", provider="p"
        ).key

    plain = key()
    assert plain.startswith("f46ce3102e3cde13")  # what was bought before is found again
    others = {
        key(temperature=None), key(top_p=None), key(reasoning_effort="low"), key(verbosity="low"),
        key(extra={"top_k": 1}), key(extra={"top_k": 2}), plain,
    }  # fmt: skip
    assert len(others) == 7
    assert key(extra={}) == plain


@pytest.mark.parametrize("name", ["temperature", "stream", "n", "model", "max_completion_tokens"])
def test_extra_cannot_say_what_a_request_says_elsewhere(name):
    with pytest.raises(ValueError, match=f"extra must not hold .* got {name}"):
        llm.Request([{"role": "user", "content": "q"}], extra={name: 1})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1}, "temperature must be 0 or more, got -1"),
        ({"top_p": 0}, "top_p must be above 0 and at most 1, got 0"),
        ({"max_tokens": 0}, "max_tokens must be 1 or more, got 0"),
        ({"draw": -1}, "draw must be 0 or more, got -1"),
        ({"top_logprobs": 21}, "top_logprobs must be from 0 to 20, got 21"),
    ],
)
def test_numbers_have_bounds(settings, message):
    with pytest.raises(ValueError, match=message):
        body(**settings)
