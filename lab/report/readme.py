"""The parts of README.md and docs/methods.md that are computed: findings, methods, the tree.

A block stands between `<!-- name -->` and `<!-- /name -->`; `write` fills each anew.
"""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from lab import ablate, filters, paths, score, select
from lab.report import results, tables

PARTS_LATER = ("synth",)


def write() -> list[Path]:
    """Fill the blocks of the README files and write docs/methods.md; return what was written."""
    methods = paths.docs() / "methods.md"
    methods.parent.mkdir(exist_ok=True)
    methods.write_text(_methods(), encoding="utf-8")
    written = [methods]
    for name in ("README.md", "README.zh-CN.md"):
        path = paths.root() / name
        if path.exists():
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
    """Return the modules of the package, each with the first line of its docstring."""
    lines = ["```"]
    for part in sorted(_parts(), key=lambda path: (path.is_dir(), path.name)):
        if part.is_file():
            lines.append(_line(f"lab/{part.name}", part))
            continue
        lines.append(_line(f"lab/{part.name}/", part / "__init__.py"))
        for module in sorted(part.rglob("*.py")):
            if module != part / "__init__.py":
                name = module.relative_to(part).as_posix().removesuffix("/__init__.py")
                lines.append(_line(f"  {name}", module))
    return "\n".join([*lines, "```"])


def _parts() -> list[Path]:
    children = [path for path in paths.PACKAGE.iterdir() if path.name != "__pycache__"]
    return [
        path
        for path in children
        if (path.is_dir() and (path / "__init__.py").exists())
        or (path.suffix == ".py" and path.name != "__init__.py")
    ]


def _line(name: str, module: Path) -> str:
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    first = docstring.split("\n\n")[0].replace("\n", " ").strip()
    return f"{name:<26} {first[:110].rstrip()}".rstrip()


def _methods() -> str:
    parts = ["# Methods\n", "Written by `lab results` from the code's own words.\n"]
    for title, part in (("Filters", filters), ("Scores", score), ("Selectors", select)):
        parts += [f"## {title}\n", results.markdown(tables.register(part).reset_index()), ""]
    return "\n".join(parts)
