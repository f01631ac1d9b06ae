"""What was measured about a method: verdicts in RESULTS.md, and the benchmarks' tables.

Which claim speaks of which method is in `tools/advice.py`; what came out is read, not written here.
"""

from lab import paths
from tools import markdown
from tools.advice import STUDIES

WORDING = "wording.md"  # precision and recall of the filters of wording, row by row read


def measured(part: str) -> dict[str, str]:
    """Return a sentence for each method of a part about which something was measured."""
    if part == "filters":
        return _precision()
    return {name: _verdicts(study) for name, study in STUDIES[part].items()}


def _precision() -> dict[str, str]:
    path = paths.benchmark_results() / WORDING
    rows = markdown.rows(path.read_text(encoding="utf-8")) if path.exists() else []
    return {
        row["filter"]: f"precision {row['precision']}, recall {row['recall']} on {row['rows']} rows"
        for row in rows
        if row["language"] == "all"
    }


def _verdicts(study: str) -> str:
    """Return what came of the claims of one ablation, and where."""
    path = paths.results()
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = [
        f"{row['ablation'].removeprefix(study + ': ')}: {row['verdict']} ({row['setting']})"
        for row in markdown.rows(text.partition("## Ablations\n")[2].partition("\n## ")[0])
        if row["ablation"].startswith(f"{study}: ")
    ]
    return "; ".join(found) or f"not yet: `{study}` has no finished run"
