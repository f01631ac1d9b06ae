"""Which text of an example is embedded: the whole exchange, or some of its parts."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.errors import DataError

PARTS = ("instruction", "input", "output")


def texts(pool: pd.DataFrame, *, parts: Sequence[str] = PARTS) -> "pd.Series[str]":
    r"""Join some parts of each example, one below the other; empty parts are left out.

    Parameters
    ----------
    pool : DataFrame
        A pool of examples.
    parts : sequence of str
        Out of "instruction", "input" and "output"; the order given is the order in the text.

    Returns
    -------
    Series of str
        On the index of `pool`, named "text".

    Raises
    ------
    ValueError
        If a part is unknown or none is named.
    DataError
        If all parts of an example are empty; the first such row is named.

    Examples
    --------
    >>> pool = pd.DataFrame({"instruction": ["Add."], "input": ["1 2"], "output": ["3"]})
    >>> texts(pool, parts=["instruction", "input"]).tolist()
    ['Add.\n1 2']
    """
    if not parts or not set(parts) <= set(PARTS):
        raise ValueError(f"parts must be some of {list(PARTS)}, got {list(parts)}")
    rows = pool[list(parts)].itertuples(index=False)
    joined = pd.Series(
        ["\n".join(part for part in row if part) for row in rows],
        index=pool.index,
        name="text",
        dtype="str",
    )
    empty = joined.str.strip() == ""
    if empty.any():
        raise DataError(
            f"nothing to embed in {int(empty.sum())} examples", row=str(joined.index[empty][0])
        )
    return joined


def vectors_of(
    pool: pd.DataFrame,
    *,
    by: Callable[["pd.Series[str]"], Any],
    parts: Sequence[str] = PARTS,
) -> NDArray[np.float32]:
    """Embed the examples of a pool, as `shards.over` does one shard after the other.

    Parameters
    ----------
    pool : DataFrame
        A pool of examples.
    by : callable
        A function of texts, such as `partial(embed.static, model=folder)`.
    parts : sequence of str
        As for `texts`.

    Returns
    -------
    float32 (n, d)
        The vectors, in the order of the pool.

    Examples
    --------
    >>> from lab import embed
    >>> pool = pd.DataFrame({"instruction": ["Add.", "Sing."], "input": "", "output": "So."})
    >>> vectors_of(pool, by=embed.lexical).shape
    (2, 2)
    """
    return np.asarray(by(texts(pool, parts=parts)), dtype=np.float32)
