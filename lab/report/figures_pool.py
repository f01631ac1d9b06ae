"""Figures of what a pool holds: how long its texts are, and what kinds of examples it has."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab import records
from lab.report.figures_style import COLOURS, LAYOUT, Figure, escaped

BINS = 40
ROW_PIXELS = 24
MARGIN_PIXELS = 90
LONGEST_NAME = 28  # characters of a kind; longer ones are cut


def lengths(pool: pd.DataFrame) -> Figure:
    """Draw how long instructions, inputs and answers are, in characters on a scale of ratios.

    Empty texts have no place on it; the legend counts them.
    """
    figure = Figure()
    sizes = {name: pool[name].str.len().to_numpy() for name in records.TEXTS}
    top = max((int(of.max()) for of in sizes.values() if len(of)), default=1)
    edges = np.geomspace(1, max(top, 2) + 1, BINS + 1)
    middle = np.sqrt(edges[:-1] * edges[1:])
    for number, (name, of) in enumerate(sizes.items()):
        there = of[of > 0]
        if not len(there):
            continue
        empty = f", {len(of) - len(there):,} empty" if len(there) < len(of) else ""
        figure.add_trace(
            go.Scatter(
                x=middle,
                y=np.histogram(there, bins=edges)[0],
                mode="lines",
                line={"shape": "hvh", "color": COLOURS[number], "width": 2},
                fill="tozeroy",
                name=f"{name} ({len(there):,}{empty})",
                hovertemplate="about %{x:,.0f} characters: %{y:,}<extra></extra>",
            )
        )
    figure.update_layout(
        xaxis={"title": "characters", "type": "log"},
        yaxis_title="examples",
        showlegend=True,
        legend={"orientation": "h", "y": 1.12},
        meta={"caption": "How many examples have texts of which length."},
        **LAYOUT,
    )
    return figure


def composition(pool: pd.DataFrame, *, languages: "pd.Series[str] | None" = None) -> Figure:
    """Draw `records.composition`: a bar for each source, category, language, turn and part.

    Parameters
    ----------
    pool : DataFrame
        A pool.
    languages : Series, optional
        The language of each row, as `filters.language_of(pool)` tells it.
    """
    table = records.composition(pool, languages=languages)
    figure = Figure()
    sorts = table.index.get_level_values("sort")
    for number, sort in enumerate(dict.fromkeys(sorts)):
        part = table[sorts == sort]
        names = [f"{sort}: {_cut(str(kind))}" for kind in part.index.get_level_values("kind")]
        figure.add_trace(
            go.Bar(
                x=part["share"],
                y=[escaped(name) for name in names],
                orientation="h",
                name=str(sort),
                marker={"color": COLOURS[number % len(COLOURS)]},
                text=[f"{count:,}" for count in part["examples"]],
                textposition="auto",
                textangle=0,
                hovertemplate="%{y}: %{x:.1%} of all<extra></extra>",
            )
        )
    figure.update_layout(LAYOUT)
    figure.update_layout(
        height=MARGIN_PIXELS + ROW_PIXELS * max(len(table), 3),
        showlegend=False,
        xaxis={"title": "share of the pool", "tickformat": ".0%", "range": [0, 1]},
        yaxis={"autorange": "reversed", "automargin": True, "dtick": 1},
        meta={"caption": "What share of the examples is of which kind, with counts."},
    )
    return figure


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
