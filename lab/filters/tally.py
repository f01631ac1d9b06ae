"""See how many examples each filter rejects, and why one of them is in or out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def tally(masks: Mapping[str, "pd.Series[bool]"]) -> pd.DataFrame:
    """Count what each filter rejects, alone and in the order given.

    Parameters
    ----------
    masks : mapping of name to Series of bool
        Masks over one index, True = keep, in the order in which they apply.

    Returns
    -------
    DataFrame
        One row per filter: `rejects` rows it rejects alone; `only_this` rows that no other filter
        rejects; `in_order` those that it rejects of the rows that reach it; `left` rows left after
        it. The sum of `in_order` and the last `left` is the number of rows. `share` is `rejects`
        over all rows, between 0 and 1.

    Raises
    ------
    ValueError
        If there is no mask, or the masks are not bool or not over one index.

    Examples
    --------
    >>> a, b = pd.Series([True, False, False]), pd.Series([True, True, False])
    >>> tally({"a": a, "b": b})[["rejects", "only_this", "in_order", "left"]].values.tolist()
    [[2, 1, 2, 1], [1, 0, 0, 1]]
    """
    index = over(masks)
    out = np.column_stack([~mask.to_numpy() for mask in masks.values()])
    rejections = out.sum(axis=1)
    left = np.cumsum(out, axis=1) == 0
    in_order = np.diff(left.sum(axis=0), prepend=len(index)) * -1
    return pd.DataFrame(
        {
            "rejects": out.sum(axis=0),
            "share": out.sum(axis=0) / max(len(index), 1),
            "only_this": (out & (rejections == 1)[:, None]).sum(axis=0),
            "in_order": in_order,
            "left": left.sum(axis=0),
        },
        index=pd.Index(list(masks), name="filter"),
    )


def explain(
    masks: Mapping[str, "pd.Series[bool]"],
    id: str,
    *,
    evidence: Mapping[str, "pd.Series[str] | pd.DataFrame"] | None = None,
) -> pd.DataFrame:
    """Tell why one example is in or out: the verdict of every filter on it.

    Parameters
    ----------
    masks : mapping of name to Series of bool
        As for `tally`.
    id : str
        The example.
    evidence : mapping of name to Series or DataFrame, optional
        What each filter saw, by id: fragments from `matched`, rows from `Copies.closest`. An
        example that is not in it has none.

    Returns
    -------
    DataFrame
        One row per filter, in order: `keep`; `falls_here`, True for the one that takes the
        example out in order; `evidence`, "" where there is none.

    Raises
    ------
    KeyError
        If no example has this id.
    ValueError
        If evidence is given for a filter that has no mask.

    Examples
    --------
    >>> masks = {"a": pd.Series({"x": True}), "b": pd.Series({"x": False})}
    >>> explain(masks, "x", evidence={"b": pd.Series({"x": "too long"})})["evidence"].tolist()
    ['', 'too long']
    """
    index = over(masks)
    if id not in index:
        raise KeyError(f"no example {id!r} among the {len(index)} under the masks")
    given = evidence or {}
    unknown = [name for name in given if name not in masks]
    if unknown:
        raise ValueError(f"evidence for {unknown[0]!r}, which is not among {list(masks)}")
    keep = np.array([bool(mask[id]) for mask in masks.values()])
    first = int(np.argmin(keep)) if not keep.all() else -1
    return pd.DataFrame(
        {
            "keep": keep,
            "falls_here": np.arange(len(keep)) == first,
            "evidence": [_shown(given.get(name), id) for name in masks],
        },
        index=pd.Index(list(masks), name="filter"),
    )


def _shown(evidence: "pd.Series[str] | pd.DataFrame | None", id: str) -> str:
    if evidence is None or id not in evidence.index:
        return ""
    found = evidence.loc[id]
    if isinstance(found, pd.Series):
        return ", ".join(f"{name} {value}" for name, value in found.items())
    return str(found)


def over(masks: Mapping[str, "pd.Series[bool]"]) -> pd.Index:
    """Return the one index that all masks are over, or raise ValueError."""
    if not masks:
        raise ValueError("no masks to count; give at least one")
    index = next(iter(masks.values())).index
    for name, mask in masks.items():
        if mask.dtype != bool:
            raise ValueError(f"mask {name!r} must hold bool, got {mask.dtype}")
        if not mask.index.equals(index):
            raise ValueError(
                f"mask {name!r} is over other rows or another order than {next(iter(masks))!r}; "
                "make all masks from one pool"
            )
    return index
