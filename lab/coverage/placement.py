"""Names on a map: no two overlap, none lies on another cluster, thin lines lead to those far off.

Greedy, the largest cluster first: of all places on a lattice over the canvas, the nearest to the
cluster where the text is on free ground. What finds no place is left for a closer look.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.compiled import njit

CELL = 4.0  # pixels of a square of the grid that points are counted in
STEP = 6.0  # pixels between places that are tried
PAD = 3.0  # pixels kept free around a text
COVERED = 0.006  # of all points, at most, under all names together
TRIED = 2_500  # best places that are looked at closely
TOUCHING = 8.0  # pixels from a text to its cluster that need no line
LINE = 1.22  # heights of a text's line, in its size
WIDEST = 19  # characters of a line
MOST_LINES = 3  # of a name
LONGEST = 0.42  # of the canvas' longer side: a line to a name
NARROW, WIDE = "iIjltfr.,:;'|![]() ", "mwMWQO@%&"

Array = NDArray[np.float64]


def place_names(
    xy: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    names: Mapping[int, str],
    *,
    canvas: tuple[float, float],
    sizes: tuple[float, float] = (10.0, 15.0),
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find a free place on the canvas for the name of each cluster, the largest first.

    Pure: same points, same places. Texts never overlap, lie within the canvas, and cover no point
    of another cluster; all of them together cover less than 1 % of the points.

    Parameters
    ----------
    xy : float (n, 2)
        Pixels, y upwards, from `canvas.fit`.
    labels : int (n,)
        Cluster of each point; below 0 for none.
    names : mapping
        Cluster to its name; those without points are left out.
    canvas : two float
        Its width and height, in pixels.
    sizes : two float
        Smallest and largest text, in pixels; by the square root of the cluster's size.
    before : DataFrame, optional
        Names placed by an earlier call, such as those of regions; they keep their places.

    Returns
    -------
    DataFrame
        One row for each name that has a place, on the cluster, largest first: `x`, `y` (middle of
        the text), `width`, `height`, `size` in pixels, `text` (lines), `at_x`, `at_y` (a point in
        the middle of the cluster), `line` (whether a line leads there).

    Raises
    ------
    ValueError
        If the shapes do not fit or a size is not above 0.

    Examples
    --------
    >>> points = np.array([[50.0, 50.0], [52.0, 50.0]])
    >>> placed = place_names(points, np.array([0, 0]), {0: "sums"}, canvas=(200, 100))
    >>> placed.loc[0, "text"]
    'sums'
    """
    points: Array = np.asarray(xy, dtype=np.float64)
    labels = np.asarray(labels)
    if points.shape != (len(labels), 2):
        raise ValueError(f"xy must have shape ({len(labels)}, 2), got {points.shape}")
    if min(*canvas, *sizes) <= 0:
        raise ValueError(f"canvas and sizes must be above 0, got {canvas} and {sizes}")
    counts = np.bincount(labels[labels >= 0].astype(np.intp))
    there = [key for key in names if 0 <= key < len(counts) and counts[key] and names[key].strip()]
    there.sort(key=lambda key: (-counts[key], key))
    ground = _Ground(points, labels, *canvas)
    if before is not None:
        ground.take(before)
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[order], np.arange(len(counts) + 1))
    rows = []
    for key in there:
        own = points[order[bounds[key] : bounds[key + 1]]]
        share = np.sqrt(counts[key] / counts[there[0]])
        size = round(float(sizes[0] + (sizes[1] - sizes[0]) * share), 1)
        lines = wrapped(names[key])
        box = (max(text_width(line) for line in lines) * size + 2, len(lines) * size * LINE)
        found = ground.place(own, box, int(COVERED * len(points) / len(there)))
        if found is not None:
            x, y, at_x, at_y, line = found
            rows.append([key, x, y, *box, size, "\n".join(lines), at_x, at_y, line])
    columns = ["cluster", "x", "y", "width", "height", "size", "text", "at_x", "at_y", "line"]
    return pd.DataFrame(rows, columns=columns).set_index("cluster")


def text_width(text: str) -> float:
    """Return about how wide a text is in a sans-serif face, in its size; never much too little.

    Examples
    --------
    >>> text_width("ill") < text_width("map") < text_width("地图图")
    True
    """
    total = 0.0
    for sign in text:
        if unicodedata.east_asian_width(sign) in "WF":
            total += 1.02
        elif unicodedata.combining(sign):
            continue
        elif sign in NARROW:
            total += 0.34
        elif sign in WIDE:
            total += 0.9
        else:
            total += 0.72 if sign.isupper() else 0.58
    return total


