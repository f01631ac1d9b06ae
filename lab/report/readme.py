"""What the README and docs/ say that is computed: findings, methods, the tree of the code.

A block stands between `<!-- name -->` and `<!-- /name -->`; `write` fills each anew.
"""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from lab import ablate, filters, paths, score, select
from lab.report import results, tables


def write() -> list[Path]:
    """Fill the blocks of the README files and write the pages of docs/; return what was written."""
    pages = {"methods.md": _methods(), "modules.md": f"# Modules\n\n{modules()}\n"}
    paths.docs().mkdir(exist_ok=True)
    written = []
    for name, text in pages.items():
        path = paths.docs() / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    for name in ("README.md", "README.zh-CN.md"):
        path = paths.root() / name
        path.write_text(fill(path.read_text(encoding="utf-8")), encoding="utf-8")
        written.append(path)
    return written


def fill(text: str, blocks: dict[str, Callable[[], str]] | None = None) -> str:
    r"""Return `text` with every known block filled anew.

    Examples
    --------
    >>> fill("<!-- sum -->old<!-- /sum -->", {"sum": lambda: "3"})
    '<!-- sum -->\n3\n<!-- /sum -->'
    """
    for name, make in (blocks or {"findings": findings, "tree": tree}).items():
        pattern = re.compile(rf"(<!-- {name} -->).*?(<!-- /{name} -->)", re.DOTALL)
        if pattern.search(text):
            made = make()
            text = pattern.sub(lambda found, made=made: f"{found[1]}\n{made}\n{found[2]}", text)  # type: ignore[misc]
    return text


def findings() -> str:
    """Return one line per finding of the finished ablations: claim, setting, verdict."""
    found = ablate.findings()
    if not found:
        return "No finished ablation yet: `make report` runs them."
    rows = [
        {
            "ablation": run.params["title"],
            "setting": run.params["setting"],
            "claim": run.params["claim"],
            "holds": bool(run.params["holds"]),
        }
        for run in found
    ]
    return results.markdown(pd.DataFrame(rows))


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


def _parts() -> tuple[list[Path], list[Path]]:
    """Return the modules at the top, and the `__init__.py` of each folder."""
    files = sorted(path for path in paths.PACKAGE.glob("*.py") if path.name != "__init__.py")
    return files, sorted(paths.PACKAGE.glob("*/__init__.py"))


def _line(name: str, module: Path) -> str:
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    first = docstring.split("\n\n")[0].replace("\n", " ").strip()
    return f"{name:<26} {first[:110].rstrip()}".rstrip()


def _methods() -> str:
    parts = ["# Methods\n", "Written by `lab results` from the code's own words.\n"]
    for title, part in (("Filters", filters), ("Scores", score), ("Selectors", select)):
        parts += [f"## {title}\n", results.markdown(tables.register(part).reset_index()), ""]
    return "\n".join(parts)
