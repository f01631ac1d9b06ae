"""The shape of the package: who may import whom, and from what outside."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = [  # a part may import from earlier layers, and from itself
    {"errors", "origins", "paths", "hashing"},
    {"files"},
    {"frames"},
    {"compiled", "engine", "records", "texts", "models"},
    {"invocation"},
    {"runs", "llm", "load"},
    {"shards"},
    {"filters", "score", "embed", "select", "coverage", "tune", "judge"},
    {"synth", "testbed", "recipes"},
    {"ablate"},
    {"report"},
    {"widgets"},
    {"cli"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
STANDARD_ONLY = LAYERS[0] | LAYERS[1]
ONLY_IN = {  # outside package -> the parts that may import it
    "IPython": {"widgets", "report", "llm", "tune", "ablate"},
    "anywidget": {"widgets"},
    "ipywidgets": {"widgets"},
    "nbclient": {"report", "cli"},
    "nbconvert": {"report"},
    "openai": {"llm"},
    "ray": {"engine"},
    "plotly": {"report", "widgets", "ablate"},
    "starlette": {"testbed"},
    "typer": {"cli"},
    "uvicorn": {"testbed", "llm"},
}
LAZY = {"torch", "transformers", "umap", "hdbscan", "trl", "ray", "peft", "accelerate"}
FILES = sorted((ROOT / "lab").rglob("*.py"))


def imports(path, *, top_only=False):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the import out from `lab`"
            yield from ([*node.module.split("."), alias.name] for alias in node.names)


def part(path):
    return path.relative_to(ROOT / "lab").with_suffix("").parts[0]


NAMED = [path for path in FILES if part(path) != "__init__"]


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", NAMED, ids=name_of)
def test_imports_go_down_only(path):
    here = part(path)
    for name, *rest in imports(path):
        if name == "lab" and rest and rest[0] in LEVEL:
            assert rest[0] == here or LEVEL[rest[0]] < LEVEL[here], f"{here} imports {rest[0]}"
        else:
            assert here in ONLY_IN.get(name, {here}), f"{here} imports {name}"
            if here in STANDARD_ONLY:
                assert name in sys.stdlib_module_names | {"lab"}, f"{here} imports {name}"


@pytest.mark.parametrize("path", NAMED, ids=name_of)
def test_heavy_libraries_are_imported_where_they_are_used(path):
    for name, *_ in imports(path, top_only=True):
        assert name not in LAZY, f"{name_of(path)} imports {name} at its top"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_house_rules_of_a_module(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    # `python lab/x.py` puts lab/ first on sys.path, where lab/select hides the stdlib's select
    assert "__name__ ==" not in text
    names = [node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    assert "print" not in names
    assert path.stem not in {"utils", "helpers", "common", "manager", "base", "misc", "core"}


def test_every_part_has_a_level():
    assert {part(path) for path in FILES} - {"__init__"} <= set(LEVEL)
    assert sys.stdlib_module_names & set(LEVEL) == {"select"}


def test_import_lab_does_nothing():
    code = "import sys, lab; print(sorted({'numpy', 'pandas', 'torch'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def circles():
    """Return the modules that can reach themselves by imports inside one part."""
    modules = {module_of(path): path for path in FILES}
    within = {}
    for name, path in modules.items():
        found = set()
        for parts in imports(path):  # those for type checkers among them
            whole, package = ".".join(parts), ".".join(parts[:-1])
            found.add(whole if whole in modules else package)
        here = name.split(".")[:2]
        within[name] = {one for one in found & modules.keys() if one.split(".")[:2] == here}
    reached = {name: set(ones) for name, ones in within.items()}
    changed = True
    while changed:
        changed = False
        for ones in reached.values():
            more = set().union(*(reached[one] for one in ones)) - ones
            changed |= bool(more)
            ones.update(more)
    return {name for name, ones in reached.items() if name in ones}


def test_modules_of_a_part_do_not_import_each_other_in_a_circle():
    assert circles() == set()


def test_what_numba_compiles_is_kept_by_one_module():
    for path in FILES:
        if path.name != "compiled.py":
            text = path.read_text(encoding="utf-8")
            own = re.search(r"from numba import .*njit|@numba\.", text)
            assert not own, f"{path}: use lab.compiled.njit"
