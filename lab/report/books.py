"""Notebooks as files: find them by name, set their parameters, read their claims."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab import hashing, paths
from lab.errors import DataError

Notebook = Any  # nbformat's NotebookNode: a dict with attributes
TITLE_LIMIT = 120
ELSEWHERE = "not on_testbed"  # an assertion that begins so checks nothing on one's own data
ABLATIONS = "ablations/"


def find(name: str | Path) -> Path:
    """Return the file of a notebook given by path, or by name below `notebooks/`.

    Raises
    ------
    DataError
        If there is none; the message lists the names that exist.
    """
    given = Path(name)
    below = paths.notebooks() / f"{name}.ipynb"
    for path in (given, given.with_name(given.name + ".ipynb"), below):
        if path.suffix == ".ipynb" and path.is_file():
            return path.resolve()
    raise DataError(f"no notebook named {str(name)!r}; there are {', '.join(names()) or 'none'}")


def names() -> list[str]:
    """Return the names of all notebooks, such as `00-tour` and `ablations/lima`, in order."""
    top = paths.notebooks()
    files = (path for path in top.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    found = [path.relative_to(top).with_suffix("").as_posix() for path in files]
    return sorted(found, key=lambda name: ("/" in name, name))


def ablations() -> list[str]:
    """Return the names of the notebooks that judge claims, and of others too long for a report."""
    short = set(quick())
    return [name for name in names() if name.startswith(ABLATIONS) or name not in short]


def quick() -> list[str]:
    """Return the names of the notebooks of a report: all but ablations that are not asked in.

    An ablation trains models for minutes, and belongs to `lab ablations`; one that is to be in
    every report, too, says `"in_report": true` in the metadata of its cell tagged `parameters`, and
    another notebook that takes minutes says `false`.
    """
    return [name for name in names() if _in_report(name)]


def page_name(path: Path, params: Mapping[str, Any]) -> str:
    """Return the page's name: the notebook's, and for given `params` their setting and a mark.

    Examples
    --------
    >>> page_name(Path("mine.ipynb"), {})
    'mine'
    """
    top = paths.notebooks().resolve()
    inside = path.is_relative_to(top)
    name = path.relative_to(top).with_suffix("").as_posix() if inside else path.stem
    if not params:
        return name
    setting = [str(params["SETTING"])] if "SETTING" in params else []
    return "-".join([name, *setting, hashing.digest(params, digits=6)])


def read(path: Path) -> Notebook:
    """Read a notebook, without the outputs it may hold."""
    import nbformat

    try:
        book = nbformat.read(path, as_version=4)
    except (ValueError, nbformat.ValidationError) as error:
        raise DataError(f"not a notebook: {error}", file=path) from error
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return book


def with_params(book: Notebook, params: Mapping[str, Any], path: Path) -> Notebook:
    """Return `book` with a cell that sets `params` after its cell tagged `parameters`.

    Raises
    ------
    DataError
        If `check` refuses them.
    """
    check(book, params, path)
    if not params:
        return book
    import nbformat

    source = "\n".join(f"{name} = {value!r}" for name, value in params.items())
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
    place = [number for number, cell in enumerate(book.cells) if "parameters" in _tags(cell)][-1]
    book.cells.insert(place + 1, cell)
    return book


def settings(book: Notebook) -> dict[str, dict[str, str]]:
    """Return the settings that a notebook honours, each with what must be given, by example.

    They stand in the metadata of its cell tagged `parameters`, such as
    `{"testbed": {}, "local": {"data": "alpaca.json"}}`; without them it honours its own alone.
    """
    own = parameters(book).get("SETTING")
    found = {} if own is None else {str(own): dict[str, str]()}
    for cell in book.cells:
        if "parameters" in _tags(cell):
            found = dict(cell.metadata.get("settings", found))
    return {name: found[name] for name in sorted(found, key=lambda name: (name != "testbed", name))}


def check(book: Notebook, params: Mapping[str, Any], path: Path) -> None:
    """Refuse parameters that a notebook does not have, and a setting that it does not honour.

    Raises
    ------
    DataError
        For an unknown name, a setting that is not honoured, or one whose parameters are missing;
        the message names them and gives a command that would do.
    """
    known = parameters(book)
    for name in params:
        if name not in known:
            raise DataError(
                f"no parameter {name!r}; the cell tagged `parameters` sets "
                f"{', '.join(known) or 'none'}",
                file=path,
            )
    setting = params.get("SETTING", known.get("SETTING"))
    if setting is not None:
        _check_setting(book, {**known, **params, "SETTING": setting}, set(params), path)


def _in_report(name: str) -> bool:
    book = read(paths.notebooks() / f"{name}.ipynb")
    given = [cell.metadata for cell in book.cells if "parameters" in _tags(cell)]
    usual = not name.startswith(ABLATIONS)
    return any(metadata.get("in_report", usual) for metadata in given)


def _check_setting(book: Notebook, values: Mapping[str, Any], given: set[str], path: Path) -> None:
    setting, honoured = values["SETTING"], settings(book)
    if setting not in honoured:
        raise DataError(
            f"no setting {setting!r} in this notebook; it honours {', '.join(honoured)}", file=path
        )
    for other, needs in honoured.items():
        if idle := given & (needs.keys() - honoured[setting].keys()):
            names = ", ".join(sorted(idle))
            raise DataError(
                f"the setting {setting!r} does not read {names}; for example: "
                f"{_command(path, other, needs)}",
                file=path,
            )
    missing = [name for name in honoured[setting] if values.get(name) in (None, "")]
    if missing:
        raise DataError(
            f"the setting {setting!r} needs {', '.join(missing)}; for example: "
            f"{_command(path, setting, honoured[setting])}",
            file=path,
        )


def _command(path: Path, setting: str, needs: Mapping[str, str]) -> str:
    words = ["lab run", page_name(path, {}), "--setting", setting]
    return " ".join([*words, *(f"--param {name}={value}" for name, value in needs.items())])


def parameters(book: Notebook) -> dict[str, Any]:
    """Return the plain values set by the cells tagged `parameters` and `injected-parameters`."""
    values: dict[str, Any] = {}
    for cell in book.cells:
        if cell.cell_type == "code" and _tags(cell) & {"parameters", "injected-parameters"}:
            for node in ast.parse(plain(cell.source)).body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    values[node.targets[0].id] = _value(node.value)
    return values


def matched(names: Mapping[str, Any], book: Notebook) -> dict[str, Any]:
    """Return `names` spelled as the notebook spells its parameters, whatever their case."""
    spelled = {name.lower(): name for name in parameters(book)}
    return {spelled.get(name.lower(), name): value for name, value in names.items()}


def title(book: Notebook) -> tuple[str, str]:
    """Return a notebook's title and the question below it, from its first cell."""
    text = book.cells[0].source if book.cells and book.cells[0].cell_type == "markdown" else ""
    head, _, rest = text.strip().partition("\n")
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n|\n(?=[-*#])", f"\n{rest}")]
    asked = [each for each in paragraphs if each and not each.startswith(("-", "*", "#"))]
    question = asked[0] if asked else ""
    return head.lstrip("# ")[:TITLE_LIMIT] or "untitled", question[: 2 * TITLE_LIMIT]


def claims(book: Notebook) -> list[str]:
    """Return what the last code cell asserts: each assertion's message, or else its code."""
    codes = [cell for cell in book.cells if cell.cell_type == "code"]
    tree = ast.parse(plain(codes[-1].source)) if codes else ast.parse("")
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    return [_claim(node) for node in found]


def _tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))


def _claim(node: ast.Assert) -> str:
    """Return what an assertion claims, and where it is checked if that is not everywhere."""
    message, test = node.msg, node.test
    said = str(message.value) if isinstance(message, ast.Constant) else ast.unparse(message or test)
    either = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) else []
    return f"on the testbed: {said}" if ELSEWHERE in map(ast.unparse, either) else said


def plain(source: str) -> str:
    """Return Python source without the lines that only IPython understands."""
    return "\n".join(
        line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))
    )


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