def wrapped(name: str) -> list[str]:
    """Return a name in at most `MOST_LINES` lines of `WIDEST` signs (half as many wide ones).

    Examples
    --------
    >>> wrapped("capital, country, city of a country")
    ['capital, country, city', 'of a country']
    """
    limit = 0.58 * WIDEST
    lines = [""]
    for word in _pieces(name, limit):
        joined = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(joined) > limit:
            lines.append(word)
        else:
            lines[-1] = joined
    if len(lines) > MOST_LINES:
        last = lines[MOST_LINES - 1].rstrip(" ,") + "…"
        lines = [*lines[: MOST_LINES - 1], last]
    return lines


def _pieces(name: str, limit: float) -> list[str]:
    """Return the words of a name, long ones cut: scripts without spaces are one word."""
    pieces = []
    for word in name.split():
        while text_width(word) > limit:
            cut = next(at for at in range(len(word), 0, -1) if text_width(word[:at]) <= limit)
            pieces.append(word[:cut])
            word = word[cut:]  # noqa: PLW2901 - what is left of it
        pieces.append(word)
    return pieces


class _Ground:
    """What is taken on the canvas: points by cell, texts as boxes, lines as segments."""

    def __init__(self, xy: Array, labels: NDArray[Any], width: float, height: float) -> None:
        self.size = np.array([width, height])
        self.shape = (int(np.ceil(height / CELL)), int(np.ceil(width / CELL)))
        self.all = _sums(self._counts(xy))
        self.kinds = _sums(self._counts(xy[labels >= 0]))
        x, y = np.arange(STEP, width, STEP), np.arange(STEP, height, STEP)
        self.spots = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        self.boxes = np.empty((0, 4))  # left, right, low, high
        self.lines = np.empty((0, 4))  # from x, y to x, y

    def place(
        self, own: Array, box: tuple[float, float], most: int
    ) -> tuple[float, float, float, float, bool] | None:
        """Take the best place for a text of this size; None if there is none."""
        half = np.array(box) / 2 + PAD
        anchor = _anchor(own)
        sums = (self.all, self.kinds, _sums(self._counts(own)))
        reach = LONGEST * float(self.size.max())
        cost = _costs(self.spots, anchor, half, self.size, sums, (float(most), reach))
        free = np.flatnonzero(np.isfinite(cost))
        order = self.spots[free[np.argsort(cost[free], kind="stable")[:TRIED]]]
        at = _first_free(order, anchor, half, self.boxes, self.lines)
        if at < 0:
            return None
        spot = order[at]
        line = np.concatenate([anchor, np.clip(anchor, spot - half + PAD, spot + half - PAD)])
        led = bool(np.hypot(*(line[2:] - line[:2])) > TOUCHING)
        edges = [spot[0] - half[0], spot[0] + half[0], spot[1] - half[1], spot[1] + half[1]]
        self.boxes = np.vstack([self.boxes, edges])
        if led:
            self.lines = np.vstack([self.lines, line])
        return (float(spot[0]), float(spot[1]), float(anchor[0]), float(anchor[1]), led)

    def take(self, placed: pd.DataFrame) -> None:
        """Keep the ground of names that have their places."""
        spot, half = placed[["x", "y"]].to_numpy(), placed[["width", "height"]].to_numpy() / 2 + PAD
        low, high = spot - half, spot + half
        boxes = np.column_stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]])
        self.boxes = np.vstack([self.boxes, boxes])
        at = placed[["at_x", "at_y"]].to_numpy()
        lines = np.column_stack([at, np.clip(at, low + PAD, high - PAD)])
        self.lines = np.vstack([self.lines, lines[placed["line"].to_numpy(dtype=bool)]])

    def _counts(self, xy: Array) -> NDArray[np.intp]:
        rows = np.clip((xy[:, 1] / CELL).astype(np.intp), 0, self.shape[0] - 1)
        columns = np.clip((xy[:, 0] / CELL).astype(np.intp), 0, self.shape[1] - 1)
        flat = np.bincount(rows * self.shape[1] + columns, minlength=self.shape[0] * self.shape[1])
        return flat.reshape(self.shape)


def _anchor(own: Array) -> Array:
    """Return the point of a cluster nearest to its middle."""
    middle = np.median(own, axis=0)
    nearest: Array = own[np.argmin(((own - middle) ** 2).sum(axis=1))]
    return nearest


