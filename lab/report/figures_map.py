"""The coverage map as a figure: soft density, clusters in their colours, names without overlap.

The places, colours and names are those of `lab.coverage`, so that the widget, the picture of the
index and a paper's SVG show the same. Names are placed for three widths of the page, and the page
takes the one that fits (`layout.meta`). A map is for eyes: no number is taken from it.
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.coverage import canvas as canvases
from lab.coverage import drawing, palette, placement
from lab.coverage.clusters import names as words_of
from lab.report.figures_style import CONFIG, FAINT, LAYOUT, WEBGL, Figure, escaped, hover

__all__ = ["CONFIG", "Scene", "density", "draw", "scene"]

MOST_POINTS = 200_000  # above this a map is a picture of its density
LISTED = 12  # clusters in the legend; the rest share one entry
MANY = 20  # clusters from which regions are named too
WIDTHS = ((920, False), (700, False), (360, True))  # of the plot in pixels, and whether on its side
SIZES = {920: (10.0, 14.5), 700: (9.5, 13.0), 360: (9.0, 11.5)}
SIDE = 0.13  # of the width, kept free for names
LEGEND = 135  # pixels below a wide map
REGION = "#5d6675"
FLOOR = -1_000_000  # labels of regions start here, apart from clusters


@dataclass(frozen=True, eq=False)
class Scene:
    """A map ready to be drawn: where points lie, what colour they have, what is written."""

    index: pd.Index
    canvas: canvases.Canvas
    labels: NDArray[np.intp]  # -1 for none
    colours: Mapping[int, str]  # by cluster
    names: Mapping[int, str]
    regions: pd.DataFrame  # on the cluster: region, order, size
    region_names: Mapping[int, str]

    def picture(self, scale: float) -> NDArray[np.uint8]:
        """Return the points as a picture of pixels."""
        known = [self.colours.get(label, palette.GREY) for label in range(-1, self._top() + 1)]
        size = (self.canvas.width, self.canvas.height)
        weights = np.where(self.labels < 0, 0.35, 1.0) if (self.labels >= 0).any() else None
        rgb = drawing.rgb(known)[self.labels + 1]
        return drawing.pixels(self.canvas.xy, rgb, canvas=size, scale=scale, weights=weights)

    def placed(self, width: int, *, on_side: bool) -> pd.DataFrame:
        """Return the names that have a place on a canvas of this width, in its pixels."""
        xy = self.canvas.xy[:, ::-1] if on_side else self.canvas.xy
        whole = (self.canvas.width, self.canvas.height)[:: -1 if on_side else 1]
        by = width / whole[0]
        size = (float(width), whole[1] * by)
        before = None
        if self.region_names and width > 500:
            region = np.full(self._top() + 2, -1)
            region[self.regions.index.to_numpy()] = self.regions["region"].to_numpy()
            kinds = np.where(self.labels < 0, -1, region[self.labels])
            large = (1.15 * SIZES[width][1], 1.3 * SIZES[width][1])
            before = placement.place_names(
                xy * by, kinds, self.region_names, canvas=size, sizes=large
            )
        found = placement.place_names(
            xy * by, self.labels, self.names, canvas=size, sizes=SIZES[width], before=before
        )
        if before is None:
            return found
        before.index = FLOOR + before.index
        return pd.concat([before, found])

    def _top(self) -> int:
        return int(self.labels.max(initial=-1))


def scene(
    places: pd.DataFrame,
    *,
    clusters: "pd.Series[int] | None" = None,
    names: Mapping[int, str] | None = None,
    text: "pd.Series[str] | None" = None,
) -> Scene:
    """Fit a map to its canvas, and choose colours for its clusters.

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns "x" and "y".
    clusters : Series of int, optional
        On an index that holds that of `places`; -1 for none.
    names : mapping, optional
        Cluster to name.
    text : Series of str, optional
        From which regions get their names, where there are many clusters.
    """
    labels = np.full(len(places), -1, dtype=np.intp)
    if clusters is not None:
        same = clusters.index.equals(places.index)  # ids may repeat where two pools share a map
        labels[:] = (clusters if same else clusters.loc[places.index]).to_numpy()
    named = {} if names is None else {int(key): str(name) for key, name in names.items() if name}
    fitted = canvases.fit(places, side=SIDE if named else 0.02)
    series = pd.Series(labels)
    joined = palette.regions(fitted.xy, series)
    middles = pd.DataFrame(fitted.xy).groupby(labels).median().loc[joined.index]
    chosen = palette.colours(middles, joined["order"])
    colours = dict(zip(joined.index.tolist(), chosen, strict=True))
    spoken: dict[int, str] = {}
    if named and text is not None and len(joined) > MANY:
        region = series.map(joined["region"]).fillna(-1).astype(int)
        texts = pd.Series(text.loc[places.index].to_numpy(), dtype="str")
        spoken = {int(str(key)): of for key, of in words_of(texts, region, words=2).items()}
    return Scene(places.index, fitted, labels, colours, named, joined, spoken)


def draw(
    made: Scene,
    *,
    text: "pd.Series[str] | None" = None,
    subset: pd.Index | None = None,
    reference: pd.DataFrame | None = None,
) -> Figure:
    """Draw a scene: contours, points, marks of the subset and the reference, and names."""
    figure = Figure()
    count = len(made.index)
    if count > MOST_POINTS:
        _picture(figure, made)
    else:
        if count >= 300:
            figure.add_trace(contours(made.canvas))
        for trace in _clusters(made, text):
            figure.add_trace(trace)
    if reference is not None:
        xy = made.canvas.put(reference)
        mark = {"size": 5, "symbol": "x-thin", "line": {"width": 1.2, "color": "#d55e00"}}
        keys = [str(key) for key in reference.index]
        figure.add_trace(marks(xy, keys, f"reference ({len(xy):,})", mark, count))
    if subset is not None:
        rows = made.index.get_indexer(subset)
        shown = None if text is None else hover(text.loc[subset])
        keys = [str(key) for key in subset]
        mark = picks(len(subset))
        name = f"subset ({len(subset):,})"
        figure.add_trace(marks(made.canvas.xy[rows], keys, name, mark, count, shown))
    finish(figure, made, title=f"{count:,} examples", caption=_caption(made, subset))
    return figure


def finish(figure: Figure, made: Scene, *, title: str, caption: str) -> None:
    """Write title, caption and names, and keep the names of other widths for the page."""
    variants = [
        _variant(made, width, on_side=side and len(made.index) <= MOST_POINTS)
        for width, side in WIDTHS
    ]
    small = drawing.data_uri(made.picture(0.4))
    figure.update_layout(
        **variants[0]["layout"],
        title={"text": title, "x": 0.01, "font": {"size": 14}},
        legend={
            "itemsizing": "constant", "orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.02,
            "yanchor": "top", "font": {"size": 11},
        },
        meta={"caption": caption, "map": {"variants": variants, "picture": small}},
        template=LAYOUT["template"],
        font=LAYOUT["font"],
        margin={"l": 0, "r": 0, "t": 30, "b": 10},
    )  # fmt: skip


def _caption(made: Scene, subset: pd.Index | None) -> str:
    """Say what there is to see."""
    said = ["Each dot is one example; those that read alike lie near each other."]
    if made.colours:
        bare = float((made.labels < 0).mean())
        said.append(
            f"{len(made.colours)} clusters in colour, related ones in related hues; "
            f"{bare:.0%} of the examples are in none."
        )
    if len(made.names) > MANY:
        said.append("Names that found no room are in the widget, where one can zoom.")
    if subset is not None:
        said.append("Dark dots are the subset: where colour is without them, nothing was picked.")
    if made.canvas.stray.any():
        said.append(f"{int(made.canvas.stray.sum())} far points stand at the rim.")
    return " ".join(said)


def picks(count: int) -> dict[str, Any]:
    """Return the mark of a picked row: small and solid, light around, seen on any colour."""
    size = float(np.clip(7.5 - 1.3 * np.log10(max(count, 10) / 10), 3.5, 6.5))
    return {"size": size, "color": "#111418", "line": {"width": 0.8, "color": "#ffffff"}}


def contours(fitted: canvases.Canvas, *, cells: int = 92) -> go.Contour:
    """Return soft lines of equal density of all points on a canvas."""
    from scipy.ndimage import gaussian_filter

    rows = max(4, round(cells * fitted.height / fitted.width))
    edges = (np.linspace(0, fitted.width, cells + 1), np.linspace(0, fitted.height, rows + 1))
    counts = np.histogram2d(fitted.xy[:, 0], fitted.xy[:, 1], bins=list(edges))[0].T
    smooth = np.sqrt(gaussian_filter(counts, 1.6))
    z = (smooth / (smooth.max() or 1.0)).astype(np.float32).round(3)
    return go.Contour(
        x=((edges[0][1:] + edges[0][:-1]) / 2).round(1),
        y=((edges[1][1:] + edges[1][:-1]) / 2).round(1),
        z=z,
        name="density of the pool",
        colorscale=[
            [0, "rgba(127,137,153,0)"],
            [0.2, "rgba(127,137,153,0.05)"],
            [1, "rgba(127,137,153,0.34)"],
        ],
        contours={"start": 0.2, "end": 0.95, "size": 0.15},
        line={"width": 0},
        showscale=False,
        hoverinfo="skip",
        zmin=0,
        zmax=1,
    )


def _variant(made: Scene, width: int, *, on_side: bool) -> dict[str, Any]:
    """Return names, lines, axes and height for a plot of this width, in the canvas' pixels."""
    whole = (made.canvas.width, made.canvas.height)[:: -1 if on_side else 1]
    by = whole[0] / width
    notes, lines = [], []
    for key, row in made.placed(width, on_side=on_side).iterrows():
        region = int(str(key)) < 0
        colour = REGION if region else made.colours.get(int(str(key)), REGION)
        tones = f"{palette.readable(colour)} {palette.readable(colour, dark=True)}"
        written = "<br>".join(html.escape(line, quote=False) for line in row["text"].split("\n"))
        notes.append(
            {
                "x": round(row["x"] * by, 1), "y": round(row["y"] * by, 1), "showarrow": False,
                "text": f"<b>{written}</b>" if region else written, "borderpad": 0,
                "font": {
                    "size": row["size"] * (0.92 if region else 1.0),  # bold letters are wider
                    "color": palette.readable(colour),
                },
                "name": tones,
            }
        )  # fmt: skip
        if row["line"]:
            half = np.array([row["width"], row["height"]]) / 2
            spot, at = np.array([row["x"], row["y"]]), np.array([row["at_x"], row["at_y"]])
            end = np.clip(at, spot - half, spot + half) * by
            lines.append(
                {
                    "type": "line", "x0": round(at[0] * by, 1), "y0": round(at[1] * by, 1),
                    "x1": round(end[0], 1), "y1": round(end[1], 1), "opacity": 0.55,
                    "line": {"width": 0.8, "color": colour},
                }
            )  # fmt: skip
    axis = {"visible": False, "fixedrange": False}
    layout = {
        "annotations": notes,
        "shapes": lines,
        "xaxis": {**axis, "range": [0, whole[0]], "constrain": "domain"},
        "yaxis": {**axis, "range": [0, whole[1]], "scaleanchor": "x", "constrain": "domain"},
        "height": round(whole[1] / by + (60 if width < 500 else LEGEND * (920 / width))),
        "showlegend": width >= 500,
    }
    return {"width": width, "on_side": on_side, "layout": layout}


