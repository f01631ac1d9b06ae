"""RESULTS.md and the READMEs' findings: what finished ablations found, and the benchmarks' tables.

`make results` writes them. Nothing in them is typed by hand: findings come from `ablate.publish`,
the other tables are the files that the scripts in `benchmarks/` wrote. A machine holds only its
own runs, so that a finding of which there is no run here stays as it stands, with its date and
commit; of two with the same title and setting the newer one stays. A finding leaves by hand only.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lab import ablate, paths, runs
from tools import docs, markdown

HEAD = """# Results

Written by `make results` from finished runs and from the tables that `make bench` wrote; not edited
by hand. A finding made on the testbed, the small world whose truth is known, says so: it is
evidence about the method, not about large models.
"""
NONE = "No finished ablation yet: `make report` runs them."
LABEL = re.compile(r"### (?P<title>.+) \((?P<setting>[^()]+)\)")
VERDICT = re.compile(r"(?P<claim>.+) \*\*(?P<verdict>supported|contradicted|undecided)\*\*")
SHOWN = ["first", "second", "difference", "low", "high", "margin", "smallest_effect", "p_holm"]
SHOWN += ["prompts", "seeds"]
MADE = re.compile(r"`report/\S+`, (?P<began>[^,]+), (?P<commit>.+)\.")


@dataclass(frozen=True)
class Finding:
    """One finding as RESULTS.md shows it: its section, and what the READMEs show of it."""

    title: str
    setting: str
    claim: str
    verdict: str
    interval: str  # the difference with its interval
    began: str  # ISO date and time, which sorts
    commit: str
    section: str

    @property
    def row(self) -> dict[str, str]:
        """Return its row in the READMEs."""
        made = f"{self.began[:10]}, {self.commit}"
        about = {"ablation": self.title, "setting": self.setting, "claim": self.claim}
        found = {"verdict": self.verdict, "difference": self.interval}
        return {**about, **found, "made": made}


def write() -> list[Path]:
    """Merge the findings of finished ablations into RESULTS.md and the READMEs; return the files.

    A README's row without a section in RESULTS.md stays, too.
    """
    results = paths.results()
    old = results.read_text(encoding="utf-8") if results.exists() else ""
    found = merged(sections(old), [of_run(run) for run in ablate.findings()])
    results.write_text(page(found), encoding="utf-8", newline="\n")
    written = [results]
    for path in map(paths.root().joinpath, docs.READMES):
        text = path.read_text(encoding="utf-8")
        kept = markdown.rows(markdown.block(text, "findings") or "")
        filled = markdown.fill(text, "findings", summary(found, kept))
        path.write_text(filled, encoding="utf-8", newline="\n")
        written.append(path)
    return written


def page(found: list[Finding]) -> str:
    """Return RESULTS.md: the findings, then the tables of the benchmarks."""
    parts = [HEAD, "## Ablations\n", *([finding.section for finding in found] or [f"{NONE}\n"])]
    tables = sorted(paths.benchmark_results().glob("*.md"))
    parts += ["## Benchmarks\n"] if tables else []
    return "\n".join(parts + [_benchmark(table) for table in tables])


def sections(text: str) -> list[Finding]:
    """Return the findings that a RESULTS.md holds.

    Raises
    ------
    ValueError
        If a section cannot be read; it would be lost.
    """
    part = text.partition("## Ablations\n")[2].partition("\n## ")[0]
    starts = re.split(r"(?m)^(?=### )", part)[1:]
    return [_section(section.strip() + "\n") for section in starts]


def of_run(run: runs.Run) -> Finding:
    """Return the finding of a finished run of `ablate.publish`."""
    params = run.params
    commit = str(run.record["commit"])[:7] or "no commit"
    if run.record["dirty"]:
        commit += ", with uncommitted changes"
    lines = [
        f"### {params['title']} ({params['setting']})",
        "",
        f"{params['claim']} **{params['verdict']}**",
        "",
        markdown.table(run.frame("summary")[SHOWN]),
        "",
        f"`{run.id}`, {run.record['began']}, {commit}.",
        "",
    ]
    return _section("\n".join(lines))


def merged(old: list[Finding], new: list[Finding]) -> list[Finding]:
    """Return all findings, of each title and setting the newer, in the order of their titles."""
    newest: dict[tuple[str, str], Finding] = {}
    for finding in sorted([*old, *new], key=lambda finding: finding.began):
        newest[finding.title, finding.setting] = finding
    return [newest[key] for key in sorted(newest)]


def summary(found: list[Finding], kept: list[dict[str, str]]) -> str:
    """Return the READMEs' table: a row per finding, and those `kept` without a finding."""
    rows = {(finding.title, finding.setting): finding.row for finding in found}
    for row in kept:
        rows.setdefault((row["ablation"], row["setting"]), row)
    return markdown.table(pd.DataFrame([rows[key] for key in sorted(rows)])) if rows else NONE


def _section(text: str) -> Finding:
    label, verdict, made = (form.search(text) for form in (LABEL, VERDICT, MADE))
    if not (label and verdict and made):
        raise ValueError(
            f"a section of RESULTS.md needs title, verdict and run, got {text[:200]!r}"
        )
    (row,) = markdown.rows(text)
    interval = f"{row['difference']} [{row['low']}, {row['high']}]"
    about = (label["title"], label["setting"], verdict["claim"], verdict["verdict"], interval)
    return Finding(*about, made["began"], made["commit"], text)


def _benchmark(path: Path) -> str:
    text = path.read_text(encoding="utf-8").strip() + "\n"
    return text if text.startswith("#") else f"### {path.stem}\n\n{text}"


if __name__ == "__main__":
    for written in write():
        print(f"wrote {written.relative_to(paths.root())}")
