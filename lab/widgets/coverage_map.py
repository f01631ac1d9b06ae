"""The coverage map: all examples as points, to colour, to read, and to pick from with a lasso.

Points are drawn by WebGL in the browser; their texts stay in the kernel and are fetched one at a
time. A map is for eyes: every number that is computed comes from the embedding, not from here.
"""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import pandas as pd
import traitlets
from numpy.typing import NDArray

from lab import records
from lab.coverage import canvas, palette, placement
from lab.widgets import front
from lab.widgets.criteria import contains

if TYPE_CHECKING:
    from lab.coverage import Neighbours

MOST_COLOURS = 200  # of a colouring by kind; the rest share the last one, "other"
LISTED = 14  # entries of the legend; the others are found by "select a cluster"
SHADES = 32  # of a colouring by number
TIP = 400  # characters of a text shown at the mouse
NEAREST = 8  # neighbours of a clicked point that are listed
HEIGHT = 620  # pixels; `panel.height` changes it
NAMES = (10.5, 15.0)  # pixels of the smallest and largest name
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
    names: traitlets.List[Any] = traitlets.List().tag(sync=True)  # those with a place in the view
    hits = traitlets.Bytes().tag(sync=True)  # one bit per point: holds what is searched for
    found = traitlets.Dict().tag(sync=True)  # text that is searched for, and how many hold it
    detail = traitlets.Dict().tag(sync=True)  # one example in full, and its neighbours
    tags = traitlets.Dict().tag(sync=True)  # name -> how many rows
    tall = traitlets.Float().tag(sync=True)  # half the height of the map, half its width being 1
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
        Rows marked by small dark dots.
    gaps : DataFrame, optional
        Columns `x`, `y` and `name`: places to point at, such as what the pool does not cover.
    graph : Neighbours, optional
        Of the embedding: the neighbours of a clicked point are listed with their distances.

    Raises
    ------
    ValueError
        If `places` has no finite `x` and `y`, or another argument misses rows of it.

    Examples
    --------
    >>> from lab import testbed
    >>> pool = testbed.pool(5)
    >>> places = pd.DataFrame({"x": range(5), "y": range(5)}, index=pool.index, dtype="float32")
    >>> CoverageMap(places, pool=pool).selected.tolist()
    []
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
        graph: "Neighbours | None" = None,
    ) -> None:
        self._index = places.index
        self._given = places
        self._canvas = canvas.fit(places, side=0.13 if names is not None else 0.02)
        half = np.array([self._canvas.width, self._canvas.height]) / 2
        self._half = half
        self._places = ((self._canvas.xy - half) / half[0]).astype("<f4")
        if graph is not None and len(graph) != len(places):
            raise ValueError(f"graph must be of the {len(places)} rows, got {len(graph)}")
        self._graph = graph
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
        self.tags: dict[str, pd.Index] = {}  # name -> the rows of a lasso that was given it
        self._labels, self._called, self._tones = self._clustered(gaps)
        self.panel = Panel(
            points=self._places.tobytes(),
            shown=_bits(self._kept),
            marked=_bits(_members(self._subset, places.index)),
            colours=list(self._colours),
            tall=float(half[1] / half[0]),
            names=self._written((-1.0, 1.0, -half[1] / half[0], half[1] / half[0]), 2 * half[0]),
            height=HEIGHT,
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
        clustered = by == "cluster"
        codes, legend = _coloured(self._colours[by], self._names if clustered else {})
        legend["tones"] = self._tints(legend, clustered=clustered)
        self.panel.codes, self.panel.legend = codes.tobytes(), {"by": by, **legend}

    def _tints(self, legend: Mapping[str, Any], *, clustered: bool) -> list[str]:
        """Return the colour of each code of a colouring by kind."""
        kinds = [
            entry for entry in legend["entries"] if len(entry) > 2 and entry[2] not in ("", "-1")
        ]
        if clustered:
            return [self._tones.get(int(entry[2]), palette.GREY) for entry in kinds]
        order = np.arange(len(kinds)) / max(len(kinds), 1)
        return palette.colours(
            np.column_stack([order, 0 * order]), (order * 0.618034 * len(kinds)) % 1
        )

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
        clusters = None if self._clusters is None else self._clusters.astype(int)
        drawn = figures.map(
            self._given, text=text, clusters=clusters, names=self._names, subset=subset
        )
        return drawn._repr_mimebundle_()

    def __repr__(self) -> str:
        return f"CoverageMap({len(self._index):,} points, {len(self.selected):,} in the lasso)"

    def search(self, text: str) -> int:
        """Mark the examples that hold `text` in instruction, input or output; return how many."""
        holds = np.zeros(len(self._index), dtype=bool)
        if text and self._pool is not None:
            holds = contains(self._pool, text).to_numpy()
        self.panel.hits, self.panel.found = _bits(holds), {"text": text, "count": int(holds.sum())}
        return int(holds.sum())

    def tag(self, name: str) -> None:
        """Give the rows of the lasso a name, kept in `tags`; a name used before is taken over."""
        if not name.strip():
            raise ValueError(f"name must not be empty, got {name!r}")
        self.tags[name] = self.selected
        self.panel.tags = {key: len(ids) for key, ids in self.tags.items()}

    def _clustered(
        self, gaps: pd.DataFrame | None
    ) -> tuple[NDArray[np.intp], dict[int, str], dict[int, str]]:
        """Return a label for each row and gap, their names, and the colours of the clusters."""
        labels = np.full(len(self._index), -1, dtype=np.intp)
        if self._clusters is not None:
            labels[:] = self._clusters.to_numpy()
        joined = palette.regions(self._canvas.xy, pd.Series(labels))
        middles = pd.DataFrame(self._canvas.xy).groupby(labels).median().loc[joined.index]
        tones = palette.colours(middles, joined["order"])
        colours = {int(key): tone for key, tone in zip(joined.index, tones, strict=True)}
        self._gaps = np.empty((0, 2)) if gaps is None else self._canvas.put(gaps)
        first = int(labels.max(initial=-1)) + 1
        given = [] if gaps is None else list(gaps["name"])
        named = {**self._names, **{first + at: str(name) for at, name in enumerate(given)}}
        return np.append(labels, np.arange(first, first + len(given))), named, colours

    def _written(self, view: tuple[float, ...], width: float) -> list[list[Any]]:
        """Return the names that have a place where `view` fills `width` pixels."""
        left, right, low, high = view
        by = width / max(right - left, 1e-9)
        xy = np.vstack([self._places, (self._gaps - self._half) / self._half[0]])
        inside = (xy[:, 0] > left) & (xy[:, 0] < right) & (xy[:, 1] > low) & (xy[:, 1] < high)
        at = (xy[inside] - [left, low]) * by
        size = (width, max((high - low) * by, 1.0))
        placed = placement.place_names(
            at, self._labels[inside], self._called, canvas=size, sizes=NAMES
        )
        last = int(self._labels.max(initial=-1)) - len(self._gaps)
        written = []
        for key, row in placed.iterrows():
            label = int(str(key))
            tone = self._tones.get(label, "#a3201d")
            spots = row[["x", "y", "at_x", "at_y"]].to_numpy(dtype=float) / by
            x, y, at_x, at_y = np.add(spots, [left, low, left, low]).tolist()
            words = [str(row["text"]), label > last, float(row["size"])]
            shades = [palette.readable(tone), palette.readable(tone, dark=True)]
            written.append([x, y, *words, *shades, at_x, at_y, bool(row["line"])])
        return written

    def _opened(self, place: int) -> dict[str, Any]:
        """Return one example in full, turn by turn, and its neighbours in the embedding."""
        detail: dict[str, Any] = {"place": place, "id": str(self._index[place]), "turns": []}
        if self._pool is not None:
            row = {str(name): value for name, value in self._pool.iloc[place].to_dict().items()}
            detail["turns"] = records.turns(row)
        if self._graph is not None:
            near = self._graph.indices[place, :NEAREST]
            away = self._graph.distances[place, :NEAREST]
            texts = self._index if self._pool is None else self._pool["instruction"]
            detail["near"] = [
                [int(other), round(float(far), 4), str(np.asarray(texts)[other])[:TIP]]
                for other, far in zip(near, away, strict=True)
            ]
        return detail

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
        else:
            self._look(kind, message)

    def _look(self, kind: Any, message: Mapping[str, Any]) -> None:
        """Do what changes what is shown and not what is selected."""
        if kind == "names":
            view = tuple(float(edge) for edge in message["view"])
            self.panel.names = self._written(view, float(np.clip(message["width"], 80, 4000)))
        elif kind == "search":
            self.search(str(message["text"]))
        elif kind == "open" and 0 <= int(message["place"]) < len(self._index):
            self.panel.detail = self._opened(int(message["place"]))
        elif kind == "tag" and str(message["name"]).strip():
            self.tag(str(message["name"]))

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
        [f"{known.get(value, value)} ({counts[value]:,})", code, str(value)]
        for code, value in enumerate(top)
    ]
    if len(counts) > MOST_COLOURS:
        rest = int(counts[MOST_COLOURS:].sum())
        entries.append([f"{len(counts) - MOST_COLOURS} other ({rest:,})", MOST_COLOURS, ""])
    if (loose := int((texts == "-1").sum())) > 0:
        entries.append([f"in no cluster ({loose:,})", 255, "-1"])
    return codes.astype(np.uint8), {"entries": entries, "ramp": False}
