"""What a server's JSON means, of whatever types it is made."""

import json

import pytest

from lab.llm import protocol

JSON = {"content-type": "application/json"}


def body(content="fine", *, finish="stop", usage=None, **choice):
    message = choice.pop("message", {"role": "assistant", "content": content})
    found = {
        "model": "served",
        "choices": [{"message": message, "finish_reason": finish, **choice}],
    }
    return found | ({"usage": usage} if usage is not None else {})


def read(found):
    return protocol.read(found, json.dumps(found), JSON)


@pytest.mark.parametrize(
    ("content", "text", "thinking"),
    [
        ("plain", "plain", None),
        (None, None, None),
        ([{"type": "text", "text": "4"}], "4", None),
        (["4", {"type": "output_text", "text": "2"}], "42", None),
        ({"type": "text", "text": "4"}, "4", None),
        (
            [
                {"type": "thinking", "thinking": [{"type": "text", "text": "two and two"}]},
                {"type": "text", "text": "4"},
            ],
            "4",
            "two and two",
        ),
        ([{"type": "reasoning", "summary": [{"text": "sum"}]}, {"text": "4"}], "4", "sum"),
        ([{"type": "thinking", "thinking": "only"}], "", "only"),
        ([{"type": "text", "text": None}, {"type": "text", "text": "4"}], "4", None),
        ([{"type": "image_url", "image_url": {"url": "x"}}], "", None),
        (4, "4", None),
        (True, "true", None),
        ({"score": 5}, '{"score": 5}', None),
        ([1, 2], "[1, 2]", None),
        ([], None, None),
    ],
)
def test_content_of_any_type_is_text(content, text, thinking):
    found = protocol.content(content)
    assert (found.text, found.thinking) == (text, thinking)
    reply = read(body(content)).reply
    assert (reply["text"], reply.get("thinking")) == (text, thinking)


def test_parts_are_kept_as_they_came():
    parts = [{"type": "text", "text": "4"}, {"type": "image", "data": "…"}]
    assert read(body(parts)).reply["content"] == parts


@pytest.mark.parametrize("refusal", ["No.", ["No."], [{"type": "text", "text": "No."}]])
def test_a_refusal_of_any_type_is_one(refusal):
    message = {"content": None, "refusal": refusal}
    assert read(body(message=message)).reply["refusal"] == "No."
    inside = [{"type": "refusal", "refusal": "No."}]
    assert read(body(inside)).reply["refusal"] == "No."


@pytest.mark.parametrize("refusal", [None, False, [], {}, ""])
def test_no_refusal_is_none(refusal):
    assert read(body(message={"content": "x", "refusal": refusal})).reply["refusal"] is None


TOKEN = {"token": "m", "logprob": -0.1}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"content": [TOKEN | {"top_logprobs": [TOKEN]}]}, [TOKEN | {"top_logprobs": [TOKEN]}]),
        ({"content": [TOKEN | {"top_logprobs": None}]}, [TOKEN | {"top_logprobs": []}]),
        ({"content": [TOKEN]}, [TOKEN | {"top_logprobs": []}]),
        (
            {"content": [TOKEN | {"top_logprobs": [None, TOKEN, {}]}]},
            [TOKEN | {"top_logprobs": [TOKEN]}],
        ),
        ([TOKEN], [TOKEN | {"top_logprobs": []}]),
        ({"content": None}, None),
        ({"content": [None]}, None),
        ({"content": [{"token": "m", "logprob": None}]}, None),
        ({"content": [{"token": "m", "logprob": float("nan")}]}, None),
        ({"tokens": ["m"], "token_logprobs": [-0.1]}, None),
        ("none", None),
        (None, None),
    ],
)
def test_logprobs_that_cannot_be_read_are_none_and_the_reply_is_whole(told, expected):
    answer = read(body(logprobs=told))
    assert answer.reply["text"] == "fine"
    assert answer.reply["logprobs"] == expected


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 3}, (7, 3)),
        ({"prompt_tokens": "7", "completion_tokens": 3.0}, (7, 3)),
        ({"prompt_tokens": "many", "completion_tokens": None}, (0, 0)),
        ({"prompt_tokens": -1, "completion_tokens": True}, (0, 0)),
        ([7, 3], (0, 0)),
        ("7", (0, 0)),
        (None, (0, 0)),
    ],
)
def test_usage_of_any_type_counts_what_is_told(usage, counts):
    answer = read(body(usage=usage))
    assert (answer.prompt_tokens, answer.completion_tokens) == counts


