"""RESULTS.md and the READMEs' findings: what finished ablations found, and the benchmarks' tables.

`make results` writes them. Nothing in them is typed by hand: findings come from `ablate.publish`,
what papers say from `lab.ablate.papers`, the other tables are the files that the scripts in
`benchmarks/` wrote. A machine holds only its own runs, so that a finding of which there is no run
here stays as it stands, with its date and commit; of two with the same title and setting the newer
one stays. A finding leaves by hand only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lab import ablate, paths, runs
from lab.ablate.papers import PAPERS
from lab.report import books
from tools import docs, markdown

HEAD = """# Results

Written by `make results` from finished runs and from the tables that `make bench` wrote; not edited
by hand. A finding made on the testbed, the small world whose truth is known, says so: it is
evidence about the method, not about large models.
"""
NONE = "No finished ablation yet: `make ablations` runs them."
CLAIMS = """## Ablations

One row per claim. `ours` is the difference of the claim's two arms with its 95 % interval (90 %
where no difference is claimed, which is what its two tests rest on); `matters` is the least
difference that would matter, stated before the run; `power` the true difference that four
experiments of this size in five would find (for a claim of no difference, the least margin they
would show); `p` is corrected for the claims of one notebook. What a paper says is another model,
other data and another measure.
"""
WORDS = ("supported", "contradicted", "undecided")
KEPT = ["ablation", "setting", "claim", "ours", "matters", "verdict", "power", "p", "n", "run"]
KEPT += ["made"]


@dataclass(frozen=True)
class Finding:
    """One finding as RESULTS.md shows it."""

    row: Mapping[str, str]  # columns `KEPT`

    @property
    def key(self) -> tuple[str, str]:
        """Return title and setting, of which one finding is kept."""
        return self.row["ablation"], self.row["setting"]

    @property
    def study(self) -> str:
        """Return the ablation's title without the name of the claim."""
        return self.row["ablation"].partition(": ")[0]


def write() -> list[Path]:
    """Merge the findings of finished ablations into RESULTS.md and the READMEs."""
    results = paths.results()
    old = results.read_text(encoding="utf-8") if results.exists() else ""
    found = merged(read(old), [of_run(run) for run in ablate.findings()])
    results.write_text(page(found), encoding="utf-8", newline="\n")
    methods = paths.docs() / "methods.md"
    methods.parent.mkdir(exist_ok=True)
    methods.write_text(docs.methods(), encoding="utf-8", newline="\n")
    written = [results, methods]
    for path in map(paths.root().joinpath, docs.READMES):
        text = path.read_text(encoding="utf-8")
        filled = markdown.fill(text, "findings", summary(found))
        path.write_text(filled, encoding="utf-8", newline="\n")
        written.append(path)
    return written


def page(found: list[Finding]) -> str:
    """Return RESULTS.md: all claims, then the tables of the benchmarks."""
    parts = [HEAD, CLAIMS, f"{claims(found) if found else NONE}\n"]
    tables = sorted(paths.benchmark_results().glob("*.md"))
    parts += ["## Benchmarks\n"] if tables else []
    return "\n".join(parts + [_benchmark(table) for table in tables])


def claims(found: list[Finding]) -> str:
    """Return the table of all claims, each beside what its paper says."""
    rows = []
    for finding in found:
        row = dict(finding.row)
        paper = PAPERS.get(finding.study)
        says = "" if paper is None else f"{paper.name}: {paper.figure} ({paper.known})"
        first = {name: row.pop(name) for name in ("ablation", "setting", "claim")}
        rows.append({**first, "the paper": says, **row})
    return markdown.table(pd.DataFrame(rows))


def read(text: str) -> list[Finding]:
    """Return the findings that a RESULTS.md holds.

    Raises
    ------
    ValueError
        If something else stands there, or a row lacks a column; it would be lost.
    """
    part = text.partition("## Ablations\n")[2].partition("\n## ")[0]
    for line in part.splitlines():
        if line and line not in CLAIMS and line != NONE and not line.startswith("| "):
            raise ValueError(f"the ablations of RESULTS.md hold what is no row: {line!r}")
    found = []
    for row in markdown.rows(part):
        missing = [name for name in KEPT if name not in row]
        if missing or row["verdict"] not in WORDS:
            raise ValueError(f"a row of RESULTS.md needs {missing or 'a verdict'}, got {row}")
        found.append(Finding({name: row[name] for name in KEPT}))
    return found


def of_run(run: runs.Run) -> Finding:
    """Return the finding of a finished run of `ablate.publish`."""
    params, numbers = run.params, run.params["numbers"]
    commit = str(run.record["commit"])[:7] or "no commit"
    if run.record["dirty"]:
        commit += ", with uncommitted changes"
    low, high = (f"{numbers[name]:.3f}" for name in ("low", "high"))
    row = {
        "ablation": params["title"],
        "setting": params["setting"],
        "claim": params["claim"],
        "ours": f"{numbers['difference']:.3f} [{low}, {high}]",
        "matters": f"{numbers['margin']:.3f}",
        "verdict": params["verdict"],
        "power": f"{numbers['smallest_effect']:.3f}",
        "p": f"{numbers['p_holm']:.3f}",
        "n": ", ".join(f"{numbers[unit]} {unit}" for unit in ("prompts", "seeds") if numbers[unit]),
        "run": f"`{run.id}`",
        "made": f"{run.record['began']}, {commit}",
    }
    return Finding(row)


def merged(old: list[Finding], new: list[Finding]) -> list[Finding]:
    """Return all findings, of each title and setting the newer, in the order of their titles."""
    newest: dict[tuple[str, str], Finding] = {}
    for finding in sorted([*old, *new], key=lambda finding: finding.row["made"]):
        newest[finding.key] = finding
    return [newest[key] for key in sorted(newest)]


def summary(found: list[Finding]) -> str:
    """Return the READMEs' table: each paper with what does it here, its notebook, its verdicts."""
    if not found:
        return NONE
    rows = []
    for study, setting in sorted({(finding.study, finding.key[1]) for finding in found}):
        of = [each for each in found if (each.study, each.key[1]) == (study, setting)]
        counts = {word: sum(each.row["verdict"] == word for each in of) for word in WORDS}
        paper, notebook = PAPERS.get(study), f"{books.ABLATIONS}{study.replace(' ', '-')}"
        row = {"paper": study if paper is None else paper.name}
        row["function"] = "" if paper is None else f"`{paper.function}`"
        row["notebook"] = f"`{notebook}`" if notebook in books.names() else ""
        row["setting"] = setting
        row["verdicts"] = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        rows.append({**row, "made": max(each.row["made"] for each in of)[:10]})
    return markdown.table(pd.DataFrame(rows))


def _benchmark(path: Path) -> str:
    text = path.read_text(encoding="utf-8").strip() + "\n"
    return text if text.startswith("#") else f"### {path.stem}\n\n{text}"


if __name__ == "__main__":
    for written in write():
        print(f"wrote {written.relative_to(paths.root())}")
