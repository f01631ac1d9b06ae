"""Colours of clusters: related clusters are of one hue, neighbours on the map differ.

Told apart also without red, green or blue cones, on white and on black: of some hundred colours of
middle lightness each cluster takes the one that differs most from what is near it and from what is
used. Source: Ottosson 2020, bottosson.github.io/posts/oklab (OKLab); Machado, Oliveira &
Fernandes 2009, doi:10.1109/TVCG.2009.113 (colour blindness).
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
SIMILAR = 0.06  # OKLab distance below which two small dots look alike
HUES, LIGHTS, CHROMAS = 60, (0.52, 0.60, 0.68, 0.76), (0.09, 0.14, 0.19)
NEAR = 8  # clusters that count as neighbours
CONTRAST = 5.0  # of a text with what it stands on
GREY = "#a3a8b3"  # in no cluster
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
EYES = {  # linear RGB as seen by most, and without one kind of cone
    "all": np.eye(3),
    "no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def regions(X: ArrayLike, labels: "pd.Series[int]", *, count: int | None = None) -> pd.DataFrame:
    """Join clusters into regions by the tree of their middles (Ward), and order them along it.

    Parameters
    ----------
    X : float (n, d)
        The embedding, or its map, row by row with `labels`.
    labels : Series of int
        Cluster of each row, -1 for none.
    count : int, optional
        Regions wanted; by default about the square root of the number of clusters, 12 at most.

    Returns
    -------
    DataFrame
        On the sorted clusters: `region` (0 for the one with most rows), `order` (place along the
        tree, 0..1, near for related clusters), `size` (rows).

    Raises
    ------
    ValueError
        If the lengths differ or `count` is below 1.

    Examples
    --------
    >>> labels = pd.Series([0, 0, 1, 1, 2])
    >>> joined = regions([[0.0], [0.1], [1.0], [1.1], [9.0]], labels, count=2)
    >>> joined["region"].tolist()
    [0, 0, 1]
    """
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage

    matrix = np.asarray(X, dtype=np.float64)
    given = labels.to_numpy()
    if len(matrix) != len(given) or (count is not None and count < 1):
        raise ValueError(
            f"X must have the {len(given)} rows of labels and count be at least 1, "
            f"got {len(matrix)} and {count}"
        )
    keys, place, size = np.unique(given[given >= 0], return_inverse=True, return_counts=True)
    if len(keys) < 2:
        alone = {"region": 0, "order": 0.0, "size": size}
        return pd.DataFrame(alone, index=pd.Index(keys, name="cluster"))
    wanted = count or int(np.clip(round(len(keys) ** 0.5), 2, 12))
    inside = matrix[given >= 0]
    middle = np.column_stack([np.bincount(place, weights=axis) for axis in inside.T])
    tree = linkage(middle / size[:, None], method="ward", optimal_ordering=len(keys) <= 500)
    joined = fcluster(tree, min(wanted, len(keys)), criterion="maxclust") - 1
    rank = np.argsort(np.argsort(-np.bincount(joined, weights=size), kind="stable"))
    order = np.empty(len(keys))
    order[leaves_list(tree)] = np.arange(len(keys)) / len(keys)
    columns = {"region": rank[joined], "order": order, "size": size}
    return pd.DataFrame(columns, index=pd.Index(keys, name="cluster"))


def colours(centres: ArrayLike, order: ArrayLike) -> list[str]:
    """Choose a colour for each cluster, the same for the same map.

    Parameters
    ----------
    centres : float (m, 2)
        Middles on the map: near ones must differ.
    order : float (m,)
        Place along the tree, 0..1, from `regions`: near ones are of like hue.

    Returns
    -------
    list of str
        Such as "#0072b2", in the order given.

    Examples
    --------
    >>> len(set(colours([[0, 0], [1, 0], [2, 0]], [0.0, 0.3, 0.6])))
    3
    """
    spots, along = np.asarray(centres, dtype=np.float64), np.asarray(order, dtype=np.float64)
    rgb, hue, seen = _choices()
    near = _nearest(spots)
    used = np.full(len(rgb), np.inf)  # how far each choice is from what is used already
    taken = np.full(len(spots), -1, dtype=np.intp)
    for at in range(len(spots)):
        off = np.abs((hue - along[at] + 0.5) % 1 - 0.5)
        beside = [taken[other] for other in near[at] if taken[other] >= 0]
        apart = np.minimum.reduce([_apart(seen, one) for one in beside]) if beside else 1.0
        score = (
            np.minimum(apart, 0.16) + 3 * np.minimum(used, SIMILAR) - 0.6 * np.maximum(off, 0.06)
        )
        taken[at] = int(np.argmax(score))
        used = np.minimum(used, np.linalg.norm(seen[0] - seen[0, taken[at]], axis=1))
    return ["#{:02x}{:02x}{:02x}".format(*rgb[one]) for one in taken]


def readable(colour: str, *, dark: bool = False) -> str:
    """Return a colour of the same hue in which text is read on white, or with `dark` on black.

    Examples
    --------
    >>> readable("#ffff00") != "#ffff00", readable("#000080") == "#000080"
    (True, True)
    """
    rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    for share in np.linspace(0, 1, 41):
        mixed = rgb * (1 - share) + share * float(dark)
        linear = np.where(mixed <= 0.04045, mixed / 12.92, ((mixed + 0.055) / 1.055) ** 2.4)
        light = float(linear @ [0.2126, 0.7152, 0.0722])
        if (light + 0.05) / 0.058 >= CONTRAST if dark else 1.05 / (light + 0.05) >= CONTRAST:
            break
    return "#{:02x}{:02x}{:02x}".format(*(round(255 * part) for part in mixed))


def similar(found: list[str]) -> int:
    """Return how many of these colours look like an earlier one to most eyes.

    Examples
    --------
    >>> similar(["#0072b2", "#0072b3", "#d55e00"])
    1
    """
    rgb = np.array([[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in found])
    lab = oklab(rgb / 255, EYES["all"]) if len(found) else np.empty((0, 3))
    away = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    return int((np.tril(away < SIMILAR, -1)).any(axis=1).sum())


def _choices() -> tuple[NDArray[np.intp], Array, Array]:
    """Return colours (c, 3) in 0..255, their hue in 0..1, and as each kind of eyes sees them."""
    hue, light, chroma = (
        part.ravel() for part in np.meshgrid(np.arange(HUES) / HUES, LIGHTS, CHROMAS, indexing="ij")
    )
    angle = 2 * np.pi * hue
    lab = np.column_stack([light, chroma * np.cos(angle), chroma * np.sin(angle)])
    lms = (lab @ np.linalg.inv(TO_LAB).T) ** 3
    linear = lms @ np.linalg.inv(TO_LMS).T
    fits = ((linear > -0.001) & (linear < 1.001)).all(axis=1)
    linear = np.clip(linear[fits], 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb = np.round(255 * curved).astype(np.intp)
    seen = np.stack([oklab(rgb / 255, eye) for eye in EYES.values()])
    return rgb, hue[fits], seen


def oklab(rgb: Any, eye: Array) -> Array:
    """Return sRGB in 0..1 in OKLab, as seen by `eye`."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ eye.T, 0, 1)
    found: Array = np.cbrt(seen @ TO_LMS.T) @ TO_LAB.T
    return found


def _apart(seen: Array, one: int) -> Array:
    """Return how far each choice is from one of them, to the eyes that tell them apart least."""
    away: Array = np.linalg.norm(seen - seen[:, one : one + 1], axis=2)
    least: Array = np.minimum(away[0], 1.5 * away[1:].min(axis=0))
    return least


def _nearest(spots: Array) -> NDArray[np.intp]:
    away = np.linalg.norm(spots[:, None] - spots[None], axis=2)
    np.fill_diagonal(away, np.inf)
    return np.argsort(away, axis=1, kind="stable")[:, : min(NEAR, max(len(spots) - 1, 0))]
