"""The coverage map: all examples as points, to colour, to read, and to pick from with a lasso.

Points are drawn by WebGL in the browser; their texts stay in the kernel and are fetched one at a
time. A map is for eyes: every number that is computed comes from the embedding, not from here.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import numpy as np
import pandas as pd
import traitlets
from numpy.typing import NDArray

from lab.widgets import front

MOST_COLOURS = 20  # of a colouring by kind; the rest share the last one, "other"
SHADES = 32  # of a colouring by number
TIP = 400  # characters of a text shown at the mouse
MOST_NAMES = 60  # cluster names written on the map
Heard = Callable[[pd.Index | None], None]


class Panel(anywidget.AnyWidget):
    """The part of the map that lives in the browser; `CoverageMap` speaks to it."""

    _esm = front.script("coverage_map")
    _css = front.STYLE
    points = traitlets.Bytes().tag(sync=True)  # float32 (n, 2), within -1 to 1
    shown = traitlets.Bytes().tag(sync=True)  # one bit per point: kept
    marked = traitlets.Bytes().tag(sync=True)  # one bit per point: in the subset
    codes = traitlets.Bytes().tag(sync=True)  # uint8 (n,), into the legend
    legend = traitlets.Dict().tag(sync=True)  # by, entries, ramp
    names: traitlets.List[Any] = traitlets.List().tag(sync=True)  # x, y, text, gap
    colours: traitlets.List[Any] = traitlets.List().tag(sync=True)  # what one can colour by
    tip = traitlets.Dict().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)
    height = traitlets.Int().tag(sync=True)


class CoverageMap:
    """A coverage map of a pool.

    Parameters
    ----------
    places : DataFrame (n, 2)
        Columns `x` and `y`, on the pool's index; from `coverage.project`.
    pool : DataFrame, optional
        Read at the mouse: instruction and output.
    colours : mapping of Series, optional
        What the points can be coloured by: numbers as a ramp, anything else by kind.
    clusters : Series, optional
        Cluster of each row, -1 for none; a colouring too.
    names : mapping or Series, optional
        Cluster to name, written at the middle of the cluster.
    subset : Index, optional
        Rows drawn with a ring.
    gaps : DataFrame, optional
        Columns `x`, `y` and `name`: places to point at, such as what the pool does not cover.
    height : int
        Of the map, in pixels.

    Raises
    ------
    ValueError
        If `places` has no finite `x` and `y`, or another argument misses rows of it.
    """

    def __init__(
        self,
        places: pd.DataFrame,
        *,
        pool: pd.DataFrame | None = None,
        colours: Mapping[str, "pd.Series[Any]"] | None = None,
        clusters: "pd.Series[int] | None" = None,
        names: "Mapping[int, str] | pd.Series[str] | None" = None,
        subset: pd.Index | None = None,
        gaps: pd.DataFrame | None = None,
        height: int = 520,
    ) -> None:
        self._index = places.index
        self._places, self._middle, self._scale = _squared(places)
        self._pool = None if pool is None else _rows(pool, places.index, "pool")
        self._names = (
            {} if names is None else {int(str(key)): str(name) for key, name in names.items()}
        )
        self._clusters = None if clusters is None else _rows(clusters, places.index, "clusters")
        given = {} if self._clusters is None else {"cluster": self._clusters}
        self._colours = given | {
            name: _rows(values, places.index, name) for name, values in (colours or {}).items()
        }
        self._kept = np.ones(len(places), dtype=bool)
        self._subset = pd.Index([]) if subset is None else subset
        self._picked: NDArray[np.intp] | None = None
        self._hearers: list[Heard] = []
        self.panel = Panel(
            points=self._places.tobytes(),
            shown=_bits(self._kept),
            marked=_bits(_members(self._subset, places.index)),
            colours=list(self._colours),
            names=self._written() + self._gaps(gaps),
            height=height,
        )
        self.colour(next(iter(self._colours), None))
        self.panel.on_msg(lambda _widget, message, buffers: self._hear(message, buffers))

    @property
    def selected(self) -> pd.Index:
        """Return the ids inside the last lasso, in the pool's order; empty if there is none."""
        return self._index[:0] if self._picked is None else self._index[self._picked]

    def show(self, keep: "pd.Series[bool] | NDArray[np.bool_]") -> None:
        """Draw the rows that `keep` marks in full, and the others faintly.

        Takes a mask on an index that holds that of the map, or an array in its order.
        """
        aligned = _rows(keep, self._index, "keep") if isinstance(keep, pd.Series) else keep
        bits = np.asarray(aligned, dtype=bool)
        if bits.shape != self._kept.shape:
            raise ValueError(f"keep must have {len(self._kept)} values, got {bits.shape}")
        self._kept = bits
        self.panel.shown = _bits(bits)

    def colour(self, by: str | None) -> None:
        """Colour the points by one of `colours`, or all alike with None."""
        if by is None:
            self.panel.codes, self.panel.legend = b"", {"by": None, "entries": [], "ramp": False}
            return
        if by not in self._colours:
            raise ValueError(f"by must be one of {', '.join(self._colours)}, got {by!r}")
        codes, legend = _coloured(self._colours[by], self._names if by == "cluster" else {})
        self.panel.codes, self.panel.legend = codes.tobytes(), {"by": by, **legend}

    def select(self, ids: pd.Index | None) -> None:
        """Take `ids` as if a lasso had been drawn round them; None takes the lasso away."""
        places = None if ids is None else np.flatnonzero(_members(ids, self._index))
        self._pick(places)

    def on_select(self, heard: Heard) -> None:
        """Call `heard` with the ids of each new lasso, or with None when it is taken away."""
        self._hearers.append(heard)

    def _repr_mimebundle_(self, **words: Any) -> Any:
        if not os.environ.get("WINNOW_REPORT"):
            return self.panel._repr_mimebundle_(**words)
        from lab.report import figures

        text = None if self._pool is None else self._pool["instruction"]
        subset = self._subset if len(self._subset) else None
        places = pd.DataFrame(self._places, columns=["x", "y"], index=self._index)
        clusters = None if self._clusters is None else self._clusters.astype(int)
        drawn = figures.map(places, text=text, clusters=clusters, names=self._names, subset=subset)
        return drawn._repr_mimebundle_()

    def __repr__(self) -> str:
        return f"CoverageMap({len(self._index):,} points, {len(self.selected):,} in the lasso)"

    def _written(self) -> list[list[Any]]:
        """Return the names of the largest clusters, each at the middle of its points."""
        if self._clusters is None:
            return []
        labels = self._clusters.to_numpy()
        written = []
        for label in self._clusters.value_counts().index[:MOST_NAMES]:
            name = self._names.get(label)
            if label != -1 and name:
                x, y = np.median(self._places[labels == label], axis=0)
                written.append([float(x), float(y), str(name), False])
        return written

    def _gaps(self, gaps: pd.DataFrame | None) -> list[list[Any]]:
        if gaps is None:
            return []
        x = (gaps["x"] - self._middle[0]) / self._scale
        y = (gaps["y"] - self._middle[1]) / self._scale
        named = zip(x, y, gaps["name"], strict=True)
        return [[float(a), float(b), str(name), True] for a, b, name in named]

    def _hear(self, message: Mapping[str, Any], buffers: list[memoryview]) -> None:
        kind = message.get("kind")
        if kind == "tip":
            self.panel.tip = self._tip(int(message["place"]))
        elif kind == "colour":
            self.colour(message["by"] or None)
        elif kind == "lasso":
            places = np.frombuffer(buffers[0], dtype="<u4").astype(np.intp)
            self._pick(places[places < len(self._index)])
        elif kind == "cluster" and self._clusters is not None:
            self._pick(np.flatnonzero(self._clusters.astype("str").to_numpy() == message["name"]))
        elif kind == "clear":
            self._pick(None)

    def _pick(self, places: NDArray[np.intp] | None) -> None:
        self._picked = places
        self.panel.chosen = {"count": None if places is None else len(places)}
        for heard in self._hearers:
            heard(None if places is None else self.selected)

    def _tip(self, place: int) -> dict[str, Any]:
        lines = [f"{name}: {values.iloc[place]}" for name, values in self._colours.items()]
        texts = []
        if self._pool is not None:
            row = self._pool.iloc[place]
            texts = [str(row[name])[:TIP] for name in ("instruction", "output")]
        return {"place": place, "id": str(self._index[place]), "texts": texts, "lines": lines}


