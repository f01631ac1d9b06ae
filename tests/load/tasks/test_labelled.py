import pytest

from lab.errors import DataError
from lab.load import tasks


def test_lines_meet_their_labels_by_name(tmp_path):
    written = {"t.txt": "good\nbad\n", "l.txt": "1\n0\n", "m.txt": "0\tsad\n1\tglad\n"}
    for name, text in written.items():
        (tmp_path / name).write_text(text)
    files = [tmp_path / name for name in ("t.txt", "l.txt")]
    found = tasks.labelled(*files, definition="Feel.", mapping=tmp_path / "m.txt").pool
    assert found[["instruction", "input", "output"]].values.tolist() == [
        ["Feel.", "good", "glad"],
        ["Feel.", "bad", "sad"],
    ]
    (tmp_path / "l.txt").write_text("1\n")
    with pytest.raises(DataError, match="has 2 lines, the labels have 1"):
        tasks.labelled(*files, definition="Feel.")
    (tmp_path / "l.txt").write_text("1\n7\n")
    with pytest.raises(DataError, match=r"a label without a name \(got '7'\)"):
        tasks.labelled(*files, definition="Feel.", mapping=tmp_path / "m.txt")
