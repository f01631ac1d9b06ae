import json

import pytest

from lab import load, records
from lab.load.exchanges import every_answer

CALL = {"id": "c1", "function": {"name": "add", "arguments": '{"a": 1}'}}
TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "assistant", "content": "Welcome."},
    {"role": "user", "content": "Hi", "name": "Ann"},
    {"role": "assistant", "content": "Hello", "reasoning_content": "greet"},
    {"role": "user", "content": "1 + 1?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "content": "2", "tool_call_id": "c1"},
    {"role": "assistant", "content": "2"},
    {"role": "user", "content": "Bye"},
    {"role": "assistant", "content": "slip", "weight": 0},
    {"role": "user", "content": "And now?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "content": "3"},
    {"role": "assistant", "content": "3", "reasoning_content": "it said 3"},
]
TOOL = {"type": "function", "function": {"name": "add"}}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "talk.jsonl"
    file.write_text(json.dumps({"messages": TURNS, "tools": [TOOL], "topic": "sums"}) + "\n")
    return file


def test_every_answer_is_an_example_of_its_own(path):
    found = load.messages(path, every_turn=True)
    pool = records.validate(found.pool)
    assert found.rows == len(pool) == 5
    assert pool["output"].tolist() == ["Hello", "", "2", "", "3"]
    assert pool["instruction"].tolist() == ["Hi", "1 + 1?", "1 + 1?", "And now?", "And now?"]
    assert pool["thinking"].tolist() == ["greet", "", "", "", "it said 3"]
    assert [len(calls) for calls in pool["calls"]] == [0, 1, 0, 1, 0]
    assert [len(steps) for steps in pool["steps"]] == [0, 0, 2, 0, 2]
    assert [len(turns) for turns in pool["history"]] == [2, 4, 4, 10, 10]
    assert pool["turn"].tolist() == [0, 1, 2, 3, 4]
    assert pool["topic"].tolist() == ["sums"] * 5
    assert all(tools == [TOOL] for tools in pool["tools"])


def test_the_last_one_keeps_the_id_that_the_conversation_has(path):
    last = load.messages(path).pool
    every = load.messages(path, every_turn=True).pool
    assert every.index[-1] == last.index[0]
    assert set(every["conversation"]) == {last.index[0]}


def test_each_is_the_conversation_up_to_it(path):
    whole = records.conversation(load.messages(path).pool.iloc[0])
    for _, row in load.messages(path, every_turn=True).pool.iterrows():
        talk = records.conversation(row)
        expected = [dict(turn) for turn in whole[: len(talk)]]
        asked = len(row["history"])
        assert talk[:asked] == expected[:asked]
        assert talk[asked:] == [
            {name: value for name, value in turn.items() if name != "name"}
            for turn in expected[asked:]
        ]


def test_what_a_message_holds_beside_its_text_is_not_lost(path, tmp_path):
    first = load.messages(path, every_turn=True).pool.iloc[0]
    assert first["turn_keys"] == [{}, {}, {"name": "Ann"}, {}]
    back = load.messages(
        load.save.messages(load.messages(path, every_turn=True).pool, tmp_path / "back.jsonl")
    ).pool
    assert back.index.tolist() == load.messages(path, every_turn=True).pool.index.tolist()


def test_the_images_are_those_shown_so_far():
    said = [
        {"role": "user", "content": "<image> What?"},
        {"role": "assistant", "content": "A cat."},
    ]
    talk = {"history": said, "instruction": "<image> And?", "input": "", "output": "A dog."}
    first, last = every_answer({**talk, "images": ["cat.png", "dog.png"]})
    assert first["images"] == ["cat.png"]
    assert last["images"] == ["cat.png", "dog.png"]


def test_exchanges_that_stand_twice_are_counted(tmp_path):
    path = tmp_path / "talks.jsonl"
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    longer = [*talk, {"role": "user", "content": "Bye"}, {"role": "assistant", "content": "Bye"}]
    path.write_text("".join(json.dumps({"messages": one}) + "\n" for one in (talk, longer)))
    found = load.messages(path, every_turn=True)
    assert (found.rows, len(found.pool), len(found.refused)) == (3, 2, 1)
    assert found.refused["reason"].tolist() == ["the same four texts as an earlier row"]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("alpaca", {"instruction": "b", "output": "y", "history": [["a", "x"]]}),
        (
            "sharegpt",
            {
                "conversations": [
                    {"from": f, "value": v}
                    for f, v in zip(("human", "gpt") * 2, "axby", strict=True)
                ]
            },
        ),
    ],
)
def test_other_readers_of_conversations_take_it_too(tmp_path, name, row):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    for read in (getattr(load, name), load.auto):
        pool = read(path, every_turn=True).pool
        assert pool[["instruction", "output"]].to_numpy().tolist() == [["a", "x"], ["b", "y"]]


def test_formats_without_conversations_refuse_it(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"instruction": "a", "response": "b"}\n')
    with pytest.raises(ValueError, match=r"every_turn is not for load\.dolly"):
        load.auto(path, every_turn=True)
