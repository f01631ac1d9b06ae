"""What is computed from the code alone: docs/, and the READMEs' tree.

`make docs` writes them. Nothing here reads a run, so that it is safe on a clean clone.
"""

import ast
from pathlib import Path

from lab import filters, paths, score, select
from lab.report import books, tables
from tools import markdown, measured, scale, tested
from tools.advice import ADVICE

READMES = ("README.md", "README.zh-CN.md")


def write() -> list[Path]:
    """Write the pages of docs/ and the tree of the READMEs; return what was written."""
    pages = {paths.docs() / "modules.md": f"# Modules\n\n{modules()}\n\n{tests()}\n"}
    pages[paths.docs() / "methods.md"] = methods()
    pages[paths.docs() / "notebooks.md"] = notebooks()
    if (paths.docs() / scale.PAGE).exists():
        pages[paths.docs() / scale.PAGE] = scale.page()
    for path in map(paths.root().joinpath, READMES):
        pages[path] = markdown.fill(path.read_text(encoding="utf-8"), "tree", tree())
    paths.docs().mkdir(exist_ok=True)
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(pages)


def tree() -> str:
    """Return the parts of the package, each with the first sentence of its docstring."""
    files, folders = _parts()
    lines = [_line(f"lab/{path.parent.name}/", path) for path in folders]
    return "\n".join(["```", *lines, *(_line(f"lab/{path.name}", path) for path in files), "```"])


def modules() -> str:
    """Return every module of the package, each with the first sentence of its docstring."""
    files, folders = _parts()
    lines = ["```", *(_line(f"lab/{path.name}", path) for path in files)]
    for part in folders:
        lines.append(_line(f"lab/{part.parent.name}/", part))
        for module in sorted(part.parent.rglob("*.py")):
            if module != part:
                name = module.relative_to(part.parent).as_posix().removesuffix("/__init__.py")
                lines.append(_line(f"  {name}", module))
    return "\n".join([*lines, "```"])


def tests() -> str:
    """Return the tests of the modules that have no mirror file of their own."""
    lines = [
        "## Tests\n",
        "The tests of `lab/part/module.py` are in `tests/part/test_module.py`. Modules without",
        "such a file, and the nearest tests that import them or what uses them:\n",
        "| module | tests |",
        "| --- | --- |",
    ]
    held = tested.elsewhere().items()
    return "\n".join([*lines, *(f"| {module} | {where} |" for module, where in held)])


def methods() -> str:
    """Return the page of all filters, scores and selectors, in the words of their docstrings."""
    parts = [
        "# Methods\n",
        "Written by `make docs` from the code's own words, [RESULTS.md](../RESULTS.md) and the",
        "tables that the benchmarks wrote.\n",
    ]
    for title, part in (("Filters", filters), ("Scores", score), ("Selectors", select)):
        table = tables.register(part)
        name = part.__name__.rpartition(".")[2]
        for column, words in (("measured", measured.measured(name)), ("when to use", ADVICE[name])):
            table.insert(1, column, [words.get(str(method), "") for method in table.index])
        parts += [f"## {title}\n", markdown.table(table.reset_index()), ""]
    return "\n".join(parts)


def notebooks() -> str:
    """Return the page of all notebooks: the question of each, and the settings that it honours."""
    lines = [
        "# Notebooks\n",
        "Written by `make docs` from the notebooks' own words. `lab run NAME` executes one and",
        "writes its page; a setting that a notebook does not honour, and one without what it",
        "needs, is refused before anything runs.\n",
        "| notebook | question | settings |",
        "| --- | --- | --- |",
    ]
    for name in books.names():
        book = books.read(books.find(paths.notebooks() / name))
        _, question = books.title(book)
        honoured = [
            f"`{setting}`" + (f" with `{'`, `'.join(needs)}`" if needs else "")
            for setting, needs in books.settings(book).items()
        ]
        lines.append(f"| `{name}` | {question} | {'; '.join(honoured)} |")
    return "\n".join([*lines, ""])


def _parts() -> tuple[list[Path], list[Path]]:
    """Return the modules at the top, and the `__init__.py` of each folder."""
    files = sorted(path for path in paths.PACKAGE.glob("*.py") if path.name != "__init__.py")
    return files, sorted(paths.PACKAGE.glob("*/__init__.py"))


def _line(name: str, module: Path) -> str:
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    first = docstring.split("\n\n")[0].replace("\n", " ").strip()
    return f"{name:<26} {first[:110].rstrip()}".rstrip()


if __name__ == "__main__":
    for written in write():
        print(f"wrote {written.relative_to(paths.root())}")
