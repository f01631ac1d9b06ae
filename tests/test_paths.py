import re

from lab import paths


def test_data_folder_moves_with_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("WINNOW_DATA", str(tmp_path / "elsewhere"))
    assert paths.runs() == tmp_path / "elsewhere" / "runs"
    monkeypatch.delenv("WINNOW_DATA")
    assert paths.runs() == paths.root() / "data" / "runs"


def test_the_store_moves_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("WINNOW_STORE", str(tmp_path / "disk"))
    assert paths.store() == tmp_path / "disk"
    assert paths.runs() == paths.data() / "runs"


def test_given_folders_do_not_move(monkeypatch, tmp_path):
    monkeypatch.setenv("WINNOW_DATA", str(tmp_path))
    assert paths.samples() == paths.root() / "data" / "samples"


def test_no_other_module_spells_a_folder_name():
    spelled = re.compile(r"""["'](?:data|runs|store|raw|seeds|samples|reports|notebooks)/""")
    for file in paths.PACKAGE.rglob("*.py"):
        if file.name != "paths.py":
            assert not spelled.search(file.read_text(encoding="utf-8")), file


def test_what_is_written_while_one_works_leaves_a_checkout_clean():
    ignored = (paths.root() / ".gitignore").read_text(encoding="utf-8").split()
    for folder in (paths.runs, paths.store, paths.human):
        assert f"/data/{folder().name}/" in ignored
