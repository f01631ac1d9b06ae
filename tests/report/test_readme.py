import ast
import re

import pytest

from lab import paths
from lab.report import books

README = paths.root() / "README.md"


def test_the_readme_is_short_and_begins_with_what_it_is():
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 250
    first_screen = "\n".join(lines[:30])
    for word in ("make report", "make test", "![", "load →"):
        assert word in first_screen


def test_its_example_runs_as_written(tmp_path, monkeypatch):
    text = README.read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    ast.parse(code)
    from lab import load, testbed

    load.save.alpaca(testbed.pool(40, seed=0), tmp_path / "alpaca_data.json")
    monkeypatch.chdir(tmp_path)
    exec(code.replace("1000", "10"), {})  # noqa: S102 - our own text
    assert len(load.saved(tmp_path / "subset.jsonl")) == 10


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_file_that_it_names_is_there(name):
    path = paths.root() / name
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (paths.root() / target).exists(), target


def test_its_settings_are_those_that_notebooks_honour():
    for name in ("README.md", "README.zh-CN.md"):
        text = (paths.root() / name).read_text(encoding="utf-8")
        rows = re.findall(r"^\| `(testbed|local|paper)`", text, re.MULTILINE)
        found = [books.settings(books.read(books.find(book))) for book in books.names()]
        assert set(rows) == {setting for honoured in found for setting in honoured}, name