def _picture(figure: Figure, made: Scene) -> None:
    size = (made.canvas.width, made.canvas.height)
    figure.add_layout_image(
        source=drawing.data_uri(made.picture(1.5)), x=0, y=size[1], sizex=size[0], sizey=size[1],
        xref="x", yref="y", layer="below",
    )  # fmt: skip
    figure.add_trace(go.Scatter(x=[None], y=[None], showlegend=False, hoverinfo="skip"))


def _clusters(made: Scene, text: "pd.Series[str] | None") -> list[Any]:
    """Return a trace for each large cluster, one for the rest, and one for rows in none."""
    count = len(made.index)
    size, alpha = 2 * drawing.radius(count), drawing.opacity(count)
    traces = []
    bare = np.flatnonzero(made.labels < 0)
    if len(bare):
        alone = not made.colours
        mark = {
            "size": size * (1.0 if alone else 0.85),
            "color": "#5b7fa6" if alone else FAINT,
            "opacity": alpha if alone else 0.55 * alpha,
        }
        name = f"pool ({count:,})" if alone else f"in no cluster ({len(bare):,})"
        traces.append(_dots(made, text, bare, name, mark))
    listed = made.regions["size"].sort_values(ascending=False, kind="stable").index
    for label in listed[:LISTED]:
        rows = np.flatnonzero(made.labels == label)
        name = f"{escaped(made.names.get(label) or f'cluster {label}')} ({len(rows):,})"
        mark = {"size": size, "color": made.colours[label], "opacity": alpha}
        traces.append(_dots(made, text, rows, name, mark))
    rest = listed[LISTED:]
    if len(rest):
        rows = np.flatnonzero(np.isin(made.labels, rest))
        of = np.array([made.colours.get(label, FAINT) for label in range(made.labels.max() + 1)])
        mark = {"size": size, "color": of[made.labels[rows]].tolist(), "opacity": alpha}
        name = f"{len(rest)} smaller clusters ({len(rows):,})"
        traces.append(_dots(made, text, rows, name, mark))
    return traces


