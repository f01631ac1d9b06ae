"""Figures that live in a notebook and in a report: the map, curves, overlaps, histograms.

Texts of a pool are untrusted: they are escaped and cut before plotly sees them. A figure never
offers to send itself to a server, and needs no network.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.report import figures_map
from lab.report.figures_map import density
from lab.report.figures_reach import difference, field, multiples
from lab.report.figures_save import save
from lab.report.figures_style import (
    ABOVE,
    COLOURS,
    CONFIG,
    FAINT,
    HOVER,
    WEBGL,
    Figure,
    escaped,
    hover,
)
from lab.report.figures_style import LAYOUT as _LAYOUT

__all__ = [
    "COLOURS",
    "CONFIG",
    "FAINT",
    "HOVER",
    "WEBGL",
    "Figure",
    "curves",
    "density",
    "difference",
    "field",
    "histogram",
    "hover",
    "map",
    "multiples",
    "overlap",
    "save",
]

DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def map(  # noqa: A001 - the design's word for it
    places: pd.DataFrame,
    *,
    text: "pd.Series[str] | None" = None,
    clusters: "pd.Series[int] | None" = None,
    names: Mapping[int, str] | None = None,
    subset: pd.Index | None = None,
    reference: pd.DataFrame | None = None,
) -> Figure:
    """Draw a coverage map: the pool, its clusters with their names, a subset, a reference.

    The map is turned and scaled to its canvas; points far off all others stand at its rim. More
    than 200,000 points are drawn as one picture of their density.

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns "x" and "y", on the pool's index; from `coverage.project`.
    text : Series of str, optional
        Shown over a point, escaped and cut; on an index that holds that of `places`.
    clusters : Series of int, optional
        Colours the points; -1 is faint.
    names : mapping, optional
        Cluster label to name, written near the cluster where there is room for it.
    subset : Index, optional
        Ids marked by small solid dots over the others.
    reference : DataFrame, optional
        Other rows on the same map, such as test prompts; columns "x" and "y".

    Raises
    ------
    ValueError
        If `subset` or the indexes of `text` or `clusters` miss rows.
    """
    _check_index(places, text=text, clusters=clusters)
    if subset is not None and not subset.isin(places.index).all():
        lost = subset[~subset.isin(places.index)]
        raise ValueError(f"subset names {len(lost)} rows that are not on the map: {lost[0]!r}")
    made = figures_map.scene(places, clusters=clusters, names=names, text=text)
    return figures_map.draw(made, text=text, subset=subset, reference=reference)


def curves(
    table: pd.DataFrame,
    *,
    low: pd.DataFrame | None = None,
    high: pd.DataFrame | None = None,
    ylabel: str = "",
    log_x: bool = False,
) -> Figure:
    """Draw one curve for each column over the index, such as coverage against budget.

    Parameters
    ----------
    table : DataFrame
        Index: the budget, named for the axis; columns: methods.
    low, high : DataFrame, optional
        Ends of the intervals, in the shape of `table`; drawn as bands.
    ylabel : str
        What the numbers are, with their unit.
    log_x : bool
        Space the budgets by ratio.

    Raises
    ------
    ValueError
        If only one end is given, or their shape is another.
    """
    if (low is None) != (high is None):
        raise ValueError("low and high are given together or not at all")
    for name, end in (("low", low), ("high", high)):
        if end is not None and not (
            end.index.equals(table.index) and end.columns.equals(table.columns)
        ):
            raise ValueError(f"{name} must have the index and columns of the table")
    figure = Figure()
    for number, column in enumerate(table.columns):
        colour = COLOURS[number % len(COLOURS)]
        if low is not None and high is not None:
            figure.add_trace(_band(low[column], high[column], colour))
        dash = DASHES[number // len(COLOURS) % len(DASHES)]
        figure.add_trace(
            go.Scatter(
                x=list(table.index),
                y=table[column].to_numpy(),
                mode="lines+markers",
                name=escaped(str(column)),
                legendgroup=str(column),
                line={"color": colour, "dash": dash},
            )
        )
    xaxis = {"title": escaped(str(table.index.name or "")), "type": "log" if log_x else "-"}
    layout = {"yaxis_title": escaped(ylabel), "hovermode": "x", "legend": ABOVE}
    figure.update_layout(xaxis=xaxis, **layout, **_LAYOUT)
    bands = "; bands are intervals" if low is not None else ""
    figure.update_layout(
        meta={"caption": f"{ylabel or 'values'} by {table.index.name or 'row'}{bands}."}
    )
    return figure


def _band(low: "pd.Series[float]", high: "pd.Series[float]", colour: str) -> go.Scatter:
    """Return the band between two curves that share an index and a name."""
    return go.Scatter(
        x=[*low.index, *low.index[::-1]],
        y=[*low, *high[::-1]],
        fill="toself",
        fillcolor=_clear(colour),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
        legendgroup=str(low.name),
    )


def overlap(table: pd.DataFrame) -> Figure:
    """Draw a square table of shares in 0..1, such as `coverage.overlap` makes, as a heat map."""
    if table.shape[0] != table.shape[1]:
        raise ValueError(f"table must be square, got shape {table.shape}")
    names = [escaped(str(name)) for name in table.columns]
    figure = Figure(
        go.Heatmap(
            z=table.to_numpy(),
            x=names,
            y=[escaped(str(name)) for name in table.index],
            zmin=0,
            zmax=1,
            colorscale="Blues",
            texttemplate="%{z:.2f}",
            hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_layout(yaxis={"autorange": "reversed", "scaleanchor": "x"}, **_LAYOUT)
    figure.update_layout(meta={"caption": "1 is the same, 0 has nothing in common."})
    return figure


def histogram(
    values: Mapping[str, Sequence[float]] | pd.DataFrame | pd.Series,
    *,
    bins: int = 40,
    xlabel: str = "",
    mark: float | None = None,
) -> Figure:
    """Draw how values are spread, one colour a name; rows without a value are counted beside it.

    Parameters
    ----------
    values : mapping, DataFrame or Series
        Name to numbers; all share the same bins.
    bins : int
        At least 1.
    xlabel : str
        What the numbers are, with their unit.
    mark : float, optional
        A line at this value, such as a limit.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    if isinstance(values, pd.Series):
        values = values.to_frame(values.name if values.name is not None else "value")
    arrays = {str(name): np.asarray(of, dtype=np.float64) for name, of in values.items()}
    every = np.concatenate([array[np.isfinite(array)] for array in arrays.values()])
    edges = np.histogram_bin_edges(every, bins=bins)
    middle = (edges[:-1] + edges[1:]) / 2
    figure = Figure()
    for number, (name, array) in enumerate(arrays.items()):
        there = array[np.isfinite(array)]
        without = f", {len(array) - len(there):,} without" if len(there) < len(array) else ""
        figure.add_trace(
            go.Bar(
                x=middle,
                y=np.histogram(there, bins=edges)[0],
                width=np.diff(edges),
                name=f"{escaped(name)} ({len(there):,}{without})",
                marker={"color": COLOURS[number % len(COLOURS)]},
                opacity=1.0 if len(arrays) == 1 else 0.6,
            )
        )
    if mark is not None:
        figure.add_vline(x=mark, line={"color": "#111111", "dash": "dash"})
    figure.update_layout(
        barmode="overlay",
        bargap=0,
        xaxis_title=escaped(xlabel),
        yaxis_title="examples",
        showlegend=True,
        legend=ABOVE,
        meta={"caption": f"How many examples have which {xlabel or 'value'}."},
        **_LAYOUT,
    )
    return figure


def _clear(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"


def _check_index(places: pd.DataFrame, **given: "pd.Series[Any] | None") -> None:
    if not {"x", "y"} <= set(places.columns):
        raise ValueError(f'places must have columns "x" and "y", got {list(places.columns)}')
    for name, series in given.items():
        if series is not None and not places.index.isin(series.index).all():
            lost = places.index[~places.index.isin(series.index)]
            raise ValueError(f"{name} misses {len(lost)} rows of the map, such as {lost[0]!r}")
