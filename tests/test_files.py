import os
import sys
import threading

import pytest

from lab import files, hashing, paths


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with files.replacing(path) as part:
        part.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert [each.name for each in path.parent.iterdir()] == ["a.txt"]


def test_after_an_error_all_is_as_it_was(tmp_path):
    path = files.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(KeyError), files.replacing(path) as part:
        part.write_text("half")
        raise KeyError
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such locks there")
def test_a_folder_is_held_by_one_at_a_time(tmp_path):
    seen, inside = [], threading.Event()

    def second():
        inside.wait()
        with files.locked(tmp_path):
            seen.append("second")

    other = threading.Thread(target=second)
    other.start()
    with pytest.raises(KeyError), files.locked(tmp_path):
        inside.set()
        other.join(timeout=0.1)
        seen.append("first")
        raise KeyError
    other.join()
    assert seen == ["first", "second"]


def test_a_folder_takes_the_place_of_another(tmp_path):
    files.write_text(tmp_path / "model" / "old.txt", "old")
    with files.replacing(tmp_path / "model") as part:
        files.write_text(part / "new.txt", "new")
    assert [each.name for each in (tmp_path / "model").iterdir()] == ["new.txt"]


def test_what_is_written_keeps_its_suffix(tmp_path):
    with files.replacing(tmp_path / "a.npy") as part:
        assert part.suffix == ".npy"
        part.write_bytes(b"")


def test_lines_are_added_and_half_a_line_is_dropped(tmp_path):
    path = tmp_path / "a.jsonl"
    assert files.read_lines(path) == []
    files.append(path, ["eins", "zwei"])
    with path.open("a") as stream:
        stream.write('{"key": "ha')  # killed here
    assert files.read_lines(path) == ["eins", "zwei"]
    files.append(path, ["drei"])
    assert path.read_text() == "eins\nzwei\ndrei\n"


def test_a_large_file_is_hashed_once(tmp_path, monkeypatch):
    path = tmp_path / "weights"
    path.write_bytes(bytes(files.REMEMBERED_BYTES))
    true = hashing.file(path)
    assert files.known_hash(path) == true
    monkeypatch.setattr(hashing, "file", lambda path: "read again")
    assert files.known_hash(path) == true
    os.utime(path, (1, 1))
    assert files.known_hash(path) == "read again"


def test_a_hash_needs_no_folder_to_write_to(tmp_path, monkeypatch):
    path = tmp_path / "weights"
    path.write_bytes(bytes(files.REMEMBERED_BYTES))
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(paths, "store", lambda: tmp_path / "file")  # cannot hold a folder
    assert files.known_hash(path) == hashing.file(path)


def test_the_peak_of_memory_only_grows():
    before = files.peak_memory_mb()
    held = bytearray(64 * 2**20)
    assert files.peak_memory_mb() >= before > 0
    assert len(held) == 64 * 2**20
