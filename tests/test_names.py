"""The words of the field, not those of a private dialect: in files, names and parameters."""

import ast
import re

import pytest

from lab import paths

ROOT = paths.PACKAGE.parent
FILES = sorted(path for top in ("lab", "tools", "tests") for path in (ROOT / top).rglob("*.py"))
INSTEAD = {  # a word that is not used as a name or within one, and what is
    "asking": "prompting",
    "atlas": "coverage map",
    "duel": "pair judge",
    "gate": "limiter",
    "helper": "what it does",
    "helpers": "what they do",
    "manager": "what it does",
    "mind": "policy",
    "sieve": "filter bench",
    "util": "what it does",
    "utils": "what they do",
}


def names(tree):
    """Yield the functions, classes and parameters that a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        if isinstance(node, ast.arg):
            yield node.arg


def words(name):
    """Return the words of a name in snake or camel case."""
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)


@pytest.mark.parametrize("top", ["lab", "tools", "tests"])
def test_no_name_is_of_a_private_dialect(top):
    wrong = {}
    for path in FILES:
        if path.relative_to(ROOT).parts[0] != top:
            continue
        defined = [path.stem, *names(ast.parse(path.read_text(encoding="utf-8")))]
        used = {word.lower() for name in defined for word in words(name)} & set(INSTEAD)
        if used:
            wrong[path.relative_to(ROOT).as_posix()] = {word: INSTEAD[word] for word in used}
    assert not wrong


def test_the_glossary_says_what_is_called_how():
    page = (paths.docs() / "architecture.md").read_text(encoding="utf-8")
    glossary = page.partition("## Glossary")[2]
    rows = [line for line in glossary.splitlines() if line.startswith("| ")]
    assert len(rows) > 15
    for line in rows:
        assert not set(map(str.lower, words(line.split("|")[1]))) & set(INSTEAD)
