import gzip

import pytest
import zstandard

from lab.errors import DataError
from lab.load import content
from lab.load.rows import read


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, bytes])
def test_packed_and_plain_files_give_the_same_bytes(tmp_path, pack):
    path = tmp_path / "rows"
    path.write_bytes(pack(b"\xef\xbb\xbfone\ntwo\n"))
    with content.unpacked(path) as stream:
        assert stream.readline() == b"one\n"
        assert content.whole(stream, path) == b"two\n"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_ends_in_an_error_before_it_fills_the_memory(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(content, "BOMB_BYTES", 2**20)
    path = tmp_path / "bomb.jsonl"
    path.write_bytes(pack(b'{"a": 1}\n' * 2**20))
    with pytest.raises(DataError, match=r"bomb.jsonl: unpacks to more than .* 200 times its size"):
        list(read(path))


def test_a_document_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "DOCUMENT_BYTES", 10)
    path = tmp_path / "rows.json"
    path.write_text("[\n1, 2, 3, 4, 5]")
    with pytest.raises(DataError, match="is one JSON document of more than 10 bytes; save it as J"):
        list(read(path))


def test_the_kind_of_a_file_is_told_by_its_name():
    from pathlib import Path

    assert [content.kind(Path(name)) for name in ("a.csv.gz", "a.JSON", "a.jsonl.zst")] == [
        ".csv",
        ".json",
        ".jsonl",
    ]


def test_an_archive_of_another_kind_is_named(tmp_path):
    path = tmp_path / "Posts.7z"
    path.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(50))
    with pytest.raises(DataError, match=r"Posts\.7z: is a 7z archive; unpack it and read what it"):
        list(read(path))
