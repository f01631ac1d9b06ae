"""Coverage made visible: what subsets cover, cover thinly or miss, on one map.

Each point has the colour of its own distance to the nearest pick, taken in the embedding. What is
missed is outlined where it lies close together on the map, and named from its own texts.
"""

import html
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.coverage import drawing
from lab.coverage.canvas import Canvas, fit
from lab.coverage.clusters import names as words_of
from lab.coverage.reach import STATES, Reach
from lab.report.figures_map import MOST_POINTS, SIDE, Scene, finish, marks, picks
from lab.report.figures_style import LAYOUT, Figure, escaped, hover

TONES = {"covered": "#9dbdd6", "thin": "#e9bf5b", "missed": "#b5216a"}
WEIGHTS = {"covered": 0.45, "thin": 0.8, "missed": 1.0}
CELLS = 92  # across, of the grid on which missed rows are joined
MOST_GAPS = 12
PANEL = 440  # pixels of one of several small maps
SIDE_BY_SIDE = (
    "The same map for each subset: dots are picks, the colour of all else is its distance to the "
    "nearest pick, on one scale."
)
LESS, MORE = "#2166ac", "#b2500f"


def field(
    places: pd.DataFrame, reach: Reach, *, text: "pd.Series[str] | None" = None, title: str = ""
) -> Figure:
    """Draw what a subset covers, covers thinly and misses, with its picks and the named gaps.

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns "x" and "y", on the pool's index.
    reach : Reach
        From `coverage.reach`, on the same index.
    text : Series of str, optional
        Shown over a point; gaps get their names from it.
    title : str
        What is shown, such as the name of the subset.

    Raises
    ------
    ValueError
        If the indexes differ.
    """
    _same(places, reach)
    fitted = fit(places, side=SIDE if text is not None else 0.02)
    labels, lines = _gaps(fitted, (reach.rows["state"] == "missed").to_numpy())
    names = _names(labels, text, places.index)
    colours = dict.fromkeys(names, TONES["missed"])
    none = pd.DataFrame(columns=["region", "order", "size"])
    made = Scene(places.index, fitted, labels, colours, names, none, {})
    figure = Figure()
    _states(figure, fitted, reach, text)
    if lines is not None:
        figure.add_trace(lines)
    picked = np.flatnonzero(reach.rows["picked"])
    keys, shown = _texts(places.index[picked], text)
    name = f"picks ({len(picked):,})"
    mark = picks(len(picked))
    figure.add_trace(marks(fitted.xy[picked], keys, name, mark, len(places), shown))
    said = f"{escaped(title)}: " if title else ""
    shares = reach.shares()
    told = (
        f"Colour is the distance from each example to the nearest pick, in the embedding: "
        f"{shares['covered']:.0%} have one within {reach.near:.2f}, "
        f"{shares['missed']:.1%} none within {reach.far:.2f}. "
        "Dotted lines ring what is missed together, named from its own words, with counts."
    )
    head = f"{said}{shares['missed']:.1%} of {len(places):,} missed"
    finish(figure, made, title=head, caption=told)
    return figure


def multiples(places: pd.DataFrame, reached: Mapping[str, Reach]) -> Figure:
    """Draw several subsets side by side on the same map: what each covers and misses.

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns "x" and "y", on the pool's index.
    reached : mapping
        Name of a subset to its reach; at least one.

    Raises
    ------
    ValueError
        If there is none or an index differs.
    """
    if not reached:
        raise ValueError("reached must hold at least one subset, got none")
    fitted = fit(places, width=PANEL, height=PANEL * 0.8, side=0.02)
    figure = Figure()
    for number, (name, found) in enumerate(reached.items(), 1):
        _same(places, found)
        at = "" if number == 1 else str(number)
        figure.add_layout_image(
            source=drawing.data_uri(_picture(fitted, found, 2.0)), x=0, y=fitted.height,
            sizex=fitted.width, sizey=fitted.height, xref=f"x{at}", yref=f"y{at}", layer="below",
        )  # fmt: skip
        rows = np.flatnonzero(found.rows["picked"])
        keys = [str(key) for key in places.index[rows]]
        mark = {**picks(len(rows)), "size": 0.75 * picks(len(rows))["size"]}
        trace = marks(fitted.xy[rows], keys, escaped(name), mark, len(places))
        figure.add_trace(trace.update(xaxis=f"x{at}", yaxis=f"y{at}", showlegend=False))
    for state, tone in TONES.items():
        mark = {"size": 9, "color": tone}
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", name=state, marker=mark))
    variants = [_panels(fitted, reached, width) for width in (920, 700, 360)]
    first = next(iter(reached.values()))
    figure.update_layout(
        **variants[0]["layout"],
        template=LAYOUT["template"],
        font=LAYOUT["font"],
        title={"text": f"{len(reached)} subsets of {len(places):,} examples", "x": 0.01,
               "font": {"size": 14}},
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.02, "yanchor": "top",
                "itemsizing": "constant"},
        margin={"l": 0, "r": 0, "t": 30, "b": 10},
        meta={"caption": SIDE_BY_SIDE, "map": {
            "variants": variants, "picture": drawing.data_uri(_picture(fitted, first, 0.8))}},
    )  # fmt: skip
    return figure


