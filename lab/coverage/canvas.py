"""A map fitted to what it is drawn on: turned, scaled with its shape kept, stray points at the rim.

For eyes only: no distance is taken here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

WIDTH, HEIGHT = 920.0, 620.0  # pixels of the canvas that all else is drawn for
STRAY = 0.995  # of the rows, by distance from the middle; what lies beyond may go to the rim
FAR = 1.25  # times that distance: rows nearer than this are left where they are
ANGLES = 60  # tried between 0 and half a turn

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Canvas:
    """Where the rows of a map lie on a canvas, in pixels, y upwards from the lower edge."""

    width: float
    height: float
    xy: Array  # (n, 2)
    stray: NDArray[np.bool_]  # (n,) drawn at the rim, not where they are
    turn: Array  # (2, 2) from map to canvas
    shift: Array  # (2,)
    inner: tuple[float, float, float, float]  # left, right, low, high: where points may lie

    def put(self, places: pd.DataFrame) -> Array:
        """Return the pixels (m, 2) of other places of the same map, kept within the rim."""
        moved = _flat(places) @ self.turn.T + self.shift
        left, right, low, high = self.inner
        return np.column_stack([np.clip(moved[:, 0], left, right), np.clip(moved[:, 1], low, high)])

    def used(self) -> tuple[float, float]:
        """Return the share of the width and of the height that the points take up."""
        if len(self.xy) == 0:
            return 0.0, 0.0
        wide, tall = np.ptp(self.xy, axis=0)
        return float(wide / self.width), float(tall / self.height)


def fit(
    places: pd.DataFrame,
    *,
    width: float = WIDTH,
    height: float = HEIGHT,
    side: float = 0.04,
) -> Canvas:
    """Turn and scale a map so that it fills a canvas, its shape kept.

    Points further from the middle than 99.5 % of all, if they are much further, are put on the
    rim, so that a few strays do not make all others small.

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns "x" and "y", finite.
    width, height : float
        Of the canvas, in pixels.
    side : float
        Share of the width left free on each side, such as for names; 0.04 of the height always is.

    Raises
    ------
    ValueError
        If `places` has no finite columns "x" and "y", or a size is not above 0.

    Examples
    --------
    >>> tall = pd.DataFrame({"x": [0.0, 0.1, 0.0], "y": [0.0, 5.0, 10.0]})
    >>> wide, high = fit(tall, width=200, height=100).used()
    >>> round(wide, 2)
    0.9
    """
    if width <= 0 or height <= 0 or not 0 <= side < 0.5:
        raise ValueError(
            f"width and height must be above 0 and side in 0..0.5, got {width}, {height}, {side}"
        )
    flat = _flat(places)
    middle = np.median(flat, axis=0) if len(flat) else np.zeros(2)
    flat = flat - middle
    away = np.hypot(flat[:, 0], flat[:, 1])
    reach = float(np.quantile(away, STRAY)) if len(flat) else 1.0
    near = flat[away <= FAR * reach] if len(flat) else np.zeros((1, 2))
    room = np.array([width * (1 - 2 * side), height * 0.92])
    turn, scale = _best_turn(near, room)
    turned = near @ turn.T
    centre = (turned.min(axis=0) + turned.max(axis=0)) / 2
    shift = np.array([width, height]) / 2 - scale * centre
    half = scale * np.ptp(turned, axis=0) / 2
    inner = (
        float(width / 2 - half[0]),
        float(width / 2 + half[0]),
        float(height / 2 - half[1]),
        float(height / 2 + half[1]),
    )
    whole = scale * turn
    canvas = Canvas(
        width, height, np.empty((0, 2)), away > FAR * reach, whole, shift - whole @ middle, inner
    )
    return Canvas(width, height, canvas.put(places), canvas.stray, canvas.turn, canvas.shift, inner)


def _flat(places: pd.DataFrame) -> Array:
    if not {"x", "y"} <= set(places.columns):
        raise ValueError(f'places must have columns "x" and "y", got {list(places.columns)}')
    flat = places[["x", "y"]].to_numpy(dtype=np.float64)
    bad = int((~np.isfinite(flat)).any(axis=1).sum())
    if bad:
        raise ValueError(f"places must be finite, {bad} rows are not")
    return flat


def _best_turn(flat: Array, room: Array) -> tuple[Array, float]:
    """Return the turn under which the points can be drawn largest, and how large."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        corners = flat[ConvexHull(flat).vertices]
    except (QhullError, ValueError):  # all on one line, or too few
        corners = flat
    best, largest = np.eye(2), 0.0
    for angle in np.arange(ANGLES) * np.pi / ANGLES:
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, -sin], [sin, cos]])
        span = np.maximum(np.ptp(corners @ turn.T, axis=0), 1e-12)
        scale = float((room / span).min())
        if scale > largest * (1 + 1e-9):
            best, largest = turn, scale
    return best, largest if largest < 1e11 else 1.0
