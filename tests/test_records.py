import pandas as pd
import pytest

from lab import hashing, records
from lab.errors import DataError

ROWS = [
    {"instruction": "Add.", "input": "1 2", "output": "3", "votes": 4},
    {"instruction": "说一个颜色。", "output": "红色"},
    {"instruction": "Add.", "input": "1 2", "output": "3", "votes": 9},
]


@pytest.fixture
def pool():
    return records.frame(ROWS, source="me")


def test_a_pool_has_the_schema_and_further_columns(pool):
    assert list(pool.columns) == [*records.COLUMNS, "votes"]
    assert pool.index.name == "id"
    assert pool["source"].tolist() == ["me", "me"]
    assert pool["history"].tolist() == [[], []]
    assert pool["input"].tolist() == ["1 2", ""]
    records.validate(pool)


def test_the_first_of_equal_rows_stays(pool):
    assert len(pool) == 2
    assert pool["votes"].iloc[0] == 4


def test_ids_are_hashes_of_the_texts(pool):
    assert pool.index[0] == hashing.example_id([], "Add.", "1 2", "3")


def test_an_empty_pool_is_a_pool():
    records.validate(records.frame([]))


def test_messages(pool):
    assert records.conversation(pool.iloc[0]) == [
        {"role": "user", "content": "Add.\n\n1 2"},
        {"role": "assistant", "content": "3"},
    ]
    turns = [{"role": "system", "content": "Be brief."}]
    row = {"history": turns, "instruction": "Hi", "input": "", "output": "Ho"}
    assert records.prompt(row) == [*turns, {"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"output": None}, r"row 0, field 'output': must be text, not NoneType"),
        ({"instruction": 7}, r"row 0, field 'instruction': must be text, not int \(got 7\)"),
        ({"history": "no"}, "row 0, field 'history': must be a list of messages"),
        (
            {"history": [{"role": "bot", "content": "x"}]},
            "role of system, developer, user, assistant",
        ),
        ({"output": "a \ud83d b"}, "row 0, field 'output': holds half of a surrogate pair"),
        ({"history": [{"role": "user", "content": "\udc00"}]}, "field 'history': holds half of"),
    ],
)
def test_a_bad_row_is_named(change, message):
    with pytest.raises(DataError, match=message):
        records.frame([{"instruction": "a", "output": "b", **change}])


def test_a_missing_text_is_named():
    with pytest.raises(DataError, match=r"row 1, field 'output': no 'output' \(has \['history'"):
        records.frame([{"instruction": "a", "output": "b"}, {"instruction": "a"}])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda pool: pool.drop(columns="source"), "needs the column 'source'"),
        (lambda pool: pool.rename_axis("key"), "indexed by 'id', this one by 'key'"),
        (lambda pool: pd.concat([pool, pool]), "ids must be distinct"),
        (lambda pool: pool.assign(output="changed"), "the text changed under its id"),
    ],
)
def test_validate_names_what_is_wrong(pool, spoil, message):
    with pytest.raises(DataError, match=message):
        records.validate(spoil(pool))


def test_fingerprint_depends_on_order_and_ids_only(pool):
    assert records.fingerprint(pool) == records.fingerprint(pool.assign(votes=0))
    assert records.fingerprint(pool) != records.fingerprint(pool.iloc[::-1])
    assert records.fingerprint(pool.index) == records.fingerprint(pool)


DESCRIBED = [
    {"instruction": "a b", "output": "c", "thinking": "t", "history": []},
    {"instruction": "a b", "output": "", "tools": [{"name": "f"}], "category": "x"},
    {"instruction": "d", "output": "e f g", "history": [{"role": "user", "content": "q"}]},
]


def test_a_pool_is_described():
    pool = records.frame(DESCRIBED, source="s")
    languages = pd.Series(["en", "zh", "en"], index=pool.index)
    found = records.describe(pool, languages=languages)
    assert found["examples"] == 3
    assert found["instructions that stand more than once"] == 1
    assert (found["with a history"], found["empty answers"]) == (1, 1)
    assert (found["with thinking"], found["with tools"], found["with calls"]) == (1, 1, 0)
    assert (found["characters of the instruction, median"], found["categories"]) == (3, 1)
    assert found["languages"] == 2
    assert records.describe(records.frame([]))["examples"] == 0


def test_a_pool_is_counted_by_its_kinds():
    pool = records.frame(DESCRIBED, source="s")
    languages = pd.Series(["en", "zh", "en"], index=pool.index)
    assert records.composition(pool, languages=languages)["examples"].to_dict() == {
        ("source", "s"): 3,
        ("category", "x"): 1,
        ("language", "en"): 2,
        ("language", "zh"): 1,
        ("turns", "1"): 2,
        ("turns", "2"): 1,
        ("holds", "tools"): 1,
        ("holds", "thinking"): 1,
    }
    many = records.frame([{"instruction": f"{n}", "output": "", "category": n} for n in range(9)])
    assert records.composition(many, most=2).loc["category", "examples"].to_dict() == {
        "0": 1,
        "1": 1,
        "others": 7,
    }
    assert records.composition(records.frame([])).empty


def test_a_conversation_is_read_turn_by_turn_with_tools_and_thinking_folded():
    call = {"name": "add", "arguments": {"a": 1}}
    row = {
        "instruction": "1+1?",
        "output": "",
        "calls": [call],
        "thinking": "two",
        "tools": [{"function": {"name": "add"}}, {"name": "say"}],
        "steps": [{"role": "tool", "content": "long\n" * 50}],
    }
    tools, user, tool, answer = records.turns(records.frame([row]).iloc[0])
    assert tools[2][0][0] == "2 tools: add, say"
    assert user == ("user", "1+1?", [])
    (summary, reply), *_ = tool[2]
    assert (tool[1], reply) == ("", "long\n" * 50)
    assert summary.endswith("…")
    assert len(summary) < 80
    assert answer == ("assistant", "", [("thinking", "two"), ("calls add", '{\n "a": 1\n}')])
