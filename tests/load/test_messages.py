import json
import re

import pytest

from lab import load, records

TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Ho"},
    {"role": "user", "content": "And?"},
    {"role": "assistant", "content": "没有了。"},
]


def write(tmp_path, *conversations):
    path = tmp_path / "chat.jsonl"
    path.write_text("".join(json.dumps({"messages": turns}) + "\n" for turns in conversations))
    return path


def test_the_last_exchange_becomes_instruction_and_output(tmp_path):
    pool = load.messages(write(tmp_path, TURNS)).pool
    row = pool.iloc[0]
    assert (row["instruction"], row["output"]) == ("And?", "没有了。")
    assert row["history"] == TURNS[:3]
    assert records.conversation(row) == TURNS


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([], "must be a list of messages"),
        ("text", "must be a list of messages"),
        (TURNS[:4], "must end with the assistant's answer"),
        (TURNS[2:3], "holds no message of the user"),
        (
            [{"role": "bot", "content": "x"}],
            "role must be one of system, developer, user, assistant, tool",
        ),
        ([{"role": "user", "content": [{"type": "video"}]}], "holds a part of type video"),
        (["hello"], "a message must be an object"),
    ],
)
def test_a_bad_conversation_is_refused(tmp_path, turns, reason):
    loaded = load.messages(write(tmp_path, TURNS, turns))
    assert len(loaded.pool) == 1
    refused = loaded.refused.iloc[0]
    assert (refused["row"], refused["field"]) == (2, "messages")
    assert re.match(f"(messages:? )?{reason}", refused["reason"])
    assert "messages" in refused["reason"]


@pytest.mark.realdata
def test_real_chat_messages(shared):
    loaded = load.messages(shared / "data/messages_format/tulu_sft_sample.jsonl.gz")
    assert loaded.rows == 100 == len(loaded.pool) + len(loaded.refused)
    records.validate(loaded.pool)
