import gzip
import json

import pytest

from lab.errors import DataError
from lab.load.rows import read


def write(tmp_path, content):
    path = tmp_path / "file.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_lines_are_numbered_from_one_and_blank_ones_are_no_rows(tmp_path):
    rows = list(read(write(tmp_path, '{"a": 1}\n\n  \n{"a": 2}\r\n')))
    assert [(row.number, row.value) for row in rows] == [(1, {"a": 1}), (4, {"a": 2})]


def test_gzip_bom_and_unusual_line_separators(tmp_path):
    line = json.dumps({"a": "x\u2028y\u2029z\u0085"}, ensure_ascii=False)
    content = b"\xef\xbb\xbf" + f"{line}\n{line}\n".encode()
    plain = [row.value for row in read(write(tmp_path, content))]
    zipped = [row.value for row in read(write(tmp_path, gzip.compress(content)))]
    assert plain == zipped == [{"a": "x\u2028y\u2029z\u0085"}] * 2


def test_broken_lines_keep_their_number_reason_and_text(tmp_path):
    rows = list(read(write(tmp_path, b'{"a": 1}\n{"a": \n\xff{}\n{"a": 3}\n')))
    assert [row.reason for row in rows] == ["", "broken JSON", "invalid UTF-8", ""]
    assert rows[1].raw == '{"a": '
    assert rows[2].raw == "\\xff{}"
    assert [row.number for row in rows] == [1, 2, 3, 4]


def test_a_line_nested_too_deep_is_refused(tmp_path):
    rows = list(read(write(tmp_path, '{"a": 1}\n{"a": ' + "[" * 200_000 + "\n")))
    assert rows[1].reason == "broken JSON"


def test_an_array_is_read_whole(tmp_path):
    rows = list(read(write(tmp_path, '[{"a": 1},\n {"a": 2}]')))
    assert [(row.number, row.value["a"]) for row in rows] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (b'[{"a": 1}, {"a": oops}, {"a": 3}]', [{"a": 1}, None, {"a": 3}]),
        (b'[{"a": 1},\n{"a": 2\n', [{"a": 1}, None]),
        (b'[{"a": 1}, {"a": "\xff"}, {"a": 3}]', [{"a": 1}, None, {"a": 3}]),
        (b'[{"a": 1}, {"a": 2}', [{"a": 1}, {"a": 2}]),
        (b"[", [None]),
    ],
)
def test_a_broken_array_gives_what_can_be_read(tmp_path, content, values):
    rows = list(read(write(tmp_path, content)))
    assert [row.value for row in rows] == values
    assert all(bool(row.reason) == (row.value is None) for row in rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        ("[]".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (gzip.compress(b'{"a": 1}' * 99, mtime=0)[:-9], "cannot be read"),
        (b"\x1f\x8b not gzip", "cannot be read"),
    ],
    ids=["nothing", "blank", "utf-16", "cut gzip", "no gzip"],
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, content, message):
    with pytest.raises(DataError, match=rf"file\.jsonl: {message}"):
        list(read(write(tmp_path, content)))


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        list(read(tmp_path / "none.json"))
    with pytest.raises(DataError, match="cannot be read"):
        list(read(tmp_path))