def _squared(places: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.float64], float]:
    """Return the points within a square of side 2, and how they were moved and scaled."""
    if not {"x", "y"} <= set(places.columns):
        raise ValueError(f"places must have the columns x and y, got {list(places.columns)}")
    xy = places[["x", "y"]].to_numpy(dtype=float)
    if not np.isfinite(xy).all():
        raise ValueError(
            f"places must be finite, {(~np.isfinite(xy)).any(axis=1).sum()} rows are not"
        )
    low, high = (xy.min(axis=0), xy.max(axis=0)) if len(xy) else (np.zeros(2), np.ones(2))
    middle, scale = (low + high) / 2, float((high - low).max() / 2) or 1.0
    return ((xy - middle) / scale).astype("<f4"), middle, scale


def _rows(values: Any, index: pd.Index, name: str) -> Any:
    if values.index.equals(index):
        return values
    missing = index.difference(values.index)
    if len(missing):
        raise ValueError(f"{name} misses {len(missing)} rows of the map, the first {missing[0]}")
    return values.loc[index]


def _members(ids: pd.Index, index: pd.Index) -> NDArray[np.bool_]:
    unknown = ids.difference(index)
    if len(unknown):
        raise ValueError(f"{len(unknown)} rows are not on the map, the first {unknown[0]}")
    return np.asarray(index.isin(ids))