def difference(
    places: pd.DataFrame,
    first: Reach,
    second: Reach,
    *,
    subsets: tuple[str, str] = ("first", "second"),
    text: "pd.Series[str] | None" = None,
) -> Figure:
    """Draw where one subset comes nearer than another, and by how much.

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns "x" and "y", on the pool's index.
    first, second : Reach
        Of two subsets, on the same index.
    subsets : two str
        What they are called.
    text : Series of str, optional
        Shown over a point.

    Raises
    ------
    ValueError
        If an index differs.
    """
    _same(places, first)
    _same(places, second)
    fitted = fit(places, side=0.02)
    nearer = (second.rows["distance"] - first.rows["distance"]).to_numpy()  # above 0: the first is
    most = float(np.quantile(np.abs(nearer), 0.98)) or 1.0
    shade = np.clip(nearer / most, -1, 1)
    order = np.argsort(np.abs(shade), kind="stable")[-60_000:]
    keys, shown = _texts(places.index[order], text)
    one, other = (escaped(name) for name in subsets)
    mark = {
        "size": 2 * drawing.radius(len(places)), "opacity": 0.8, "color": shade[order].round(2),
        "colorscale": [[0, LESS], [0.5, "#c9ccd3"], [1, MORE]], "cmin": -1, "cmax": 1,
        "showscale": True,
        "colorbar": {"title": {"text": "nearer by, in the embedding", "side": "bottom"},
                     "orientation": "h", "y": -0.02, "yanchor": "top", "thickness": 10, "len": 0.6,
                     "tickvals": [-1, 0, 1],
                     "ticktext": [f"{other} {most:.2f}", "alike", f"{one} {most:.2f}"]},
    }  # fmt: skip
    figure = Figure(marks(fitted.xy[order], keys, "pool", mark, len(places), shown))
    for found, name, colour in ((first, one, MORE), (second, other, LESS)):
        rows = np.flatnonzero(found.rows["picked"])
        solid = {**picks(len(rows)), "color": colour}
        keys, shown = _texts(places.index[rows], text)
        label = f"picks of {name} ({len(rows):,})"
        figure.add_trace(marks(fitted.xy[rows], keys, label, solid, len(places), shown))
    none = pd.DataFrame(columns=["region", "order", "size"])
    labels = np.full(len(places), -1, dtype=np.intp)
    made = Scene(places.index, fitted, labels, {}, {}, none, {})
    figure.data[0].showlegend = False
    told = (
        f"Orange: the nearest pick of {subsets[0]} is nearer than that of {subsets[1]}; blue: the "
        "other way round; grey: alike. Distances are of the embedding."
    )
    finish(figure, made, title=f"Where {one} or {other} comes nearer", caption=told)
    figure.update_layout(legend={"y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"})
    return figure


def _same(places: pd.DataFrame, reach: Reach) -> None:
    if not reach.rows.index.equals(places.index):
        raise ValueError("reach must be on the index of places, got another")


def _texts(index: pd.Index, text: "pd.Series[str] | None") -> tuple[list[str], list[str] | None]:
    return [str(key) for key in index], None if text is None else hover(text.loc[index])


def _states(figure: Figure, fitted: Canvas, reach: Reach, text: "pd.Series[str] | None") -> None:
    """Add the points, those of each state together, and say where the lines are drawn."""
    shares, count = reach.shares(), len(reach.rows)
    bounds = {
        "covered": f"a pick within {reach.near:.2f}",
        "thin": f"within {reach.far:.2f}",
        "missed": "further",
    }
    if count > MOST_POINTS:
        figure.add_layout_image(
            source=drawing.data_uri(_picture(fitted, reach, 1.5)), x=0, y=fitted.height,
            sizex=fitted.width, sizey=fitted.height, xref="x", yref="y", layer="below",
        )  # fmt: skip
    for state in STATES:
        name = f"{state}: {bounds[state]} ({shares[state]:.0%})"
        mark = {
            "size": 2 * drawing.radius(count),
            "color": TONES[state],
            "opacity": drawing.opacity(count) * WEIGHTS[state] ** 0.5,
        }
        rows = np.flatnonzero(reach.rows["state"] == state)
        rows = rows[:0] if count > MOST_POINTS else rows
        keys, shown = _texts(reach.rows.index[rows], text)
        figure.add_trace(marks(fitted.xy[rows], keys, name, mark, count, shown))


