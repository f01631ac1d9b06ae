import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lab.errors import DataError
from lab.load.rows import ROW_BYTES, read


def write(tmp_path, content, name="file.jsonl"):
    path = tmp_path / name
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
        (b'[{"a": 1},\n{"a": 2},\n', [{"a": 1}, {"a": 2}, None]),
        (b'[{"a": 1}, {"a": "\xff"}, {"a": 3}]', [{"a": 1}, None, {"a": 3}]),
        (b'[{"a": 1}, {"a": 2}', [{"a": 1}, {"a": 2}, None]),
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


def test_other_shapes_of_json(tmp_path):
    pair = [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]
    shapes = {
        "a list": json.dumps(pair),
        "columns": json.dumps({"a": ["1", "2"], "b": ["x", "y"]}),
        "pandas": json.dumps({"a": {"0": "1", "1": "2"}, "b": {"0": "x", "1": "y"}}, indent=1),
        "split": json.dumps(
            {"columns": ["a", "b"], "index": [0, 1], "data": [["1", "x"], ["2", "y"]]}
        ),
        "wrapped": json.dumps({"version": "1", "data": pair}, indent=1),
        "wrapped in a line": json.dumps({"version": "1", "data": pair}),
        "one after the other": "\n".join(json.dumps(row, indent=1) for row in pair),
        "a comma after each line": ",\n".join(json.dumps(row) for row in pair) + ",\n",
    }
    for name, text in shapes.items():
        assert [row.value for row in read(write(tmp_path, text, "file.json"))] == pair, name


def test_one_line_of_json_lines_is_one_row_whatever_it_holds(tmp_path):
    for value in (
        {"instruction_id": 1, "steps": [{"a": 1}, {"a": 2}]},
        {"steps": ["x", "y"], "labels": [1, 0]},
    ):
        for name in ("one.jsonl", "one.ndjson", "one.jsonl.gz"):
            line = json.dumps(value).encode() + b"\n"
            path = write(tmp_path, gzip.compress(line) if name[-1] == "z" else line, name)
            assert [row.value for row in read(path)] == [value]
    many = json.dumps({"version": 1, "data": [{"a": 1}, {"a": 2}]}, indent=1)
    assert [row.value for row in read(write(tmp_path, many))] == [{"a": 1}, {"a": 2}]


def test_one_object_that_may_be_read_in_two_ways_is_a_row(tmp_path):
    both = {"train": [{"a": 1}], "test": [{"a": 2}]}
    chat = {"tools": [{"name": "f"}], "messages": [{"role": "user", "content": "x"}]}
    for value in (both | {"more": 1}, chat):
        assert [row.value for row in read(write(tmp_path, json.dumps(value)))] == [value]


def test_a_broken_first_line_does_not_spoil_the_others(tmp_path):
    rows = list(read(write(tmp_path, '{"a": 1, oops}\n{"a": 2}\n')))
    assert [(row.value, row.reason) for row in rows] == [(None, "broken JSON"), ({"a": 2}, "")]


def test_a_line_longer_than_any_example_is_refused(tmp_path):
    long = b'{"a": "' + b"x" * (ROW_BYTES + 10) + b'"}'
    rows = list(read(write(tmp_path, b'{"a": 1}\n' + long + b'\n{"a": 3}\n')))
    assert [row.reason for row in rows] == ["", "longer than 8,388,608 bytes", ""]
    assert len(rows[1].raw) < 300
    assert next(read(write(tmp_path, long))).reason == "longer than 8,388,608 bytes"


def test_a_folder_is_read_file_by_file(tmp_path):
    (tmp_path / "b.jsonl").write_text('{"a": 2}\n')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.csv").write_text("a\n3\n")
    (tmp_path / "notes.txt").write_text("not read")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    rows = list(read(tmp_path))
    assert [(row.file, row.number, row.value["a"]) for row in rows] == [
        ("a.parquet", 1, 1),
        ("b.jsonl", 1, 2),
        ("sub/a.csv", 1, "3"),
    ]


def test_a_file_that_this_process_wrote_is_no_further_data(tmp_path):
    from lab import load, origins, paths

    pool = load.alpaca(paths.samples() / "alpaca.json").pool
    for write in (load.save.jsonl, load.save.messages, load.save.parquet):
        load.auto(write(pool, tmp_path / f"{write.__name__}.{write.__name__}"))
    assert origins.used() == {"data": [origins.SAMPLES]}
    origins.forget()
    load.auto(tmp_path / "jsonl.jsonl")
    assert origins.used() == {"data": ["jsonl.jsonl"]}
