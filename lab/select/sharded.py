"""k-center over shards: vectors that do not fit into one memory, searched where they lie.

Exactly: a worker brings its shard up to date and hands over the rows farthest from all centers,
with a level that no other of its rows reaches; picks are made among these for as long as they lie
above every shard's level, then the shards see the new centers. A few rounds make many picks, and
these are the picks of `kcenter` on all rows.

In two rounds: `kcenter` on each shard, then on what these picked.

Source: Gonzalez 1985, doi:10.1016/0304-3975(85)90224-5; Malkomes, Kusner, Chen, Weinberger &
Moseley 2015, NeurIPS 28, "Fast Distributed k-Center Clustering with Outliers on Massive Data" (two
rounds, their factor of 4).
"""

from pathlib import Path
from typing import Any

import numpy as np

from lab import engine as engines
from lab import files, runs, shards
from lab.select.device import PICKED
from lab.select.kcenter import ACTIVE, FEWEST, Cover, kcenter
from lab.select.selection import FloatArray, IntArray, Selection, check_budget

MOST = 1 << 17  # rows that are handed over in one round, by all shards together


def kcenter_shards(
    vectors: shards.Shards,
    k: int,
    *,
    seed: int = 0,
    engine: engines.Engine = engines.PROCESSES,
    workers: int | None = None,
) -> Selection:
    """Pick the `k` rows that `kcenter` picks of all shards; the radius is at most twice the best.

    Memory is that of a shard for each worker, and of 131,072 rows here. What was found of a shard
    is kept in a run until the picks are made, so that a killed search goes on.

    Parameters
    ----------
    vectors : sequence of Path
        `.npy` files (n_i, d), such as `shards.over` makes; rows count from the first of all.
    k : int
        Rows to pick, 1 <= k <= n.
    seed : int
        Draws the first row. All else is fixed; ties go to the lower row.
    engine, workers
        As for `lab.engine.opened`; a task is a shard in one round.

    Returns
    -------
    Selection
        As of `kcenter`: `indices` (k,) rows of all shards end to end, `trace` (k,) the covering
        radius after each pick. `shards.take(pools, few.indices)` gives the examples.

    Raises
    ------
    ValueError
        If vectors are not finite or `k` is out of range.

    Examples
    --------
    >>> from lab import paths
    >>> parts = [paths.data() / f"{at}.npy" for at in range(2)]
    >>> for part, rows in zip(parts, [[[0.0], [1.0]], [[9.0], [10.0]]]):
    ...     np.save(part, rows)
    >>> kcenter_shards(parts, 2, workers=1).indices.tolist() == kcenter(
    ...     [[0.0], [1.0], [9.0], [10.0]], 2
    ... ).indices.tolist()
    True
    """
    starts = np.cumsum([0, *shards.sizes(vectors)])
    check_budget(k, int(starts[-1]))
    with shards.stage("select", "kcenter_shards", {"k": k, "seed": seed}, vectors) as run:
        if not run.finished:
            with engines.opened(engine, workers=workers) as pool:
                run.log(rounds=_pick(vectors, starts, k, seed, run.folder, pool))
    return _selection(run, int(starts[-1]), k, seed)


def kcenter_two_rounds(
    vectors: shards.Shards,
    k: int,
    *,
    seed: int = 0,
    engine: engines.Engine = engines.PROCESSES,
    workers: int | None = None,
) -> Selection:
    """Pick `k` rows of all shards in two rounds; the covering radius is at most 4 times the best.

    `kcenter` picks k rows of each shard, which cover the shard within twice the best radius of all
    rows, since k + 1 rows lie that far apart; then k of what was picked, which cover these
    within twice the best. A row is as far from a pick as these two together. Each shard is read
    once; `kcenter_shards` has a factor of 2 and reads them in every round.

    Parameters
    ----------
    vectors, k, seed, engine, workers
        As for `kcenter_shards`.

    Returns
    -------
    Selection
        As of `kcenter_shards`, but that `trace` bounds the covering radius from above: the largest
        radius in a shard, and what is added by the second round.

    Examples
    --------
    >>> from lab import paths
    >>> part = paths.data() / "0.npy"
    >>> np.save(part, [[0.0], [1.0], [9.0], [10.0]])
    >>> sorted((kcenter_two_rounds([part], 2, workers=1).indices // 2).tolist())  # one of each end
    [0, 1]
    """
    starts = np.cumsum([0, *shards.sizes(vectors)])
    check_budget(k, int(starts[-1]))
    with shards.stage("select", "kcenter_two_rounds", {"k": k, "seed": seed}, vectors) as run:
        if not run.finished:
            core = [run.folder / f"core-{at:06}.npz" for at in range(len(vectors))]
            calls = [(path, out, k, seed) for path, out in zip(vectors, core, strict=True)]
            engines.each(_core, calls, engine=engine, workers=workers, about="shards")
            found = [loaded(path) for path in core]
            rows = np.concatenate([of["rows"] + at for of, at in zip(found, starts, strict=False)])
            few = kcenter(np.concatenate([of["X"] for of in found]), k, seed=seed)
            within = max(float(of["radius"]) for of in found)
            run.save("indices", rows[few.indices])
            run.save("trace", few.trace + within)
            for path in core:
                files.remove(path)
    return _selection(run, int(starts[-1]), k, seed)