def _dots(
    made: Scene, text: "pd.Series[str] | None", rows: NDArray[np.intp], name: str, mark: Any
) -> Any:
    keys = [str(key) for key in made.index[rows]]
    shown = None if text is None else hover(text.loc[made.index[rows]])
    xy = made.canvas.xy[rows]
    return marks(xy, keys, name, {**mark, "line": {"width": 0}}, len(made.index), shown)


def marks(
    xy: NDArray[np.float64],
    keys: list[str],
    name: str,
    mark: Any,
    count: int,
    shown: list[str] | None = None,
) -> Any:
    kind = go.Scattergl if count > WEBGL else go.Scatter
    return kind(
        x=xy[:, 0].astype(np.float32).round(1),
        y=xy[:, 1].astype(np.float32).round(1),
        mode="markers",
        name=name,
        marker=mark,
        text=shown,
        customdata=keys,
        hovertemplate="%{customdata}<extra></extra>" if shown is None else "%{text}<extra></extra>",
    )


def density(places: pd.DataFrame) -> Figure:
    """Draw how many points lie where on a map, as soft contours: for pools of any size.

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns "x" and "y".

    Examples
    --------
    >>> spots = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 2)), columns=["x", "y"])
    >>> len(density(spots).data)
    1
    """
    made = scene(places)
    figure = Figure(contours(made.canvas, cells=140))
    said = (
        "Where the examples lie, darker where more lie together; distances mean near or far only."
    )
    finish(figure, made, title=f"{len(places):,} examples, denser where darker", caption=said)
    return figure
