"""All methods at equal budgets in one table: what they pick, how long it takes, what it costs.

What a pick is worth is measured by functions that are handed in: coverage in the embedding's space,
the share of the truth on the testbed. What it teaches is `ablate.leaderboard`.
"""

import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from itertools import product

import numpy as np
import pandas as pd

from lab.select.selection import IntArray, Selection

Method = Callable[[int], Selection | IntArray]
Measure = Callable[[IntArray], float]


def compare(
    methods: Mapping[str, Method],
    budgets: Iterable[int],
    *,
    measures: Mapping[str, Measure] | None = None,
) -> pd.DataFrame:
    """Run each method at each budget, and measure time, memory and the picks.

    Parameters
    ----------
    methods : mapping
        Name -> a call that takes the budget and gives a `Selection` or rows, such as
        `partial(select.kcenter, X)`. It is called twice: what is compiled or looked up on the way
        counts for memory, and not for time.
    budgets : iterable of int
        Rows to pick.
    measures : mapping, optional
        Name -> a function of the rows picked, such as `partial(coverage.radius, X)`.

    Returns
    -------
    DataFrame
        Index (method, k), in the order given: `picked` (rows; some methods stop early), `seconds`
        of the second call, `peak_mb` (2**20 bytes that Python and numpy held at most beyond what
        was there; arrays made inside compiled code are not seen), and a column for each measure.

    Raises
    ------
    ValueError
        If there is no method or no budget, or a measure has the name of another column.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import coverage
    >>> from lab.select import kcenter, random
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> methods = {"random": partial(random, 60), "k-center": partial(kcenter, X)}
    >>> table = compare(methods, [5, 20], measures={"radius": partial(coverage.radius, X)})
    >>> table["radius"].groupby("k").idxmin().tolist()
    [('k-center', 5), ('k-center', 20)]
    """
    sizes, wanted = list(budgets), dict(measures or {})
    if not methods or not sizes:
        raise ValueError(f"need a method and a budget, got {len(methods)} and {len(sizes)}")
    taken = sorted({"picked", "seconds", "peak_mb"} & set(wanted))
    if taken:
        raise ValueError(f"measures must not be called like a column, got {taken[0]!r}")
    cells = {}
    for (name, method), k in product(methods.items(), sizes):
        peak = _peak(method, k)
        start = time.perf_counter()
        found = method(k)
        seconds = time.perf_counter() - start
        rows = found.indices if isinstance(found, Selection) else np.asarray(found)
        held = {"picked": len(rows), "seconds": seconds, "peak_mb": peak}
        cells[name, k] = held | {each: measure(rows) for each, measure in wanted.items()}
    return pd.DataFrame(
        cells.values(), index=pd.MultiIndex.from_tuples(cells, names=["method", "k"])
    )


def _peak(method: Method, k: int) -> float:
    """Call a method and return the most memory that was held at once beyond that before."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    try:
        method(k)
        _, most = tracemalloc.get_traced_memory()
    finally:
        if not tracing:
            tracemalloc.stop()
    return (most - before) / 2**20
