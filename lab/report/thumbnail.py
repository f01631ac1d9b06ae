"""A small picture of a figure, drawn from its data as SVG, with no browser and no plot library.

It shows the marks of scatter plots, lines, bars, histograms and heat maps in their colours; axes
and words are left to the figure itself.
"""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.report.outputs import decoded

WIDTH, HEIGHT, MARGIN = 320.0, 180.0, 12.0
PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
MOST_MARKS = 500  # per trace
COLOURS = ("#636efa", "#ef553b", "#00a37a", "#ab63fa", "#c96a12", "#1193b5", "#d6447a", "#5c7a1f")

Numbers = NDArray[np.float64]


def is_map(figure: Mapping[str, Any]) -> bool:
    """Tell whether a figure is a map: it brings its own picture, or has many points."""
    return _picture(figure) is not None or any(
        trace.get("type") == "scattergl" for trace in figure["data"]
    )


def _picture(figure: Mapping[str, Any]) -> str | None:
    """Return the picture that a map brings, if it is nothing but a picture."""
    meta = figure.get("layout", {}).get("meta")
    drawn = meta.get("map") if isinstance(meta, dict) else None
    link = drawn.get("picture") if isinstance(drawn, dict) else None
    return link if isinstance(link, str) and PICTURE.fullmatch(link) else None


def svg(figure: Mapping[str, Any], *, label: str) -> str:
    """Return an inline SVG of `figure`, named `label` for those who cannot see it."""
    if (link := _picture(figure)) is not None:
        return (
            f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
            f'aria-label="{html.escape(label)}" class="thumbnail"><image href="{link}" '
            f'width="{WIDTH:.0f}" height="{HEIGHT:.0f}" preserveAspectRatio="xMidYMid meet"/></svg>'
        )
    shapes: list[str] = []
    kinds = [(trace, _xy(trace)) for trace in figure["data"]]
    drawn = [(trace, xy) for trace, xy in kinds if xy is not None and len(xy[0])]
    if drawn:
        place = _placer(drawn)
        for number, (trace, given) in enumerate(drawn):
            x, y = place(*given)
            colour = _colour(trace, number)
            kind = trace.get("type", "scatter")
            if kind in ("bar", "histogram"):
                shapes += _bars(x, y, place(given[0], 0 * given[1])[1], colour)
            elif trace.get("fill") == "toself":
                shapes.append(_area(x, y, str(trace.get("fillcolor") or colour)))
            elif "lines" in trace.get("mode", "lines" if len(x) < 20 else "markers"):
                shapes.append(_line(x, y, colour))
            else:
                shapes += _dots(x, y, colour)
    heat = next((trace for trace in figure["data"] if trace.get("type") == "heatmap"), None)
    if heat is not None and not shapes:
        shapes = _heat(heat)
    title = html.escape(label)
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{title}" '
        f'class="thumbnail">{"".join(shapes)}</svg>'
    )


def _xy(trace: Mapping[str, Any]) -> tuple[Numbers, Numbers] | None:
    kind = trace.get("type", "scatter")
    if kind == "histogram":
        values = _numbers(trace.get("x"))
        counts, edges = np.histogram(values[np.isfinite(values)], bins=24)
        return (edges[:-1] + edges[1:]) / 2, counts.astype(float)
    if kind not in ("scatter", "scattergl", "bar"):
        return None
    x, y = _numbers(trace.get("x")), _numbers(trace.get("y"))
    if trace.get("orientation") == "h":
        x, y = y, x
    if len(x) == 0:
        x = np.arange(len(y), dtype=float)
    size = min(len(x), len(y))
    whole = np.isfinite(x[:size]) & np.isfinite(y[:size])
    x, y = x[:size][whole], y[:size][whole]
    step = max(1, -(-len(x) // MOST_MARKS))
    return x[::step], y[::step]


def _numbers(values: Any) -> Numbers:
    """Return numbers for an axis; categories are counted in order of appearance."""
    if values is None:
        return np.empty(0)
    items: Sequence[Any] = decoded(values) if isinstance(values, dict) else list(values)
    try:
        return np.array([np.nan if item is None else item for item in items], dtype=float)
    except (TypeError, ValueError):
        order = {item: place for place, item in enumerate(dict.fromkeys(map(str, items)))}
        return np.array([order[str(item)] for item in items], dtype=float)


def _placer(drawn: Sequence[tuple[Mapping[str, Any], tuple[Numbers, Numbers]]]) -> Any:
    xs = np.concatenate([xy[0] for _, xy in drawn])
    ys = np.concatenate([xy[1] for _, xy in drawn])
    if any(trace.get("type") in ("bar", "histogram") for trace, _ in drawn):
        ys = np.append(ys, 0.0)
    low_x, high_x, low_y, high_y = xs.min(), xs.max(), ys.min(), ys.max()

    def place(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        wide = (x - low_x) / (high_x - low_x or 1.0)
        tall = (y - low_y) / (high_y - low_y or 1.0)
        return (
            MARGIN + wide * (WIDTH - 2 * MARGIN),
            HEIGHT - MARGIN - tall * (HEIGHT - 2 * MARGIN),
        )

    return place


def _colour(trace: Mapping[str, Any], number: int) -> str:
    for part in ("marker", "line"):
        colour = (trace.get(part) or {}).get("color")
        if isinstance(colour, str):
            return html.escape(colour, quote=True)
    return COLOURS[number % len(COLOURS)]


def _dots(x: Numbers, y: Numbers, colour: str) -> list[str]:
    return [
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.6" fill="{colour}" fill-opacity="0.7"/>'
        for a, b in zip(x, y, strict=True)
    ]


def _line(x: Numbers, y: Numbers, colour: str) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _area(x: Numbers, y: Numbers, colour: str) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    shade = html.escape(colour, quote=True)
    return f'<polygon points="{points}" fill="{shade}" stroke="none"/>'


def _bars(x: Numbers, y: Numbers, zero: Numbers, colour: str) -> list[str]:
    width = max(2.0, 0.7 * (WIDTH - 2 * MARGIN) / max(len(x), 1))
    return [
        f'<rect x="{a - width / 2:.1f}" y="{min(b, c):.1f}" width="{width:.1f}" '
        f'height="{max(abs(c - b), 0.5):.1f}" fill="{colour}" fill-opacity="0.8"/>'
        for a, b, c in zip(x, y, zero, strict=True)
    ]


def _heat(trace: Mapping[str, Any]) -> list[str]:
    z = trace.get("z")
    table = np.array(decoded(z) if isinstance(z, dict) else z, dtype=float)
    if table.ndim != 2 or not np.isfinite(table).any():
        return []
    low, high = np.nanmin(table), np.nanmax(table)
    tall, wide = (HEIGHT - 2 * MARGIN) / len(table), (WIDTH - 2 * MARGIN) / table.shape[1]
    return [
        f'<rect x="{MARGIN + column * wide:.1f}" y="{MARGIN + row * tall:.1f}" '
        f'width="{wide:.1f}" height="{tall:.1f}" fill="{COLOURS[0]}" '
        f'fill-opacity="{0.05 + 0.9 * (table[row, column] - low) / (high - low or 1.0):.2f}"/>'
        for row, column in zip(*np.nonzero(np.isfinite(table)), strict=True)
    ]
