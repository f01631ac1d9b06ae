"""Which tests hold a module: its mirror file, the tests that import it, or those of its users."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lab import paths

TESTS = paths.PACKAGE.parent / "tests"
MOST = 3  # files that are named for one module


def elsewhere() -> dict[str, str]:
    """Return, for each module without a mirror file, the tests that hold it, "" if there are none.

    A module that no test imports is held by the tests of the modules that import it.
    """
    found = {}
    for name, path in sorted(_modules().items()):
        if path.stem != "__init__" and not mirror(path).exists():
            found[path.relative_to(paths.PACKAGE).as_posix()] = ", ".join(_tests(name)[:MOST])
    return found


def mirror(module: Path) -> Path:
    """Return the test file that mirrors a module; it may be missing."""
    inside = module.relative_to(paths.PACKAGE)
    return TESTS / inside.parent / f"test_{inside.stem}.py"


def _tests(name: str) -> list[str]:
    """Return the nearest tests of a module: its own first, then those of its users, and so on."""
    seen, level = {name}, [name]
    while level:
        found = {test for one in level for test in _own(one)}
        if found:
            part = name.split(".")[1]
            return sorted(found, key=lambda test: (not test.startswith(f"{part}/"), test))
        level = sorted({user for one in level for user in _users(one)} - seen)
        seen |= set(level)
    return []


def _own(name: str) -> Iterator[str]:
    """Yield the test files that mirror or import a module."""
    own = mirror(_modules()[name])
    if own.exists():
        yield own.relative_to(TESTS).as_posix()
    called = _exports(name)
    for path, names in _test_imports().items():
        if name in names or (called and re.search(called, path.read_text(encoding="utf-8"))):
            yield path.relative_to(TESTS).as_posix()


def _exports(name: str) -> str:
    """Return an expression for the use of what a module gives to its part, as `embed.hidden`."""
    part = name.rpartition(".")[0]
    path = paths.PACKAGE.parent.joinpath(*part.split("."), "__init__.py")
    names = [
        alias.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == name
        for alias in node.names
    ]
    return rf"\b{part.rpartition('.')[2]}\.(?:{'|'.join(names)})\b" if names else ""


def _users(name: str) -> Iterator[str]:
    for other, path in _modules().items():
        if name in _imported(path):
            yield other


@cache
def _modules() -> dict[str, Path]:
    """Return the modules of the package by dotted name, and its folders by that of theirs."""
    found = {}
    for path in paths.PACKAGE.rglob("*.py"):
        if path.stem != "__main__":
            parts = path.relative_to(paths.PACKAGE).with_suffix("").parts
            found[".".join(("lab", *parts)).removesuffix(".__init__")] = path
    return found


@cache
def _test_imports() -> dict[Path, frozenset[str]]:
    return {path: _imported(path) for path in sorted(TESTS.rglob("test_*.py"))}


@cache
def _imported(path: Path) -> frozenset[str]:
    """Return the dotted names that a file imports or names in a text."""
    text = path.read_text(encoding="utf-8")
    names = set(re.findall(r'"(lab(?:\.\w+)+)"', text))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)
