import gzip

import pytest

from lab.errors import DataError
from lab.judge.published import files


@pytest.mark.parametrize("head", ["", "model", "Unnamed: 0"])
def test_the_first_column_names_the_rows_whatever_its_name(tmp_path, head):
    path = tmp_path / "board.csv"
    path.write_text(f"{head},win_rate\nx,50\n", encoding="utf-8")
    found = files.named(path)
    assert found.index.name == "model"
    assert found.loc["x", "win_rate"] == 50


def test_packed_files_are_unpacked_by_content(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(gzip.compress(b'{"data": []}'))
    assert files.document(path) == {"data": []}


def test_what_is_no_object_is_named(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(DataError, match=r"a.json: must be an object, is a list"):
        files.document(path)
    with pytest.raises(DataError, match="row 1: is no object"):
        files.objects(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="is no JSON"):
        files.document(path)
    with pytest.raises(DataError, match="there is no such file"):
        files.document(tmp_path / "none.json")
