"""The figure of verdicts: each claim's difference with its interval, beside what would matter."""

import html
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lab.report.figures import COLOURS, FAINT, Figure
from lab.report.figures_style import ABOVE, measured

LINE_PIXELS = 16
ROW_PIXELS = 34  # of a row, besides the lines of its claim, which stand above the interval
MARGIN_PIXELS = 120
LONGEST = 50  # characters of a claim on a line, so that a telephone shows it
WORDS = {  # verdict: colour and symbol, so that neither alone has to tell
    "supported": (COLOURS[2], "circle"),
    "contradicted": (COLOURS[5], "x"),
    "undecided": (COLOURS[7], "circle-open"),
}


def forest(verdicts: pd.DataFrame, *, xlabel: str = "difference") -> Figure:
    """Draw a forest plot: one row per claim, the difference of its two arms with its interval.

    A grey bar spans the differences that do not matter, from minus the margin to the margin (an
    equivalence is supported by an interval inside it), or from zero to it (a claim of more).

    Parameters
    ----------
    verdicts : DataFrame
        From `ablate.verdicts`; first row on top.
    xlabel : str
        Names the measure, and its unit.

    Raises
    ------
    ValueError
        If a column is missing, or there is no row.

    Examples
    --------
    >>> from lab import ablate
    >>> outcomes = pd.DataFrame({("a", 0): [1.0, 1.0, 0.0, 1.0], ("b", 0): [0.0, 1.0, 0.0, 0.0]})
    >>> claim = ablate.more("a beats b.", "a", "b", by=0.1)
    >>> len(forest(ablate.verdicts({"a": claim}, outcomes)).data)
    2
    """
    needed = {"claim", "difference", "low", "high", "margin", "verdict", "equivalence"}
    missing = sorted(needed - set(verdicts.columns))
    if missing:
        raise ValueError(f"verdicts must have the column {missing[0]!r}")
    if len(verdicts) == 0:
        raise ValueError("verdicts must have at least one row, got none")
    every: list[Any] = list(verdicts.itertuples())
    rows = [f"{_lines(row.claim)} <i>{html.escape(row.verdict)}</i>" for row in every]
    most = max(row.count("<br>") for row in rows) + 1
    places = list(range(len(rows)))[::-1]
    figure = Figure()
    starts = [-row.margin if row.equivalence else 0.0 for row in every]
    figure.add_trace(
        go.Bar(
            base=starts,
            x=(verdicts["margin"] - starts).tolist(),
            y=places,
            orientation="h",
            width=0.4,
            name="too small to matter",
            marker={"color": FAINT, "opacity": 0.35},
            hoverinfo="skip",
        )
    )
    for word in WORDS:
        chosen = (verdicts["verdict"] == word).to_numpy()
        if chosen.any():
            some = [place for place, wanted in zip(places, chosen, strict=True) if wanted]
            figure.add_trace(_differences(verdicts[chosen], some, word))
    figure.add_vline(x=0, line_width=1, line_color=COLOURS[7])
    measure = measured(xlabel)
    figure.update_layout(
        template="plotly_white",
        height=MARGIN_PIXELS + (ROW_PIXELS + LINE_PIXELS * most) * len(rows),
        margin={"l": 10, "r": 20, "t": 20, "b": 40},
        xaxis_title=_lines(measure),
        yaxis={"visible": False, "range": [-0.4, len(rows) - 0.15]},
        legend=ABOVE,
        meta={"verdicts": {"measure": measure, "rows": _plain(verdicts)}},  # the page's first words
    )
    for text, place in zip(rows, places, strict=True):
        figure.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            align="left",
            y=place,
            yanchor="bottom",
            yshift=9,
            showarrow=False,
            text=text,
        )
    return figure


def _differences(shown: pd.DataFrame, places: list[int], word: str) -> go.Scatter:
    """Return the differences with one verdict, as marks with their intervals."""
    colour, symbol = WORDS[word]
    return go.Scatter(
        x=shown["difference"].tolist(),
        y=places,
        mode="markers",
        name=word,
        marker={"color": colour, "size": 11, "symbol": symbol, "line": {"width": 2}},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (shown["high"] - shown["difference"]).tolist(),
            "arrayminus": (shown["difference"] - shown["low"]).tolist(),
            "thickness": 2,
        },
    )


def _plain(verdicts: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["claim", "verdict", "equivalence", "difference", "low", "high", "margin"]
    shown = verdicts[columns].astype({"equivalence": bool, **dict.fromkeys(columns[3:], float)})
    named = shown.rename_axis("name").reset_index().astype({"name": str})
    return [{str(key): value for key, value in row.items()} for row in named.to_dict("records")]


def _lines(text: str) -> str:
    """Return a claim or a label as markup, broken where a line would be too long."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= LONGEST:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(html.escape(line) for line in lines)
