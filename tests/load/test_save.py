import json

import pandas as pd
import pytest

from lab import load, records
from lab.errors import DataError

ROWS = [
    {"instruction": "a\u2028b", "input": "x", "output": "红色", "votes": 3.5},
    {"instruction": "c", "output": "d", "source": "me"},
]
TURNS = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "r"}]


@pytest.fixture
def pool():
    return records.frame(ROWS, source="test")


@pytest.mark.parametrize("name", ["pool.jsonl", "pool.jsonl.gz", "pool.parquet"])
def test_a_whole_pool_comes_back_equal(pool, tmp_path, name):
    write = load.save.parquet if name.endswith("parquet") else load.save.jsonl
    pool = pd.concat([pool, records.frame([{**ROWS[1], "history": TURNS, "votes": 1.0}])])
    back = load.saved(write(pool, tmp_path / name))
    pd.testing.assert_frame_equal(back, pool)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_alpaca_json_is_what_alpaca_readers_read(pool, tmp_path):
    path = load.save.alpaca(pool, tmp_path / "alpaca.json")
    assert json.loads(path.read_text()) == [
        {"instruction": "a\u2028b", "input": "x", "output": "红色"},
        {"instruction": "c", "input": "", "output": "d"},
    ]
    assert load.alpaca(path).pool.index.tolist() == pool.index.tolist()


def test_alpaca_json_has_no_place_for_a_history(tmp_path):
    pool = records.frame([{**ROWS[1], "history": TURNS}])
    with pytest.raises(DataError, match="field 'history': Alpaca's format has no place for it"):
        load.save.alpaca(pool, tmp_path / "alpaca.json")


def test_messages_come_back_with_the_same_conversations(tmp_path):
    pool = records.frame([{**ROWS[1], "history": TURNS}, ROWS[1]])
    back = load.messages(load.save.messages(pool, tmp_path / "chat.jsonl")).pool
    assert back.index.tolist() == pool.index.tolist()
    assert back["given_id"].tolist() == pool.index.tolist()


def test_a_failed_write_leaves_the_old_file(pool, tmp_path):
    path = load.save.jsonl(pool, tmp_path / "pool.jsonl")
    before = path.read_text()
    with pytest.raises(DataError, match="cannot be written as JSON"):
        load.save.jsonl(pool.assign(odd=[object(), 1]), path)
    assert path.read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["pool.jsonl"]


def test_a_saved_pool_that_was_edited_is_an_error(pool, tmp_path):
    path = load.save.jsonl(pool, tmp_path / "pool.jsonl")
    path.write_text(path.read_text().replace("红色", "蓝色"))
    with pytest.raises(DataError, match="its ids do not match its texts"):
        load.saved(path)
