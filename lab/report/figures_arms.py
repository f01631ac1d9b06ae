"""The figure of an ablation: the mean of each arm with its interval, seeds as faint points."""

import html

import pandas as pd
import plotly.graph_objects as go

from lab.report.figures_style import ABOVE, COLOURS, FAINT, Figure, measured

ROW_PIXELS = 36
MARGIN_PIXELS = 110


def means(summary: pd.DataFrame, *, table: pd.DataFrame | None = None, measure: str = "") -> Figure:
    """Draw `mean` with `low` and `high` for each arm, first arm on top.

    Parameters
    ----------
    summary : DataFrame
        From `ablate.summary`: index arm, columns mean, low, high.
    table : DataFrame, optional
        From `ablate.run`: the mean of each seed is drawn behind, from its column `measure`.
    measure : str
        The measure, which names the axis.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = {"mean", "low", "high"} - set(summary.columns)
    if missing:
        raise ValueError(f"summary must have the column {min(missing)!r}")
    names = [html.escape(str(arm)) for arm in summary.index]
    figure = Figure()
    if table is not None:
        shown = table[table["arm"].isin(summary.index)]
        figure.add_trace(
            go.Scatter(
                x=shown[measure].tolist(),
                y=[html.escape(str(arm)) for arm in shown["arm"]],
                mode="markers",
                name="one seed",
                marker={"color": FAINT, "size": 6},
            )
        )
    figure.add_trace(
        go.Scatter(
            x=summary["mean"].tolist(),
            y=names,
            mode="markers",
            name="mean, 95 % interval",
            marker={"color": COLOURS[0], "size": 10},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": (summary["high"] - summary["mean"]).tolist(),
                "arrayminus": (summary["mean"] - summary["low"]).tolist(),
                "thickness": 2,
            },
        )
    )
    figure.update_layout(
        template="plotly_white",
        height=MARGIN_PIXELS + ROW_PIXELS * len(names),
        margin={"l": 40, "r": 20, "t": 20, "b": 40},
        xaxis_title=html.escape(measured(measure)),
        yaxis={"categoryorder": "array", "categoryarray": names[::-1]},
        legend=ABOVE,
    )
    return figure