def test_reasoning_and_cached_tokens_are_parts_and_never_added_twice():
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "completion_tokens_details": {"reasoning_tokens": 40},
        "prompt_tokens_details": {"cached_tokens": 60},
    }
    answer = read(body(usage=usage))
    assert (answer.prompt_tokens, answer.completion_tokens) == (100, 50)
    assert (answer.reply["reasoning_tokens"], answer.reply["cached_tokens"]) == (40, 60)
    apart = read(body(usage=usage | {"completion_tokens": 10}))  # a server that counts them apart
    assert (apart.completion_tokens, apart.reply["reasoning_tokens"]) == (50, 40)
    plain = read(body(usage={"prompt_tokens": 1, "completion_tokens": 1}))
    assert not {"reasoning_tokens", "cached_tokens"} & plain.reply.keys()
    odd = {"completion_tokens_details": None, "prompt_tokens_details": 3, "prompt_tokens": 5}
    assert read(body(usage=odd)).prompt_tokens == 5


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thoughts_told_apart_are_kept_apart(name):
    reply = read(body(message={"content": "4", name: "two and two"})).reply
    assert (reply["text"], reply["thinking"]) == ("4", "two and two")


def test_other_words_for_the_same_end():
    ends = {"STOP": "stop", "max_tokens": "length", "sensitive": "content_filter"}
    for word, meant in ends.items():
        assert read(body(finish=word)).reply["finish_reason"] == meant
    assert read(body(finish={"reason": 3})).reply["finish_reason"] is None


@pytest.mark.parametrize(
    "found",
    [None, [], "text", 3, {}, {"choices": []}, {"choices": None}, {"choices": {"a": 1}},
     {"choices": [None]}, {"choices": [{"message": None}]}, {"choices": [{"message": "x"}]},
     {"choices": None, "error": None}],
)  # fmt: skip
def test_what_is_no_completion_is_malformed(found):
    trouble = protocol.read(found, "text", {"content-type": "text/plain"})
    assert trouble.kind == "malformed"
    assert "text/plain" in trouble.message
    assert trouble.raw == "text"
    assert trouble.may_be_billed


@pytest.mark.parametrize(
    ("failure", "kind", "message"),
    [
        ({"message": "Slow", "code": 429}, "rate_limit", "Slow"),
        ({"message": "Slow", "code": "429"}, "rate_limit", "Slow"),
        ({"message": "Slow", "code": "rate_limit_exceeded"}, "rate_limit", "Slow"),
        ({"message": "Slow", "type": "rate_limit_error"}, "rate_limit", "Slow"),
        ({"message": "Late", "code": 502}, "server", "Late"),
        ({"message": "Late", "type": "overloaded_error"}, "server", "Late"),
        ({"message": "Late"}, "server", "Late"),
        ({"message": "No such model: x", "code": 404}, "bad_request", "No such model: x"),
        ({"message": "Who?", "code": "model_not_found"}, "no_model", "Who?"),
        ({"message": "Too long", "code": "context_length_exceeded"}, "bad_request", "Too long"),
        ({"message": "Who?", "code": 401}, "denied", "Who?"),
        ({"message": "Pay", "code": 402}, "no_quota", "Pay"),
        ({"message": "Pay", "code": "insufficient_quota"}, "no_quota", "Pay"),
        ("model is loading", "server", "model is loading"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "odd"}]}, "server", "body.seed: odd"),
    ],
)
def test_an_error_inside_status_200_counts_as_its_code_says(failure, kind, message):
    for found in (
        {"error": failure},
        {"choices": None, "error": failure},
        {"choices": [], "error": failure},
    ):
        trouble = read(found)
        assert (trouble.kind, trouble.message) == (kind, message)
        assert not trouble.may_be_billed


def test_errors_in_other_places_are_errors():
    assert read({"detail": "Not ready"}).message == "Not ready"
    assert read({"object": "error", "message": "bad", "code": 400}).kind == "bad_request"
    broken = body("half a", error={"message": "upstream", "code": 502})
    assert (read(broken).kind, read(broken).message) == ("server", "upstream")
    ended = body("half a", finish="error", usage={"prompt_tokens": 5, "completion_tokens": 2})
    assert read(ended).kind == "server"
    assert read(ended).may_be_billed  # it was counted


def test_an_error_status_with_any_body_says_what_it_can():
    def told(status, content):
        trouble = protocol.refused(
            status, content if isinstance(content, str) else json.dumps(content), {}
        )
        return trouble.kind, trouble.message

    assert told(500, {"error": {"message": "oops"}}) == ("server", "Error code: 500 - oops")
    assert told(404, {"error": "model 'x' not found"})[0] == "no_model"
    assert told(404, {"error": {"message": "no file", "code": "not_found"}})[0] == "bad_request"
    assert told(429, {"error": {"message": "pay", "code": "insufficient_quota"}})[0] == "no_quota"
    assert told(503, "<html>busy</html>") == ("server", "Error code: 503 - <html>busy</html>")
    assert told(400, "") == ("bad_request", "Error code: 400 - no reason given")
    assert told(529, {"type": "error", "error": {"type": "overloaded_error"}})[0] == "server"
    assert told(402, {})[0] == "no_quota"
    waiting = protocol.refused(429, "{}", {"retry-after": "3"})
    assert waiting.wait_s == 3.0
