"""Figures that live in a notebook and in a report: the map, curves, overlaps, histograms.

Texts of a pool are untrusted: they are escaped and cut before plotly sees them. A figure never
offers to send itself to a server, and needs no network.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.report.figures_save import save

__all__ = ["CONFIG", "Figure", "curves", "density", "histogram", "hover", "map", "overlap", "save"]

CONFIG = {"showSendToCloud": False, "displaylogo": False, "typesetMath": False}
HOVER = 120  # characters of a text shown when the mouse is over its point
WEBGL = 2_000  # points; below this SVG is as fast, and sharp when printed
COLOURS = (  # told apart by most eyes, on white and on black (after Okabe & Ito)
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#b59f00",
    "#7a7a7a",
)
CROSS = {"size": 6, "symbol": "x-thin", "line": {"width": 1.5, "color": "#d55e00"}}
RING = {
    "size": 7,
    "symbol": "circle-open",
    "line": {"width": 1.2, "color": "#111111"},
    "color": "#111111",
}
FAINT = "#b8bcc4"
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


class Figure(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A plotly figure that shows itself with `CONFIG`."""

    def show(self, *args: Any, **kwargs: Any) -> None:
        """Show the figure; a `config` given here adds to `CONFIG`."""
        super().show(*args, **{**kwargs, "config": {**CONFIG, **kwargs.get("config", {})}})

    def _ipython_display_(self) -> None:
        self.show()


def hover(texts: "pd.Series[str]", *, limit: int = HOVER) -> list[str]:
    """Return texts as a figure may show them: markup escaped, cut at `limit` characters.

    Examples
    --------
    >>> hover(pd.Series(["<b>bold</b>"]))
    ['&lt;b&gt;bold&lt;/b&gt;']
    """
    return [_escape(text if len(text) <= limit else text[: limit - 1] + "…") for text in texts]


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

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns "x" and "y", on the pool's index; from `coverage.project`.
    text : Series of str, optional
        Shown over a point, escaped and cut; on an index that holds that of `places`.
    clusters : Series of int, optional
        Colours the points; -1 is faint.
    names : mapping, optional
        Cluster label to name, written at the middle of the cluster.
    subset : Index, optional
        Ids drawn large, in black rings.
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
    webgl = len(places) + len(reference if reference is not None else ()) > WEBGL
    figure = Figure()
    for number, (label, rows) in enumerate(_groups(places, clusters)):
        faint = label is not None and label < 0
        marker = {
            "size": 3 if webgl else 6,
            "color": FAINT if faint else COLOURS[number % len(COLOURS)],
            "opacity": 0.5 if faint else 0.8,
        }
        name = _name(label, names)
        figure.add_trace(_points(rows, text, name=name, marker=marker, webgl=webgl))
    if reference is not None:
        name = f"reference ({len(reference):,})"
        figure.add_trace(_points(reference, None, name=name, marker=CROSS, webgl=webgl))
    if subset is not None:
        chosen = places.loc[subset]
        name = f"subset ({len(chosen):,})"
        figure.add_trace(_points(chosen, text, name=name, marker=RING, webgl=webgl))
    if clusters is not None and names is not None:
        _write_names(figure, places, clusters, names)
    axis = {"visible": False}
    figure.update_layout(
        xaxis=axis,
        yaxis={**axis, "scaleanchor": "x"},
        legend={"itemsizing": "constant"},
        title=f"{len(places):,} examples",
        **_LAYOUT,
    )
    return figure