def _selection(run: runs.Run, n: int, k: int, seed: int) -> Selection:
    params = {"k": k, "seed": seed}
    return Selection(run.array("indices"), run.array("trace"), n, run.method, params)


def _core(shard: str | Path, output: Path, k: int, seed: int) -> None:
    if output.exists():
        return
    X = shards.read(shard)
    few = kcenter(X, min(k, len(X)), seed=seed)
    _save(output, X=X[few.indices], rows=few.indices, radius=few.trace[-1])


def _pick(
    vectors: shards.Shards, starts: IntArray, k: int, seed: int, folder: Path, pool: Any
) -> int:
    """Make the picks, write them into the run, and return in how many rounds."""
    n, done, rounds = int(starts[-1]), folder / "picks.npz", 0
    rows, trace, C = _first(vectors, starts, seed)
    if done.exists():
        kept = loaded(done)
        rows, trace, C = kept["rows"].tolist(), kept["trace"].tolist(), list(kept["C"])
    share = max(FEWEST, min(int(ACTIVE * n), MOST) // len(vectors))
    while len(trace) < k:
        rounds += 1
        _save(done, rows=np.array(rows), trace=np.array(trace), C=np.array(C))
        calls = [
            (path, folder / f"state-{at:06}.npz", done, int(starts[at]), share)
            for at, path in enumerate(vectors)
        ]
        levels = engines.each(_farthest, calls, engine=pool, about="")
        go_through([loaded(call[1]) for call in calls], max(levels), rows, trace, C, k)
        if trace[-1] == 0.0 and len(trace) < k:  # all that is left lies on a center
            rest = np.setdiff1d(np.arange(min(n, 2 * k)), rows)[: k - len(rows)].tolist()
            rows, trace = rows + rest, trace + [0.0] * len(rest)
    np.save(folder / "indices.npy", np.array(rows[:k], dtype=np.intp))
    np.save(folder / "trace.npy", np.array(trace[:k]))
    for path in [done, *folder.glob("state-*")]:
        files.remove(path)
    return rounds


def _first(
    vectors: shards.Shards, starts: IntArray, seed: int
) -> tuple[list[int], list[float], list[FloatArray]]:
    row = int(np.random.default_rng(seed).integers(int(starts[-1])))
    shard = int(np.searchsorted(starts, row, side="right")) - 1
    return [row], [], [np.array(shards.read(vectors[shard])[row - starts[shard]])]


def go_through(
    found: list[Any],
    level: float,
    rows: list[int],
    trace: list[float],
    C: list[FloatArray],
    k: int,
) -> None:
    """Pick among the rows that were handed over, in place, while these are the farthest of all."""
    X = np.concatenate([of["X"] for of in found])
    here = np.concatenate([of["rows"] for of in found])
    cover = Cover(X)
    cover.nearest[:] = np.concatenate([of["away"] for of in found])
    cover.level = level
    cover.active = np.flatnonzero(cover.nearest >= level)
    while len(cover.active) and len(trace) < k:
        at = int(cover.active[np.argmax(cover.nearest[cover.active])])
        trace.append(float(np.sqrt(max(cover.nearest[at], 0.0))))
        if len(rows) == k or trace[-1] == 0.0:
            return
        rows.append(int(here[at]))
        C.append(X[at])
        cover.add(at)


def _farthest(shard: str | Path, state: Path, picks: Path, start: int, wanted: int) -> float:
    """Let a shard see all centers, as far as need be; hand over its farthest rows, return a level.

    All other rows of the shard lie nearer to a center than the level, a squared distance.
    """
    known = loaded(picks)
    cover = Cover(shards.read(shard), known["C"])
    cover.count = len(known["C"])
    cover.centers[: cover.count] = np.arange(cover.count)
    if state.exists():
        kept = loaded(state)
        cover.nearest[:], cover.seen[:] = kept["nearest"], kept["seen"]
    own = known["rows"] - start
    cover.nearest[own[(own >= 0) & (own < len(cover.X))]] = PICKED
    cover.activate(min(wanted, len(cover.X)))
    far = cover.active
    _save(
        state,
        nearest=cover.nearest,
        seen=cover.seen,
        X=cover.X[far],
        rows=far + start,
        away=cover.nearest[far],
    )
    return float(cover.level)


def _save(path: Path, **arrays: Any) -> None:
    with files.replacing(path) as part, part.open("wb") as stream:
        np.savez(stream, **arrays)


def loaded(path: Path) -> dict[str, Any]:
    """Return the arrays of a file."""
    with np.load(path, allow_pickle=False) as held:
        return dict(held)
