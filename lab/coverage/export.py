"""The map for others: a Parquet file that Embedding Atlas opens, or a picture for a paper.

Source: Embedding Atlas, `packages/docs/tool.md`: columns are named on its command line, as in
`embedding-atlas map.parquet --text text --x x --y y --neighbors neighbors`; neighbours are
positions of rows, the nearest first.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lab.coverage import canvas, drawing, palette, placement
from lab.coverage.neighbours import Neighbours

MM = 72 / 25.4  # points of print in a millimetre
PRINT = (6.0, 8.0)  # points: what journals ask of the smallest and largest letters in a figure


def save_map(
    path: str | Path,
    places: pd.DataFrame,
    *,
    columns: "Mapping[str, pd.Series[Any]] | None" = None,
    graph: Neighbours | None = None,
    names: Mapping[int, str] | None = None,
    width_mm: float = 89.0,
) -> Path:
    """Write a map as Parquet for Embedding Atlas, or as SVG for a paper.

    Parameters
    ----------
    path : str or Path
        Ends in .parquet or .svg.
    places : DataFrame (n, 2)
        Columns "x" and "y", on the pool's index.
    columns : mapping of Series, optional
        Further columns on an index that holds that of `places`, such as text, cluster and scores;
        "cluster" colours the SVG.
    graph : Neighbours, optional
        Of the rows, in the order of `places`; Parquet only.
    names : mapping, optional
        Cluster to name, written on the SVG and in the column "cluster_name".
    width_mm : float
        Of the SVG: 89 is one column of most journals, 183 two.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the ending is another, a column misses rows, or the graph is of another pool.

    Examples
    --------
    >>> import tempfile
    >>> spots = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 2.0]}, index=["a", "b"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = save_map(Path(folder) / "map.parquet", spots)
    ...     pd.read_parquet(made).columns.tolist()
    ['id', 'x', 'y']
    """
    path = Path(path)
    if path.suffix not in (".parquet", ".svg"):
        raise ValueError(f"path must end in .parquet or .svg, got {path.name!r}")
    given = {} if columns is None else columns
    for name, values in given.items():
        missing = places.index.difference(values.index)
        if len(missing):
            raise ValueError(f"{name!r} misses {len(missing)} rows, the first {missing[0]!r}")
    held = {name: values.loc[places.index] for name, values in given.items()}
    if graph is not None and len(graph) != len(places):
        raise ValueError(f"graph must be of the {len(places)} rows, got {len(graph)}")
    if path.suffix == ".svg":
        labels = held.get("cluster")
        path.write_text(_picture(places, labels, names or {}, width_mm), encoding="utf-8")
    else:
        _table(places, held, graph, names or {}).to_parquet(path, index=False)
    return path


def _table(
    places: pd.DataFrame,
    columns: "Mapping[str, pd.Series[Any]]",
    graph: Neighbours | None,
    names: Mapping[int, str],
) -> pd.DataFrame:
    spots = {axis: places[axis].to_numpy(dtype=np.float32) for axis in ("x", "y")}
    table = pd.DataFrame({"id": [str(key) for key in places.index], **spots})
    for name, values in columns.items():
        table[name] = values.to_numpy()
    if names and "cluster" in columns:
        table["cluster_name"] = [names.get(label, "") for label in columns["cluster"]]
    if graph is not None:
        pairs = zip(graph.indices.tolist(), graph.distances.tolist(), strict=True)
        cells = [{"ids": ids, "distances": away} for ids, away in pairs]
        table["neighbors"] = pd.Series(cells, dtype="object")
    return table


def _picture(
    places: pd.DataFrame,
    clusters: "pd.Series[int] | None",
    names: Mapping[int, str],
    width_mm: float,
) -> str:
    """Return the map as an SVG whose unit is the point of print."""
    width = width_mm * MM
    fitted = canvas.fit(places, width=width, height=0.68 * width, side=0.13 if names else 0.02)
    labels = np.full(len(places), -1) if clusters is None else clusters.to_numpy(dtype=np.intp)
    joined = palette.regions(fitted.xy, pd.Series(labels))
    middles = pd.DataFrame(fitted.xy).groupby(labels).median().loc[joined.index]
    tones = palette.colours(middles, joined["order"])
    colours = {int(key): tone for key, tone in zip(joined.index, tones, strict=True)}
    known = [
        colours.get(label, palette.GREY) for label in range(-1, int(labels.max(initial=-1)) + 1)
    ]
    size = (fitted.width, fitted.height)
    if len(places) > drawing.DOTS:
        weights = np.where(labels < 0, 0.35, 1.0) if colours else None
        rgb = drawing.rgb(known)[labels + 1]
        made = drawing.pixels(fitted.xy, rgb, canvas=size, scale=600 / 72, weights=weights)
        points = drawing.image(made, width=size[0], height=size[1])
    else:
        each = [known[label + 1] for label in labels]
        radius = drawing.radius(len(places)) * width / canvas.WIDTH
        points = drawing.dots(fitted.xy, each, height=size[1], size=radius, alpha=0.85)
    placed = placement.place_names(fitted.xy, labels, names, canvas=size, sizes=PRINT)
    inks = {key: palette.readable(tone) for key, tone in colours.items()}
    written = drawing.names(placed, inks, height=size[1], front="#333333")
    return drawing.svg([points, written], width=size[0], height=size[1], wide=f"{width_mm:g}mm")
