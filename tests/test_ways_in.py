"""What leads a newcomer in: every file and name that these pages point to is there."""

import ast
import re
import tomllib

import pytest

import lab
from lab import paths

ROOT = paths.root()
PAGES = (
    *("CONTRIBUTING.md", "AGENTS.md", "llms.txt", "CHANGELOG.md", "docs/architecture.md"),
    *(".github/pull_request_template.md", ".github/ISSUE_TEMPLATE/bug.md"),
)
NAMED = re.compile(
    r"`((?:lab|tools|tests|benchmarks|notebooks|data|docs)/[\w./-]+?\.\w+)(?::(\w+))?`"
)


def names(path):
    """The functions, classes and methods that a module defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_name_that_it_points_to_is_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for file, name in NAMED.findall(text):
        assert (ROOT / file).is_file(), file
        assert not name or name in names(ROOT / file), f"{file}:{name}"
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_journeys_name_functions_of_every_layer():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    parts = {file.split("/")[1] for file, name in NAMED.findall(text) if name}
    assert {"load", "filters", "select", "tune", "llm", "ablate", "report"} <= parts


def test_the_layers_of_the_page_are_those_of_the_test():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = text.split("## Layers")[1].split("`notebooks/`")[0]
    rows = [line.split("|")[2] for line in table.splitlines() if "|" in line]
    named = re.findall(r"`(\w+)`", "".join(rows))
    there = {path.stem for path in paths.PACKAGE.glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in paths.PACKAGE.glob("*/__init__.py")}
    assert sorted(named) == sorted(there), "docs/architecture.md, Layers, names every part once"


def test_every_make_target_and_command_that_they_name_exists():
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    cli = (paths.PACKAGE / "cli.py").read_text(encoding="utf-8")
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"`make (\w+)`", text):
            assert re.search(rf"^{target}:", make, re.MULTILINE), f"{page}: make {target}"
        for command in set(re.findall(r"`lab (\w+)", text)) - {"pictures"}:  # gone, it says
            assert re.search(rf"^def {command}\(|name=\"{command}\"", cli, re.MULTILINE), command


def test_the_version_is_one_and_the_changelog_begins_with_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == lab.__version__
    versions = re.findall(
        r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert versions[0] == lab.__version__
