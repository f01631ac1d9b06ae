import fnmatch
import subprocess
import sys
import tomllib

import pytest

from lab import paths
from lab.errors import DataError
from lab.report import books, study


def test_a_study_has_every_notebook_and_the_data_that_they_read(tmp_path):
    made = study.start(tmp_path / "Prüfung 1")
    names = [path.relative_to(made / "notebooks").as_posix()[:-6] for path in made.rglob("*.ipynb")]
    assert sorted(names) == sorted(books.names())
    assert (made / "data" / "samples" / "alpaca-dirty.jsonl").is_file()
    assert "# Prüfung 1" in (made / "README.md").read_text(encoding="utf-8")


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(DataError, match="a new or empty folder"):
        study.start(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_installed_package_works_in_the_study_above_the_working_folder(tmp_path, monkeypatch):
    made = study.start(tmp_path / "mine")
    monkeypatch.setattr(paths, "is_checkout", lambda: False)
    monkeypatch.chdir(made / "notebooks" / "ablations")
    assert paths.root() == made
    assert paths.samples() == made / "data" / "samples"
    monkeypatch.chdir(tmp_path)
    assert paths.root() == tmp_path


def test_the_wheel_holds_all_that_a_study_starts_with():
    project = tomllib.loads((paths.root() / "pyproject.toml").read_text(encoding="utf-8"))
    given = project["tool"]["setuptools"]["data-files"]
    for name in paths.SHIPPED:
        for path in (paths.root() / name).rglob("*"):
            if path.is_dir() or path.suffix == ".md" or ".ipynb_checkpoints" in path.parts:
                continue
            inside = path.relative_to(paths.root())
            patterns = given.get(f"share/winnow/{inside.parent.as_posix()}", [])
            assert any(fnmatch.fnmatch(inside.as_posix(), one) for one in patterns), inside


def test_the_command_says_what_comes_next(tmp_path):
    command = [sys.executable, "-c", "from lab.cli import main; main()", "new", "mine"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "mine" in done.stdout
    assert "lab report" in done.stdout
    assert (tmp_path / "mine" / paths.STUDY).is_file()