def _picture(fitted: Canvas, reach: Reach, scale: float) -> NDArray[np.uint8]:
    states = reach.rows["state"].to_numpy()
    code = np.searchsorted(sorted(STATES), states)
    rgb = drawing.rgb([TONES[state] for state in sorted(STATES)])[code]
    weights = np.array([WEIGHTS[state] for state in sorted(STATES)])[code]
    size = (fitted.width, fitted.height)
    return drawing.pixels(fitted.xy, rgb, canvas=size, scale=scale, weights=weights)


def _gaps(fitted: Canvas, missed: NDArray[np.bool_]) -> tuple[NDArray[np.intp], Any]:
    """Join missed rows that lie close on the map: a label for each row, and their outlines."""
    from scipy.ndimage import gaussian_filter, label

    labels = np.full(len(missed), -1, dtype=np.intp)
    if not missed.any():
        return labels, None
    rows = max(4, round(CELLS * fitted.height / fitted.width))
    cells = [np.linspace(0, fitted.width, CELLS + 1), np.linspace(0, fitted.height, rows + 1)]
    xy = fitted.xy[missed]
    counts = np.histogram2d(xy[:, 0], xy[:, 1], bins=cells)[0].T
    every = np.histogram2d(fitted.xy[:, 0], fitted.xy[:, 1], bins=cells)[0].T
    weight = gaussian_filter(every, 1.0)
    smooth = gaussian_filter(counts, 1.0) / np.maximum(weight, 1e-9) * (weight > 0.03)
    level = min(0.5, max(0.25, 3 * float(missed.mean())))  # of the rows around, missed
    parts, _ = label(smooth > level)
    columns = np.clip((xy[:, 0] / fitted.width * CELLS).astype(np.intp), 0, CELLS - 1)
    lines = np.clip((xy[:, 1] / fitted.height * rows).astype(np.intp), 0, rows - 1)
    part = parts[lines, columns]
    sizes = np.bincount(part)
    sizes[0] = 0
    fewest = max(5, int(0.01 * missed.sum()))
    largest = [at for at in np.argsort(-sizes, kind="stable")[:MOST_GAPS] if sizes[at] >= fewest]
    rank = np.full(len(sizes), -1, dtype=np.intp)
    rank[largest] = np.arange(len(largest))
    labels[missed] = rank[part]
    shown = np.where(np.isin(parts, largest), smooth, 0.0)
    outline = go.Contour(
        x=(cells[0][1:] + cells[0][:-1]) / 2, y=(cells[1][1:] + cells[1][:-1]) / 2,
        z=shown.round(3), contours={"start": level, "end": level, "size": 1, "coloring": "none"},
        line={"color": TONES["missed"], "width": 1.4, "dash": "dot"}, showscale=False,
        hoverinfo="skip", name="gaps",
    )  # fmt: skip
    return labels, outline if largest else None


def _names(
    labels: NDArray[np.intp], text: "pd.Series[str] | None", index: pd.Index
) -> dict[int, str]:
    if text is None or labels.max(initial=-1) < 0:
        return {}
    series = pd.Series(labels)
    texts = pd.Series(text.loc[index].to_numpy(), dtype="str")
    counts = np.bincount(labels[labels >= 0])
    found = words_of(texts, series)
    return {int(str(key)): f"{name} ({counts[int(str(key))]:,})" for key, name in found.items()}


def _panels(fitted: Canvas, reached: Mapping[str, Reach], width: int) -> dict[str, Any]:
    """Return the layout of the small maps for a page of this width: as many a row as fit."""
    across = min(len(reached), max(1, width // 280))
    down = -(-len(reached) // across)
    wide = width / across
    tall = wide * fitted.height / fitted.width + 34
    layout: dict[str, Any] = {"height": round(down * tall + 90), "annotations": [], "shapes": []}
    for number, (name, found) in enumerate(reached.items()):
        column, row = number % across, number // across
        at = "" if number == 0 else str(number + 1)
        top = 1 - row / down
        shares = found.shares()
        said = f"missed {shares['missed']:.1%}, thin {shares['thin']:.1%}"
        layout[f"xaxis{at}"] = {
            "visible": False, "domain": [column / across, (column + 0.97) / across],
            "range": [0, fitted.width], "constrain": "domain", "anchor": f"y{at}",
        }  # fmt: skip
        layout[f"yaxis{at}"] = {
            "visible": False, "domain": [top - 1 / down, top - 34 / tall / down],
            "range": [0, fitted.height], "scaleanchor": f"x{at}", "constrain": "domain",
            "anchor": f"x{at}",
        }  # fmt: skip
        layout["annotations"].append(
            {
                "x": (column + 0.5) / across, "y": top, "xref": "paper", "yref": "paper",
                "yanchor": "top", "showarrow": False, "font": {"size": 12},
                "text": f"<b>{html.escape(name, quote=False)}</b><br>{said}",
            }
        )  # fmt: skip
    return {"width": width, "on_side": False, "layout": layout}
