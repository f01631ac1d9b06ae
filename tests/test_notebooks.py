"""Every notebook keeps the rules: short, without outputs, with its parameters and its claims."""

import ast
import re

import nbformat
import pytest

from lab import paths
from lab.errors import DataError
from lab.report import books

NAMES = books.names()
MOST_LINES_A_CELL = 12
MOST_LINES = 110  # "about 100"
FORBIDDEN = {
    "a shell or pip call": re.compile(r"^\s*[!]|^\s*%(pip|conda|cd)\b|get_ipython", re.MULTILINE),
    "sys.path": re.compile(r"\bsys\.path\b"),
    "a spelled-out path": re.compile(r"""["'](?:/(?:home|root|work|tmp|Users|mnt)\b|\.\.?/|~/)"""),
    "a global seed": re.compile(r"np\.random\.seed|random\.seed\("),
}


@pytest.fixture(params=NAMES)
def book(request):
    path = paths.notebooks() / f"{request.param}.ipynb"
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    return book


def code(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def tagged(book):
    return [cell for cell in code(book) if "parameters" in cell.metadata.get("tags", [])]


def test_there_are_notebooks():
    assert "00-tour" in NAMES


def test_no_outputs_and_a_kernel(book):
    for cell in code(book):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert "widgets" not in book.metadata
    assert book.metadata.kernelspec.name == "python3"


def test_it_opens_with_title_question_points_and_needs(book):
    first = book.cells[0]
    assert first.cell_type == "markdown"
    text = first.source.splitlines()
    assert text[0].startswith("# ")
    assert "?" in first.source
    assert 2 <= sum(line.startswith("- ") for line in text) <= 6
    assert "Needs:" in first.source or "Needs " in first.source


def test_imports_come_first_and_then_the_parameters(book):
    cells = code(book)
    tree = ast.parse(books.plain(cells[0].source))
    assert any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree.body)
    assert len(tagged(book)) == 1
    assert cells.index(tagged(book)[0]) <= 2
    values = books.parameters(book)
    assert values["SETTING"] == "testbed"
    later = [ast.parse(books.plain(cell.source)) for cell in cells[3:]]
    nodes = [node for tree in later for node in ast.walk(tree)]
    assert not any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in nodes)


def test_it_says_which_settings_it_honours(book):
    (cell,) = tagged(book)
    assert "testbed" in cell.metadata["settings"], (
        'such as {"testbed": {}, "local": {"data": "a.json"}}'
    )
    honoured = books.settings(book)
    assert honoured["testbed"] == {}, "the testbed needs nothing"
    later = "\n".join(
        cell.source for cell in code(book) if "parameters" not in cell.metadata.get("tags", [])
    )
    for setting, needs in honoured.items():
        assert setting in ("testbed", "local", "paper")
        for name in needs:
            assert name in books.parameters(book)
            assert re.search(rf"\b{name}\b", later), f"{name} is needed and not used"


@pytest.mark.parametrize("setting", ["testbed", "local", "paper"])
@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_honoured_or_refused_before_anything_runs(name, setting):
    path = paths.notebooks() / f"{name}.ipynb"
    book = books.read(path)
    honoured = books.settings(book)
    if setting not in honoured:
        with pytest.raises(DataError, match=f"no setting '{setting}' in this notebook"):
            books.check(book, {"SETTING": setting}, path)
        return
    needs = honoured[setting]
    for left_out in needs:
        given = {key: "x" for key in needs if key != left_out}
        with pytest.raises(
            DataError, match=rf"needs {left_out}; for example: lab run {name} --setting"
        ):
            books.check(book, {"SETTING": setting, **given}, path)
    books.check(book, {"SETTING": setting, **dict.fromkeys(needs, "x")}, path)


def test_cells_are_short_and_define_nothing(book):
    for cell in code(book):
        assert len(lines(cell)) <= MOST_LINES_A_CELL, cell.source
        assert max(map(len, lines(cell)), default=0) <= 110, cell.source
        nodes = ast.walk(ast.parse(books.plain(cell.source)))
        defined = [
            node
            for node in nodes
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        ]
        assert defined == [], cell.source
    assert sum(len(lines(cell)) for cell in code(book)) <= MOST_LINES


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_that_ties_it_to_a_machine(book, what):
    for cell in code(book):
        assert not FORBIDDEN[what].search(cell.source), f"{what}: {cell.source}"


def test_the_last_cell_asserts_what_it_claims(book):
    assert books.claims(book)
    tree = ast.parse(books.plain(code(book)[-1].source))
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    for node in asserts:
        assert node.msg is not None, f"say what is claimed: {ast.unparse(node)}"
