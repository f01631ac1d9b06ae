"""What a page says first: its answers in a sentence each, and the verdicts on its claims.

The figure of verdicts (`figures_verdicts.forest`) carries its rows, so that the first screen of a
page, its small picture and the index say what the figure shows. What an output holds is not
trusted: a row that is not as it should be is left out.
"""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

ANSWER = "application/vnd.winnow.answer"
WORDS = ("supported", "contradicted", "undecided")
NUMBERS = ("difference", "low", "high", "margin")
WIDTH, ROW, LABELS = 320.0, 26.0, 122.0  # of the small forest; labels take the left part
LONGEST = 17  # characters of a claim's name beside it
MOST_ROWS = 9


def verdicts(figures: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of all figures of verdicts: name, claim, verdict, equivalence, numbers."""
    rows = []
    for figure in figures:
        meta = figure["layout"].get("meta")
        held = meta.get("verdicts") if isinstance(meta, dict) else None
        if isinstance(held, dict) and isinstance(held.get("rows"), list):
            measure = str(held.get("measure", ""))
            rows += [{**row, "measure": measure} for row in held["rows"] if sound(row)]
    return rows


def sound(row: object) -> bool:
    """Tell whether a row of verdicts has what is shown of it, each of its kind."""
    if not isinstance(row, dict) or row.get("verdict") not in WORDS:
        return False
    if not isinstance(row.get("equivalence"), bool):
        return False
    numbers = [row.get(name) for name in NUMBERS]
    if not all(isinstance(value, float | int) and math.isfinite(value) for value in numbers):
        return False
    return all(isinstance(row.get(name), str) for name in ("name", "claim"))


def sentence(row: Mapping[str, Any]) -> str:
    """Return a verdict as people read it: the difference and its interval.

    Examples
    --------
    >>> sentence({"difference": 0.764, "low": 0.733, "high": 0.794, "equivalence": False})
    '+0.764 [+0.733, +0.794]'
    """
    level = " (90 %)" if row["equivalence"] else ""
    low, high = (f"{row[end]:+.3f}" for end in ("low", "high"))
    return f"{row['difference']:+.3f} [{low}, {high}]{level}"


def shortened(names: Sequence[str], longest: int = LONGEST) -> list[str]:
    """Return names of at most `longest` characters, cut where they do not become the same.

    Examples
    --------
    >>> shortened(["easy to hard", "easy to hard over all"], longest=12)
    ['easy to hard', 'easy to har…']
    >>> shortened(["easy to hard over random", "easy to hard over blocks"], longest=12)
    ['easy t…andom', 'easy t…locks']
    """
    ends = [name if len(name) <= longest else name[: longest - 1] + "…" for name in names]
    half = longest // 2
    return [
        end if ends.count(end) == 1 else name[:half] + "…" + name[half + 1 - longest :]
        for name, end in zip(names, ends, strict=True)
    ]


def forest(rows: Sequence[Mapping[str, Any]], *, label: str) -> str:
    """Return a small forest plot as inline SVG: one line per verdict, zero as a thin line."""
    rows = rows[:MOST_ROWS]
    place = _placer(rows, LABELS, WIDTH - 12.0)
    height = max(ROW * len(rows) + 16.0, 72.0)
    top = (height - ROW * len(rows)) / 2
    shapes = []
    names = [str(row["name"]) for row in rows]
    for number, (row, short) in enumerate(zip(rows, shortened(names), strict=True)):
        middle = top + ROW * (number + 0.5)
        shapes.append(
            f'<text x="{LABELS - 8:.0f}" y="{middle + 4:.1f}" text-anchor="end" '
            f'class="tick">{html.escape(short)}<title>{html.escape(names[number])}</title></text>'
        )
        shapes.append(_line(row, place, middle))
    zero = place(0.0)
    drawn = f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="6" y2="{height - 6:.0f}" class="zero"/>'
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" class="thumbnail forest" '
        f'aria-label="{html.escape(label)}">{drawn}{"".join(shapes)}</svg>'
    )


def strips(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one line of a forest plot for each row, one scale for each measure, as inline SVG."""
    measures = {str(row["measure"]) for row in rows}
    places = {
        name: _placer([row for row in rows if row["measure"] == name], 8.0, 212.0)
        for name in measures
    }
    return [_strip(row, places[str(row["measure"])]) for row in rows]


def _strip(row: Mapping[str, Any], place: Any) -> str:
    zero = f'<line x1="{place(0.0):.1f}" x2="{place(0.0):.1f}" y1="0" y2="22" class="zero"/>'
    return (
        f'<svg viewBox="0 0 220 22" role="img" class="strip" aria-label="{sentence(row)}">'
        f"{zero}{_line(row, place, 11.0)}</svg>"
    )


def _line(row: Mapping[str, Any], place: Any, y: float) -> str:
    """Return the band that does not matter, the interval, and the difference as a mark."""
    start = -row["margin"] if row["equivalence"] else 0.0
    left, right = place(start), place(row["margin"])
    low, high, at = place(row["low"]), place(row["high"]), place(row["difference"])
    mark = f'<circle cx="{at:.1f}" cy="{y:.1f}" r="4"/>'
    if row["verdict"] == "contradicted":
        mark = f'<path d="M{at - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8"/>'
    return (
        f'<rect x="{left:.1f}" y="{y - 8:.1f}" width="{max(right - left, 0.5):.1f}" height="16" '
        f'class="band"/><g class="{row["verdict"]}">'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>{mark}</g>'
    )


def _placer(rows: Sequence[Mapping[str, Any]], left: float, right: float) -> Any:
    ends = [0.0, *(row[end] for row in rows for end in ("low", "high", "margin"))]
    ends += [-row["margin"] for row in rows if row["equivalence"]]
    least, most = min(ends), max(ends)
    return lambda value: left + (value - least) / ((most - least) or 1.0) * (right - left)
