import gzip

import pytest

from lab.errors import DataError
from lab.load.rows import read


def values(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text)
    return [(row.number, row.value, row.reason) for row in read(path)]


def test_records_of_a_table_may_span_lines(tmp_path):
    text = b'\xef\xbb\xbfq,a\r\n"one\ntwo",x\r\n,y\r\n'
    expected = [(1, {"q": "one\ntwo", "a": "x"}, ""), (2, {"q": "", "a": "y"}, "")]
    assert values(tmp_path, "t.csv", text) == expected
    assert values(tmp_path, "t.csv.gz", gzip.compress(text)) == expected
    assert values(tmp_path, "t.tsv", b"q\ta\n1,5\tx\n") == [(1, {"q": "1,5", "a": "x"}, "")]


def test_a_record_that_does_not_fit_the_header_is_refused(tmp_path):
    found = values(tmp_path, "t.csv", b"q,a\n1\n1,2,3\n\xff,2\n1,2\n")
    assert [reason for *_, reason in found] == [
        "1 fields under a header of 2",
        "3 fields under a header of 2",
        "invalid UTF-8",
        "",
    ]


def test_a_table_without_a_sound_header_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"needs a header of distinct names, got \['q', 'q'\]"):
        values(tmp_path, "t.csv", b"q,q\n1,2\n")


def test_a_spoiled_parquet_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        values(tmp_path, "t.parquet", b"PAR1 and no more")
