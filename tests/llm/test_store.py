import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from lab import paths
from lab.errors import StoreError
from lab.llm.store import Failure, Reply, Store


def reply(key, model="m", provider="p", text="hello"):
    body = {"model": model, "messages": [{"role": "user", "content": "问 \u2028"}]}
    raw = {"text": text, "refusal": None, "finish_reason": "stop", "logprobs": None}
    return Reply(key, provider, model, body, raw, 3, 2, 0.5)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "replies.sqlite") as opened:
        yield opened


def test_what_is_added_is_found(store):
    store.add([reply("a"), reply("b")])
    assert store.find(["a", "x", "b"]) == {"a": reply("a"), "b": reply("b")}
    assert len(store) == 2
    assert list(store.rows()) == [reply("a"), reply("b")]


def test_many_keys_are_found_at_once(store):
    keys = [f"{n:04}" for n in range(1_234)]
    store.add([reply(key) for key in keys])
    assert list(store.find(keys[::-1])) != []
    assert len(store.find(keys)) == len(list(store.rows())) == 1_234


def test_a_key_that_is_there_stays_as_it_is(store):
    store.add([reply("a", text="first")])
    store.add([reply("a", text="second")])
    assert store.find(["a"])["a"].reply["text"] == "first"


def test_it_lives_in_the_data_folder_and_opens_again():
    with Store() as opened:
        opened.add([reply("a")])
    assert (paths.store() / "replies.sqlite").is_file()
    with Store() as again:
        assert len(again) == 1


def test_forgetting_by_model_and_provider(store):
    store.add([reply("a"), reply("b", model="n"), reply("c", provider="q")])
    assert store.forget(model="m", provider="q") == 1
    assert store.forget(model="m") == 1
    assert list(store.find(["a", "b", "c"])) == ["b"]
    with pytest.raises(ValueError, match="needs a model or a provider"):
        store.forget()


def test_one_file_carries_all_replies_elsewhere(store, tmp_path):
    store.add([reply("a"), reply("b")])
    assert store.export(tmp_path / "carried.sqlite") == 2
    assert [path.name for path in tmp_path.glob("carried*")] == ["carried.sqlite"]
    with Store(tmp_path / "other.sqlite") as other:
        other.add([reply("b", text="own"), reply("c")])
        assert other.import_(tmp_path / "carried.sqlite") == 1
        assert sorted(other.find(["a", "b", "c"])) == ["a", "b", "c"]
        assert other.find(["b"])["b"].reply["text"] == "own"
    with pytest.raises(StoreError, match="exists already"):
        store.export(tmp_path / "carried.sqlite")
    with pytest.raises(StoreError, match="is not there"):
        store.import_(tmp_path / "nowhere.sqlite")


def test_the_account_counts_replies_and_failed_tries(store):
    failures = [Failure("a", "p", "m", "timeout: late", 0.25), Failure("z", "q", "m", "x", 1.0)]
    store.add([reply("a"), reply("b")], failures)
    first, second = store.summary()
    assert first == {
        "provider": "p",
        "model": "m",
        "replies": 2,
        "prompt_tokens": 6,
        "completion_tokens": 4,
        "cost_usd": 1.0,
        "failed_tries": 1,
        "failed_usd": 0.25,
    }
    assert (second["provider"], second["replies"], second["failed_usd"]) == ("q", 0, 1.0)


def test_open_batches_are_remembered(store):
    store.add_batch("b1", "p", "m", ["a", "b"])
    store.add_batch("b2", "q", "m", ["c"])
    assert store.open_batches("p") == {"b1": ["a", "b"]}
    store.close_batch("b1")
    assert store.open_batches("p") == {}


def test_a_file_that_is_something_else_is_left_as_it_is(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but a text of some length\n" * 10)
    with pytest.raises(StoreError, match=r"notes\.txt: file is not a database"):
        Store(text)
    assert text.read_text().startswith("not a database")
    foreign = tmp_path / "foreign.sqlite"
    with closing(sqlite3.connect(foreign)) as db, db:
        db.execute("CREATE TABLE mine (x)")
    with pytest.raises(StoreError, match="no store of replies; left as it is"):
        Store(foreign)
    with closing(sqlite3.connect(foreign)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]


def test_a_damaged_file_is_an_error_and_stays(tmp_path):
    path = tmp_path / "replies.sqlite"
    with Store(path) as opened:
        opened.add([reply(f"{n:03}", text="x" * 500) for n in range(200)])
    data = bytearray(path.read_bytes())
    for place in range(4096, len(data) - 100, 4096):
        data[place : place + 64] = b"\xff" * 64
    path.write_bytes(data)
    with Store(path) as broken, pytest.raises(StoreError, match="malformed.*left as it is"):
        list(broken.rows())
    assert path.read_bytes() == bytes(data)


def test_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "replies.sqlite"
    Store(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(StoreError, match="has version 9; this package reads 1"):
        Store(path)


WRITER = """
import sys
from lab.llm.store import Reply, Store
raw = {"text": "t", "refusal": None, "finish_reason": "stop", "logprobs": None}
with Store(sys.argv[1]) as store:
    for n in range(int(sys.argv[3])):
        key = f"{sys.argv[2]}-{n % 50}-{n}" if n % 2 else f"both-{n}"
        store.add([Reply(key, "p", "m", {"model": "m"}, raw, 1, 1, 0.1)])
"""


def test_two_processes_write_at_once(tmp_path):
    path = tmp_path / "replies.sqlite"
    command = [sys.executable, "-c", WRITER, str(path)]
    running = [subprocess.Popen([*command, name, "200"]) for name in ("one", "two")]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    with Store(path) as store:
        assert len(store) == 100 + 2 * 100


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 2 MB, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_an_error_and_loses_nothing(small_disk):
    done = 0
    with Store(small_disk / "replies.sqlite") as store:
        with pytest.raises(StoreError, match="disk.*left as it is"):
            for done in range(2_000):
                store.add([reply(f"{done:05}", text="t" * 20_000)])
        assert len(store) == done > 10
        assert store.find([f"{done - 1:05}"])
    with Store(small_disk / "replies.sqlite") as again:
        assert len(again) == done


def test_a_job_on_a_full_disk_stops_and_hands_over_what_it_has(small_disk, client, ask, chat):
    store = Store(small_disk / "replies.sqlite")
    there = client(lambda *_: chat("t" * 20_000), store=store)
    with pytest.raises(StoreError, match="disk"):
        there.complete([ask(f"q{n}") for n in range(500)])
    assert there.job.state == "stopped"
    assert len(there.job.rows_so_far) == len(there.scripted.bodies) < 500
    assert len(store) > 10
    store.close()


def test_a_read_only_folder_is_an_error_and_loses_nothing(small_disk):
    path = small_disk / "kept" / "replies.sqlite"
    with Store(path) as store:
        store.add([reply("a")])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreError, match="left as it is"):
        Store(path)
    with pytest.raises(StoreError, match="cannot make its folder"):
        Store(small_disk / "new" / "replies.sqlite")
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    with Store(path) as again:
        assert len(again) == 1


def test_no_row_is_more_than_plain_json(store, tmp_path):
    store.add([reply("a")])
    with closing(sqlite3.connect(tmp_path / "replies.sqlite")) as db:
        [(request, raw)] = db.execute("SELECT request, reply FROM replies").fetchall()
    assert json.loads(request)["model"] == "m"
    assert json.loads(raw)["text"] == "hello"
