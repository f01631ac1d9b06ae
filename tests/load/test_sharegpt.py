import json

from lab import load


def read(tmp_path, *talks, **options):
    path = tmp_path / "talks.jsonl"
    rows = [
        {"conversations": [{"from": who, "value": text} for who, text in talk]} for talk in talks
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return load.sharegpt(path, **options)


TALK = [("human", "q1"), ("gpt", "a1"), ("human", "q2"), ("gpt", "a2")]


def test_what_is_said_before_and_after_the_exchanges_is_left_out_and_counted(tmp_path):
    row = read(tmp_path, [("gpt", "Hello!"), *TALK, ("human", "bye")]).pool.iloc[0]
    assert (row["instruction"], row["output"], row["left_out"]) == ("q2", "a2", 2)
    assert [turn["content"] for turn in row["history"]] == ["q1", "a1"]


def test_turns_of_one_speaker_are_joined_or_refused(tmp_path):
    talk = [("human", "q"), ("human", "more"), ("gpt", "a")]
    row = read(tmp_path, talk, TALK).pool.iloc[0]
    assert (row["instruction"], row["joined"]) == ("q\n\nmore", 1)
    refused = read(tmp_path, talk, TALK, mend=False).refused
    assert refused["reason"].tolist() == ["conversations: two turns of the user in a row"]


def test_pages_become_markdown_and_texts_about_html_stay(tmp_path):
    page = "<div><p>Use <code>x</code>:</p><pre><code>pythonCopy code\n</code></pre></div>"
    pool = read(
        tmp_path, [("human", "<p>q</p>"), ("gpt", page)], [("human", "b"), ("gpt", "Use <p>.")]
    ).pool
    assert pool["instruction"].tolist() == ["<p>q</p>", "b"]
    assert pool["output"].iloc[0].startswith("Use `x`:")
    assert pool["output"].iloc[1] == "Use <p>."


def test_long_talks_are_split_between_exchanges(tmp_path):
    found = read(tmp_path, [("system", "s"), *TALK], most=5)
    assert found.pool[["instruction", "output", "piece"]].values.tolist() == [
        ["q1", "a1", 0],
        ["q2", "a2", 1],
    ]
    assert [turn["role"] for turn in found.pool["history"].iloc[1]] == ["system"]
    assert found.rows == 2


def test_tools_in_llama_factorys_form(tmp_path):
    call = '{"name": "f", "arguments": {"a": 1}}'
    talk = [("human", "q"), ("function_call", call), ("observation", "1"), ("gpt", "one")]
    row = read(tmp_path, talk).pool.iloc[0]
    assert [turn["role"] for turn in row["steps"]] == ["assistant", "tool"]
    assert row["steps"][0]["tool_calls"] == [{"name": "f", "arguments": {"a": 1}}]


def test_pairs_of_human_and_assistant_are_two_turns(tmp_path):
    path = tmp_path / "pairs.jsonl"
    pairs = [
        {"human": "你好", "assistant": "你好！"},
        {"human": "1 + 1？", "assistant": "2", "time": 3},
    ]
    path.write_text(json.dumps({"conversation": pairs, "category": "闲聊"}) + "\n")
    row = load.auto(path).pool.iloc[0]
    assert [turn["content"] for turn in row["history"]] == ["你好", "你好！"]
    assert (row["instruction"], row["output"], row["category"]) == ("1 + 1？", "2", "闲聊")
    assert row["turn_keys"] == [{}, {}, {"time": 3}, {}]
