"""RESULTS.md: the findings of finished ablations and the tables of the benchmarks, as computed.

Nothing in it is typed by hand: findings come from `ablate.publish`, and the other tables are the
files that the scripts in `benchmarks/` wrote.
"""

import math
from pathlib import Path

import pandas as pd

from lab import ablate, paths, runs

HEAD = """# Results

Written by `lab results` from finished runs and from the tables that `make bench` wrote; not edited
by hand. A finding made on the testbed, the small world whose truth is known, says so: it is
evidence about the method, not about large models.
"""
NONE = "No finished ablation was found; run `make report` first.\n"
DIGITS = 3


def write(path: Path | None = None) -> Path:
    """Write the findings of finished ablations and the tables of the benchmarks; return the file.

    Parameters
    ----------
    path : path, optional
        By default `RESULTS.md` in the root.
    """
    path = path or paths.results()
    parts = [HEAD, "## Ablations\n"]
    found = ablate.findings()
    parts += [_finding(run) for run in found] or [NONE]
    tables = sorted(paths.benchmark_results().glob("*.md"))
    if tables:
        parts.append("## Benchmarks\n")
        parts += [_benchmark(table) for table in tables]
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


def markdown(table: pd.DataFrame) -> str:
    r"""Return a frame as a Markdown table; numbers with three digits, bars escaped.

    Examples
    --------
    >>> print(markdown(pd.DataFrame({"arm": ["a|b"], "mean": [0.5]})))
    | arm | mean |
    | --- | ---: |
    | a\|b | 0.500 |
    """
    numeric = [pd.api.types.is_numeric_dtype(table[name]) for name in table.columns]
    head = "| " + " | ".join(_cell(name) for name in table.columns) + " |"
    rule = "| " + " | ".join("---:" if number else "---" for number in numeric) + " |"
    rows = [
        "| " + " | ".join(_cell(value) for value in row) + " |"
        for row in table.itertuples(index=False)
    ]
    return "\n".join([head, rule, *rows])


def _finding(run: runs.Run) -> str:
    params = run.params
    verdict = "holds" if params["holds"] else "**does not hold**"
    commit = str(run.record["commit"])[:7] or "no commit"
    if run.record["dirty"]:
        commit += ", with uncommitted changes"
    lines = [
        f"### {params['title']} ({params['setting']})",
        "",
        f"{params['claim']} This {verdict}.",
        "",
        markdown(run.frame("summary")),
        "",
        f"`{run.id}`, {run.record['began']}, {commit}.",
        "",
    ]
    return "\n".join(lines)


def _benchmark(path: Path) -> str:
    text = path.read_text(encoding="utf-8").strip() + "\n"
    return text if text.startswith("#") else f"### {path.stem}\n\n{text}"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:,.{DIGITS}f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
