"""Published figures on judges beside ours, from the verdicts that were published with them.

    python benchmarks/judge.py [--folder FOLDER] [--quick]

FOLDER is laid out as `data/` of the shared data is: `alpaca_eval/results/<model>/<annotator>/`,
`judge/two_order_reviews/` and so on; whatever further verdicts lie there are taken too.
"""

import argparse
from pathlib import Path

import pandas as pd
import published_judgments

from lab import paths

RESULT = Path(__file__).parent / "results" / "judge.md"
DIGITS = 4


def main() -> None:
    """Write the table to `results/judge.md`, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=paths.shared() / "data")
    parser.add_argument("--quick", action="store_true", help="print the summary alone")
    given = parser.parse_args()
    table = published_judgments.compare(given.folder)
    parts = ["## Judging: published figures, and ours from the same verdicts", summary(table)]
    if not given.quick:
        parts.append(rows(table))
    text = "\n\n".join(parts) + "\n"
    print(text)
    if not given.quick:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(text, encoding="utf-8")


def summary(table: pd.DataFrame) -> str:
    """Return one line per source and kind of figure: how many, and how far off."""
    known = table.dropna(subset=["published", "ours"])
    kind = known["what"].str.replace(r"^.*: ", "", regex=True)
    kind = kind.where(known["source"].str.startswith("AlpacaEval"), "all")
    lines = ["| source | figure | number | mean difference | largest |", "|---|---|---:|---:|---:|"]
    for (source, what), group in known.groupby([known["source"], kind], sort=False):
        gap = group["difference"].abs()
        shown = f"{number(gap.mean())} | {number(gap.max())}"
        lines.append(f"| {source} | {what} | {len(group)} | {shown} |")
    return "\n".join(lines)


def rows(table: pd.DataFrame) -> str:
    """Return all figures as a table."""
    lines = ["| source | figure | published | ours | difference | note |"]
    lines.append("|---|---|---:|---:|---:|---|")
    for row in table.itertuples():
        values = " | ".join(number(value) for value in (row.published, row.ours, row.difference))
        lines.append(f"| {row.source} | {row.what} | {values} | {row.note} |")
    return "\n".join(lines)


def number(value: float) -> str:
    """Return a number to four digits after the point, nothing if there is none."""
    if pd.isna(value):
        return ""
    if value == 0 or abs(value) < 0.5 * 10**-DIGITS:
        return "0"
    return f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    main()