def _sums(counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the sums of all cells below and to the left, with a border of zeros."""
    total = np.zeros((counts.shape[0] + 1, counts.shape[1] + 1), dtype=np.intp)
    total[1:, 1:] = counts.cumsum(axis=0).cumsum(axis=1)
    return total


@njit(cache=True, nogil=True)
def _costs(spots: Any, anchor: Any, half: Any, size: Any, sums: Any, limits: Any) -> Any:
    """Return what each place costs a text: distance, less on the outer side; inf if not free."""
    every, kinds, own = sums
    most, reach = limits
    cost = np.full(len(spots), np.inf)
    out_x, out_y = anchor[0] - size[0] / 2, anchor[1] - size[1] / 2
    far = np.hypot(out_x, out_y) + 1e-9
    rows, columns = every.shape[0] - 1, every.shape[1] - 1
    for at in range(len(spots)):
        x, y = spots[at, 0], spots[at, 1]
        if x < half[0] or y < half[1] or x > size[0] - half[0] or y > size[1] - half[1]:
            continue
        dx, dy = x - anchor[0], y - anchor[1]
        away = np.hypot(max(abs(dx) - half[0], 0.0), max(abs(dy) - half[1], 0.0))
        if away > reach:
            continue
        left, low = int((x - half[0]) / CELL), int((y - half[1]) / CELL)
        right = min(int((x + half[0]) / CELL) + 1, columns)
        high = min(int((y + half[1]) / CELL) + 1, rows)
        covered = _within(every, left, right, low, high)
        others = _within(kinds, left, right, low, high) - _within(own, left, right, low, high)
        if covered <= most and others == 0:
            outward = (dx * out_x + dy * out_y) / (far * (np.hypot(dx, dy) + 1e-9))
            cost[at] = away * (1 - 0.25 * outward) + 30 * covered / (most + 1)
    return cost


@njit(cache=True, nogil=True)
def _within(sums: Any, left: Any, right: Any, low: Any, high: Any) -> Any:
    return sums[high, right] - sums[low, right] - sums[high, left] + sums[low, left]


@njit(cache=True, nogil=True)
def _first_free(spots: Any, anchor: Any, half: Any, boxes: Any, lines: Any) -> int:
    """Return the first spot whose text and line meet no other text or line, -1 without one."""
    for at in range(len(spots)):
        left, right = spots[at, 0] - half[0], spots[at, 0] + half[0]
        low, high = spots[at, 1] - half[1], spots[at, 1] + half[1]
        if not _empty(left, right, low, high, boxes, lines):
            continue
        x = min(max(anchor[0], left + PAD), right - PAD)
        y = min(max(anchor[1], low + PAD), high - PAD)
        short = np.hypot(x - anchor[0], y - anchor[1]) <= TOUCHING
        if short or _clear(anchor[0], anchor[1], x, y, boxes, lines):
            return at
    return -1


@njit(cache=True, nogil=True)
def _empty(left: Any, right: Any, low: Any, high: Any, boxes: Any, lines: Any) -> bool:
    """Tell whether a box meets no other box and no line."""
    for b in boxes:
        if right > b[0] and left < b[1] and high > b[2] and low < b[3]:
            return False
    for one in lines:  # noqa: SIM110 - numba compiles no generators
        if _enters(one[0], one[1], one[2], one[3], left, right, low, high):
            return False
    return True


@njit(cache=True, nogil=True)
def _clear(x: Any, y: Any, to_x: Any, to_y: Any, boxes: Any, lines: Any) -> bool:
    """Tell whether a segment enters no box and crosses no line."""
    for b in boxes:
        if _enters(x, y, to_x, to_y, b[0], b[1], b[2], b[3]):
            return False
    for one in lines:  # noqa: SIM110 - numba compiles no generators
        if _cross(x, y, to_x, to_y, one):
            return False
    return True


@njit(cache=True, nogil=True)
def _enters(
    x: Any, y: Any, to_x: Any, to_y: Any, left: Any, right: Any, low: Any, high: Any
) -> bool:
    """Tell whether a segment enters a box, by clipping it (Liang and Barsky)."""
    start, end = 0.0, 1.0
    for begin, span, least, most in ((x, to_x - x, left, right), (y, to_y - y, low, high)):
        if abs(span) < 1e-9:
            if begin <= least or begin >= most:
                return False
            continue
        one, other = (least - begin) / span, (most - begin) / span
        start, end = max(start, min(one, other)), min(end, max(one, other))
    return start < end


@njit(cache=True, nogil=True)
def _cross(x: Any, y: Any, to_x: Any, to_y: Any, line: Any) -> bool:
    """Tell whether two segments cross."""
    a = (to_x - x) * (line[1] - y) - (to_y - y) * (line[0] - x)
    b = (to_x - x) * (line[3] - y) - (to_y - y) * (line[2] - x)
    wide, tall = line[2] - line[0], line[3] - line[1]
    c = wide * (y - line[1]) - tall * (x - line[0])
    d = wide * (to_y - line[1]) - tall * (to_x - line[0])
    return bool(a * b < 0 and c * d < 0)