def _bits(keep: NDArray[np.bool_]) -> bytes:
    return np.packbits(keep, bitorder="little").tobytes()


def _coloured(
    values: "pd.Series[Any]", names: Mapping[Any, str]
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Return a code per row, and the legend that explains the codes."""
    if pd.api.types.is_float_dtype(values):
        numbers = values.to_numpy(dtype=float)
        whole = numbers[np.isfinite(numbers)]
        low, high = (np.quantile(whole, [0.01, 0.99])) if len(whole) else (0.0, 1.0)
        shade = np.clip((numbers - low) / ((high - low) or 1.0), 0, 1) * (SHADES - 1)
        codes = np.where(np.isfinite(numbers), np.round(np.nan_to_num(shade)), 255)
        entries = [[f"{low:.4g} or less", 0], [f"{high:.4g} or more", SHADES - 1]]
        return codes.astype(np.uint8), {"entries": entries, "ramp": True, "shades": SHADES}
    texts = values.astype("object").where(values.notna(), "none").astype("str")
    counts = texts[texts != "-1"].value_counts()
    top = counts.index[:MOST_COLOURS]
    codes = top.get_indexer(pd.Index(texts))
    codes = np.where(texts.to_numpy() == "-1", 255, np.where(codes < 0, MOST_COLOURS, codes))
    known = {str(label): name for label, name in names.items()}
    entries = [
        [f"{known.get(value, value)} ({counts[value]:,})", code, value]
        for code, value in enumerate(top)
    ]
    if len(counts) > MOST_COLOURS:
        rest = int(counts[MOST_COLOURS:].sum())
        entries.append([f"{len(counts) - MOST_COLOURS} other ({rest:,})", MOST_COLOURS, ""])
    if (loose := int((texts == "-1").sum())) > 0:
        entries.append([f"in no cluster ({loose:,})", 255, "-1"])
    return codes.astype(np.uint8), {"entries": entries, "ramp": False}
