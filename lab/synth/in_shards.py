"""A method over a pool in shards: each shard is a run of its own, on whatever engine.

Source: none; what `shards.over` is for scores and vectors, here with rejects beside what was kept.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from lab import engine as engines
from lab import invocation, records, shards
from lab.synth.terms import STEP, Synthesised


def synthesise_shards(
    make: Callable[[pd.DataFrame], Synthesised],
    pools: shards.Shards,
    *,
    engine: engines.Engine = engines.PROCESSES,
    workers: int | None = None,
) -> list[Path]:
    """Run a method on each shard of a pool, and return the shards of what was kept.

    `keep` and the caps of `Terms` are those of one shard. What two shards make alike is found by
    `filters.no_near_duplicates_shards`.

    Parameters
    ----------
    make : `functools.partial` of a method that takes a pool
        A client of a server is handed over by its settings and a local one by its folder; all
        workers of a machine share one store, and none asks what another has under way.
    pools : sequence of Path
        Such as `shards.cut` gives.
    engine, workers
        As for `lab.engine.opened`; a task is a shard.

    Returns
    -------
    list of Path
        Pools, fewer than `pools` where a shard gave none; beside them, in the folder of the run,
        a `rejects-` file for each shard.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import paths, synth, testbed
    >>> part = records.write_parquet(testbed.pool(8), paths.data() / "part.parquet")
    >>> made = partial(synth.corrupt, client=testbed.client(), keep=3)
    >>> (kept,) = synthesise_shards(made, [part], workers=1)
    >>> len(shards.read(kept))
    3
    """
    params = invocation.describe(make, role="make")
    method = params.pop("function").rpartition(".")[2]
    with shards.stage(STEP, method, params, pools) as run:
        if not run.finished:
            calls = [(run.folder, number, make, pool) for number, pool in enumerate(pools)]
            kept = engines.each(_one, calls, engine=engine, workers=workers, about=method)
            run.log(shards=len(calls), rows=sum(kept))
    return sorted(run.folder.glob("shard-*"))


def _one(
    folder: Path, number: int, make: Callable[[pd.DataFrame], Synthesised], pool: str | Path
) -> int:
    """Make what one shard gives: the rejects are written last, and say that it is done."""
    kept, told = folder / f"shard-{number:06}.parquet", folder / f"rejects-{number:06}.parquet"
    if not told.exists():
        made = make(shards.read(pool))
        if len(made.examples):
            records.write_parquet(made.examples, kept)
        records.write_parquet(made.rejects.assign(stopped_because=made.stopped_because), told)
    return shards.sizes([kept])[0] if kept.exists() else 0
