"""From raw replies to completions, of new servers and of old rows."""

import json
import sqlite3
from contextlib import closing

import pytest

from lab import llm
from lab.llm import replies
from lab.llm.store import Reply

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"a": 1}'}}


def completion(**reply):
    plain = {"text": None, "refusal": None, "finish_reason": "stop", "logprobs": None}
    row = Reply("k", "p", "m", {}, plain | {"served_by": None} | reply, 10, 5, 0.5)
    return replies.completion(row, cached=False)


def test_a_reply_that_calls_tools_is_no_empty_one():
    reply = completion(tool_calls=[CALL], finish_reason="tool_calls")
    assert (reply.text, reply.error) == ("", None)
    assert reply.tool_calls == ({"id": "c1", "name": "weather", "arguments": {"a": 1}},)


def test_calls_keep_their_order_and_what_cannot_be_read_stays_text():
    broken = {"id": None, "function": {"name": "b", "arguments": '{"a": '}}
    calls = replies.tool_calls([CALL, broken, {"function": None}, "x", {"function": {}}])
    assert [(call["id"], call["arguments"]) for call in calls] == [("c1", {"a": 1}), ("", '{"a": ')]
    assert replies.tool_calls(None) == ()


def test_an_empty_reply_that_thought_to_its_end_says_so():
    reply = completion(text="", finish_reason="length", reasoning_tokens=512)
    assert (reply.text, reply.reasoning_tokens) == (None, 512)
    assert reply.error == (
        "empty: the reply has no text (finish_reason=length, 512 tokens went into its thoughts)"
    )


def test_a_refusal_is_an_error_with_its_words():
    assert completion(text="", refusal="No.").error == "refusal: No."
    assert completion(text="x", finish_reason="content_filter").kind == "content_filter"


@pytest.mark.parametrize(
    "odd",
    [
        {"text": [{"type": "text", "text": "4"}]},
        {"text": 4},
        {"text": "4", "refusal": False},
        {"text": "4", "refusal": []},
        {"text": "4", "logprobs": {"content": 3}},
        {"text": "4", "logprobs": [{"token": 3}]},
        {"text": "4", "finish_reason": ["stop"]},
        {
            "text": "4",
            "thinking": 7,
            "tool_calls": "x",
            "reasoning_tokens": "y",
            "cached_tokens": [],
        },
    ],
)
def test_an_old_row_of_any_types_is_read(odd):
    reply = completion(**odd)
    assert (reply.text, reply.error) == ("4", None)


def test_thoughts_told_apart_and_in_the_text_are_both_kept():
    reply = completion(text="<think>b</think>4", thinking="a")
    assert (reply.text, reply.thinking) == ("4", "a\n\nb")


def test_cached_and_reasoning_tokens_are_priced_apart(client, ask, chat):
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "completion_tokens_details": {"reasoning_tokens": 40},
        "prompt_tokens_details": {"cached_tokens": 60},
    }
    prices = {"m": llm.Price(input_usd=1.0, output_usd=2.0, cached_usd=0.1)}
    there = client(
        lambda *_: chat("4", reasoning_content="2 + 2") | {"usage": usage}, prices=prices
    )
    [reply] = there.complete([ask("q")])
    assert reply.cost_usd == pytest.approx((40 * 1.0 + 60 * 0.1 + 50 * 2.0) / 1e6)
    assert (reply.thinking, reply.reasoning_tokens, reply.cached_tokens) == ("2 + 2", 40, 60)
    [again] = there.complete([ask("q")])
    assert (again.thinking, again.reasoning_tokens, again.cached) == ("2 + 2", 40, True)


def test_a_reply_of_parts_stops_no_other_row(client, ask, chat):
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "4"}]

    def answer(body, _):
        return chat(parts if body["messages"][-1]["content"] == "odd" else "fine")

    there = client(answer)
    for _ in range(2):  # new, and out of the store
        found = there.complete([ask("odd"), ask("plain")])
        assert [reply.text for reply in found] == ["4", "fine"]


def test_a_damaged_row_is_asked_again_and_replaced(client, ask, tmp_path):
    there = client()
    there.complete([ask("a"), ask("b"), ask("c")])
    with closing(sqlite3.connect(tmp_path / "replies.sqlite")) as db, db:
        keys = [key for (key,) in db.execute("SELECT key FROM replies ORDER BY made, key")]
        db.execute("UPDATE replies SET reply = 'no json' WHERE key = ?", [keys[0]])
        db.execute("UPDATE replies SET reply = '[]' WHERE key = ?", [keys[1]])
        good = dict(db.execute("SELECT key, reply FROM replies WHERE key = ?", [keys[2]]))
    found = there.complete([ask("a"), ask("b"), ask("c")])
    assert [reply.text for reply in found] == ["echo a", "echo b", "echo c"]
    assert len(there.scripted.bodies) == 5
    there.complete([ask("a"), ask("b"), ask("c")])
    assert len(there.scripted.bodies) == 5  # mended
    assert json.loads(good[keys[2]])["text"].startswith("echo")