def density(places: pd.DataFrame, *, bins: int = 200) -> Figure:
    """Draw how many points lie where on a map: for pools too large for single points.

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns "x" and "y".
    bins : int
        Squares along each axis, at least 1; colours go by the logarithm of the count.
    """
    _check_index(places)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    counts, x, y = np.histogram2d(places["x"].to_numpy(), places["y"].to_numpy(), bins=bins)
    counts = counts.T.astype(np.int32)
    figure = Figure(
        go.Heatmap(
            x=x.astype(np.float32),
            y=y.astype(np.float32),
            z=np.log10(np.maximum(counts, 1), dtype=np.float32).round(2),
            customdata=counts,
            colorscale="Greys",
            showscale=False,
            hovertemplate="%{customdata} examples<extra></extra>",
        )
    )
    axis = {"visible": False}
    title = f"{len(places):,} examples"
    yaxis = {**axis, "scaleanchor": "x"}
    figure.update_layout(xaxis=axis, yaxis=yaxis, title=title, **_LAYOUT)
    return figure


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
                name=_escape(str(column)),
                legendgroup=str(column),
                line={"color": colour, "dash": dash},
            )
        )
    xaxis = {"title": _escape(str(table.index.name or "")), "type": "log" if log_x else "-"}
    figure.update_layout(xaxis=xaxis, yaxis_title=_escape(ylabel), hovermode="x", **_LAYOUT)
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
    names = [_escape(str(name)) for name in table.columns]
    figure = Figure(
        go.Heatmap(
            z=table.to_numpy(),
            x=names,
            y=[_escape(str(name)) for name in table.index],
            zmin=0,
            zmax=1,
            colorscale="Blues",
            texttemplate="%{z:.2f}",
            hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_layout(yaxis={"autorange": "reversed", "scaleanchor": "x"}, **_LAYOUT)
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
                name=f"{_escape(name)} ({len(there):,}{without})",
                marker={"color": COLOURS[number % len(COLOURS)]},
                opacity=1.0 if len(arrays) == 1 else 0.6,
            )
        )
    if mark is not None:
        figure.add_vline(x=mark, line={"color": "#111111", "dash": "dash"})
    figure.update_layout(
        barmode="overlay",
        bargap=0,
        xaxis_title=_escape(xlabel),
        yaxis_title="examples",
        showlegend=True,
        **_LAYOUT,
    )
    return figure


_LAYOUT: dict[str, Any] = {
    "template": "plotly_white",
    "margin": {"l": 40, "r": 20, "t": 40, "b": 40},
    "height": 480,
}


def _escape(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


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


def _groups(
    places: pd.DataFrame, clusters: "pd.Series[int] | None"
) -> list[tuple[int | None, pd.DataFrame]]:
    if clusters is None:
        return [(None, places)]
    same = clusters.index.equals(places.index)  # ids may repeat where two pools share a map
    labels = (clusters if same else clusters.loc[places.index]).to_numpy()
    return [(int(label), places[labels == label]) for label in np.unique(labels)]


def _name(label: int | None, names: Mapping[int, str] | None) -> str:
    if label is None:
        return "pool"
    if label < 0:
        return "in no cluster"
    given = names.get(label) if names is not None else None
    return _escape(given) if given else f"cluster {label}"


def _points(
    rows: pd.DataFrame, text: "pd.Series[str] | None", *, name: str, marker: Any, webgl: bool
) -> Any:
    kind = go.Scattergl if webgl else go.Scatter
    shown = None if text is None else hover(text.loc[rows.index])
    return kind(
        x=rows["x"].to_numpy(),
        y=rows["y"].to_numpy(),
        mode="markers",
        name=name,
        marker=marker,
        text=shown,
        customdata=[str(key) for key in rows.index],
        hovertemplate="%{customdata}<extra></extra>" if shown is None else "%{text}<extra></extra>",
    )


def _write_names(
    figure: Figure,
    places: pd.DataFrame,
    clusters: "pd.Series[int]",
    names: Mapping[int, str],
) -> None:
    for label, rows in _groups(places, clusters):
        if label is not None and label >= 0 and names.get(label):
            figure.add_annotation(
                x=float(rows["x"].median()),
                y=float(rows["y"].median()),
                text=_escape(names[label]),
                showarrow=False,
                font={"size": 11},
                bgcolor="rgba(255,255,255,0.7)",
            )
