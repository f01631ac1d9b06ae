"""The map as a picture: soft points by pixel, and an SVG that papers and pages take.

Up to `DOTS` points are circles; more are one picture of pixels, in which many points make a pixel
denser. Names, lines and marks are always vectors.
"""

import base64
import html
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DOTS = 3_000
FONT = "Helvetica, Arial, 'Noto Sans', 'Noto Sans CJK SC', sans-serif"
Array = NDArray[np.float64]


def pixels(
    xy: Array,
    rgb: NDArray[np.integer[Any]],
    *,
    canvas: tuple[float, float],
    scale: float = 1.0,
    weights: Array | None = None,
) -> NDArray[np.uint8]:
    """Return a picture (rows, columns, 4): the mean colour of the points, denser where more lie.

    Parameters
    ----------
    xy : float (n, 2)
        Pixels of the canvas, y upwards.
    rgb : int (n, 3)
        Colour of each point, 0..255.
    canvas : two float
        Its width and height.
    scale : float
        Pixels of the picture for one of the canvas.
    weights : float (n,), optional
        How strongly each point is drawn, 0..1.

    Examples
    --------
    >>> made = pixels(np.array([[0.5, 0.5]]), np.array([[255, 0, 0]]), canvas=(4, 2))
    >>> made.shape, made[1, 0, 0]
    ((2, 4, 4), np.uint8(255))
    """
    from scipy.ndimage import gaussian_filter

    columns, rows = (max(1, round(side * scale)) for side in canvas)
    x = np.clip((xy[:, 0] * scale).astype(np.intp), 0, columns - 1)
    y = np.clip(rows - 1 - (xy[:, 1] * scale).astype(np.intp), 0, rows - 1)
    at = y * columns + x
    blur = 0.55 * radius(len(xy)) * scale
    strong = np.ones(len(xy)) if weights is None else weights
    counts = [
        np.bincount(at, weights=strong * of, minlength=rows * columns).reshape(rows, columns)
        for of in (np.ones(len(xy)), *rgb.T.astype(np.float64))
    ]
    layers = [gaussian_filter(count.astype(np.float32), blur, truncate=3) for count in counts]
    weight = layers[0]
    peak = 1 / (2 * np.pi * max(blur, 0.4) ** 2)  # of one point alone
    alpha = 1 - np.exp(-1.6 * weight / peak * opacity(len(xy)))
    colour = np.stack(layers[1:], axis=-1) / np.maximum(weight, 1e-12)[..., None]
    made = np.concatenate([colour, 255 * alpha[..., None]], axis=-1)
    made[..., 3] = np.round(made[..., 3] / 8) * 8  # a smaller file, no difference to the eye
    made[made[..., 3] == 0] = 0
    return np.clip(np.round(made), 0, 255).astype(np.uint8)


def radius(count: int) -> float:
    """Return the radius of a point, in pixels of the full canvas, for that many points."""
    return float(np.clip(3.6 - 0.62 * np.log10(max(count, 10) / 100), 0.8, 3.4))


def opacity(count: int) -> float:
    """Return the opacity of a point for that many points."""
    return float(np.clip(0.9 - 0.16 * np.log10(max(count, 10) / 1_000), 0.25, 0.9))


def png(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture (rows, columns, 4) as a PNG file.

    Examples
    --------
    >>> png(np.zeros((1, 1, 4), np.uint8))[1:4]
    b'PNG'
    """
    rows, columns, _ = picture.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), picture.reshape(rows, -1)], axis=1)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def data_uri(picture: NDArray[np.uint8]) -> str:
    """Return a picture as a link that holds it."""
    return "data:image/png;base64," + base64.b64encode(png(picture)).decode("ascii")


def rgb(colours: Sequence[str]) -> NDArray[np.intp]:
    """Return "#rrggbb" colours as numbers (n, 3)."""
    return np.array([[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in colours]).reshape(
        -1, 3
    )


def svg(
    layers: Sequence[str], *, width: float, height: float, wide: str = "", back: str = ""
) -> str:
    """Return drawn layers as one SVG; `wide` is its width with a unit, such as "89mm"."""
    size = f' width="{wide}"' if wide else ""
    ground = f'<rect width="100%" height="100%" fill="{back}"/>' if back else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"{size} '
        f'font-family="{FONT}">{ground}{"".join(layers)}</svg>'
    )


def dots(xy: Array, colours: Sequence[str], *, height: float, size: float, alpha: float) -> str:
    """Return points as circles, those of one colour together."""
    groups: dict[str, list[str]] = {}
    for (x, y), colour in zip(xy, colours, strict=True):
        circle = f'<circle cx="{x:.1f}" cy="{height - y:.1f}" r="{size:.2f}"/>'
        groups.setdefault(colour, []).append(circle)
    return "".join(
        f'<g fill="{colour}" fill-opacity="{alpha:.2f}">{"".join(circles)}</g>'
        for colour, circles in groups.items()
    )


def image(picture: NDArray[np.uint8], *, width: float, height: float) -> str:
    """Return a picture that fills a canvas."""
    return f'<image href="{data_uri(picture)}" width="{width:.0f}" height="{height:.0f}"/>'


def names(placed: pd.DataFrame, colours: Mapping[int, str], *, height: float, front: str) -> str:
    """Return placed names with their lines, each text in the colour of its cluster."""
    drawn = []
    for key, row in placed.iterrows():
        half = np.array([row["width"], row["height"]]) / 2
        spot, at = np.array([row["x"], row["y"]]), np.array([row["at_x"], row["at_y"]])
        if row["line"]:
            end = np.clip(at, spot - half, spot + half)
            drawn.append(
                f'<line x1="{at[0]:.1f}" y1="{height - at[1]:.1f}" x2="{end[0]:.1f}" '
                f'y2="{height - end[1]:.1f}" stroke="{front}" stroke-opacity="0.45" '
                f'stroke-width="0.7"/>'
            )
        lines = row["text"].split("\n")
        top = height - spot[1] - (len(lines) - 1) / 2 * 1.22 * row["size"] + 0.35 * row["size"]
        spans = "".join(
            f'<tspan x="{spot[0]:.1f}" y="{top + n * 1.22 * row["size"]:.1f}">{html.escape(line)}'
            f"</tspan>"
            for n, line in enumerate(lines)
        )
        drawn.append(
            f'<text text-anchor="middle" font-size="{row["size"]:.1f}" '
            f'fill="{colours.get(int(str(key)), front)}">{spans}</text>'
        )
    return "".join(drawn)
