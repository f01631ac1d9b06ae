"""Pools larger than memory: a stage is a function, called with one shard after the other.

A shard is a file: a pool or a column of one as Parquet, vectors as `.npy`, the rows of all in one
order. Each stage is a run (`lab.runs`) that holds a file for each shard it was given: a stage that
was killed goes on with the shards it has not finished, and one that was finished is found. Memory
is that of a shard for each worker, whatever the number of rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lab import engine as engines
from lab import files, hashing, invocation, paths, records, runs
from lab.errors import DataError
from lab.load import loaded
from lab.load.rows import Row, opened
from lab.load.saved import example

VERSION = 1  # raised when a stage gives other results for the same arguments
Shards = Sequence[str | Path]


def cut(
    path: str | Path,
    *,
    rows: int = 100_000,
    engine: engines.Engine = engines.PROCESSES,
    workers: int | None = None,
) -> list[Path]:
    """Read the Parquet files of a data set in batches, and write a pool for each batch.

    Columns are those of a pool: at least `instruction` and `output`. What `load` refuses is refused
    here, and examples that stand in an earlier batch, too: rows = pools + refused, always.

    Parameters
    ----------
    path : str or Path
        A Parquet file, or a folder of them, read in the order of their names.
    rows : int
        Of a batch, at least 1.
    engine, workers
        As for `lab.engine.opened`; a task reads a file.

    Returns
    -------
    list of Path
        The pools; beside them, in the folder of the run, a `refused-` file for each file read.

    Raises
    ------
    DataError
        If there is no Parquet file, one cannot be read, or not one row fits.

    Examples
    --------
    >>> table = pd.DataFrame({"instruction": ["a", "b", "a"], "output": ["x", "y", "x"]})
    >>> path = records.write_parquet(table, paths.data() / "set" / "part-0.parquet")
    >>> [len(records.read_parquet(part)) for part in cut(path.parent, rows=2, workers=1)]
    [2]
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, got {rows}")
    place = Path(path)
    found = sorted(place.rglob("*.parquet")) if place.is_dir() else [place]
    if not found:
        raise DataError("the folder holds no Parquet files", file=place)
    opened(place)
    with stage("load", "cut", {"rows": rows}, found) as run:
        if not run.finished:
            calls = [(file, run.folder, at, rows) for at, file in enumerate(found)]
            engines.each(_cut, calls, engine=engine, workers=workers, about="files")
            _drop_repeated(run.folder)
            made = sorted(run.folder.glob("shard-*"))
            if not made:
                refused = pd.concat(map(records.read_parquet, run.folder.glob("refused-*")))
                told: list[Any] = refused.assign(keys="").to_dict("records")
                raise loaded.nothing(told, place.name)
            run.log(shards=len(made), rows=sum(sizes(made)))
    return sorted(run.folder.glob("shard-*"))


def over(
    step: str,
    make: Callable[..., Any],
    *shards: Shards,
    engine: engines.Engine = engines.PROCESSES,
    workers: int | None = None,
) -> list[Path]:
    """Call a function with each shard, or with the first, second … of several lists of them.

    What `map` is for values; every result is a file. The run is known by the function, all its
    arguments and the shards: a second time it is found, and after a kill it goes on.

    Parameters
    ----------
    step : str
        One of `runs.STEPS`.
    make : function of a module, or a `functools.partial` of one
        Takes what each shard holds, a frame or an array, and gives a frame, a Series or an array
        of as many rows, or fewer. A model is named by its path, a client of a server is handed over
        by its settings: what it bought is in the store, and found when a task is done again. The
        store is for processes of one machine; machines that buy need one each (`WINNOW_STORE`).
    shards : sequences of Path
        Of equal length, one for each argument of `make`.
    engine, workers
        As for `lab.engine.opened`; a task is a shard.

    Returns
    -------
    list of Path
        One for each shard: Parquet, or `.npy` for an array.

    Examples
    --------
    >>> from lab import score, testbed
    >>> pool = records.write_parquet(testbed.pool(5), paths.data() / "part.parquet")
    >>> (made,) = over("score", score.length, [pool], workers=1)
    >>> read(made)["length"].tolist() == score.length(testbed.pool(5)).tolist()
    True
    """
    params = invocation.describe(make, role="make")
    method = params.pop("function").rpartition(".")[2].lower()
    if not shards or len({len(given) for given in shards}) != 1 or not shards[0]:
        raise ValueError(f"needs lists of as many shards, got {[len(given) for given in shards]}")
    with stage(step, method, params, *shards) as run:
        if not run.finished:
            together = enumerate(zip(*shards, strict=True))
            calls = [(run.folder / f"shard-{at:06}", make, given) for at, given in together]
            counts = engines.each(_make, calls, engine=engine, workers=workers, about=method)
            run.log(shards=len(calls), rows=sum(counts))
    return sorted(run.folder.glob("shard-*"))


def read(path: str | Path) -> Any:
    """Return what a shard holds: the frame, or the array, which stays on disk until it is read."""
    path = Path(path)
    return np.load(path, mmap_mode="r") if path.suffix == ".npy" else records.read_parquet(path)


def sizes(shards: Shards) -> list[int]:
    """Return how many rows each shard holds."""
    return [
        len(read(path)) if Path(path).suffix == ".npy" else pq.read_metadata(path).num_rows
        for path in shards
    ]


def index(path: str | Path) -> pd.Index:
    """Return the ids of a shard; nothing else of it is read."""
    held: pd.DataFrame = pq.read_table(path, columns=[], use_pandas_metadata=True).to_pandas()
    return held.index


def take(shards: Shards, positions: Sequence[int] | NDArray[np.integer[Any]]) -> pd.DataFrame:
    """Return the rows at some positions of all shards, end to end, in the order of the positions.

    Examples
    --------
    >>> from lab import testbed
    >>> pool = testbed.pool(6)
    >>> halves = {"a": pool.iloc[:3], "b": pool.iloc[3:]}
    >>> shards = [records.write_parquet(half, paths.data() / at) for at, half in halves.items()]
    >>> take(shards, [5, 0]).index.tolist() == pool.index[[5, 0]].tolist()
    True
    """
    wanted = np.asarray(positions, dtype=np.intp).reshape(-1)
    ends = np.cumsum([0, *sizes(shards)])
    if len(wanted) and not 0 <= wanted.min() <= wanted.max() < ends[-1]:
        raise ValueError(f"positions must be below the {ends[-1]} rows there are, from 0")
    of = np.searchsorted(ends, wanted, side="right") - 1
    parts, places = [], []
    for shard in np.unique(of):
        here = np.flatnonzero(of == shard)
        parts.append(records.read_parquet(shards[shard]).iloc[wanted[here] - ends[shard]])
        places.append(here)
    if not parts:
        return records.read_parquet(shards[0]).head(0)
    found: pd.DataFrame = pd.concat(parts).iloc[np.argsort(np.concatenate(places))]
    return found


@contextmanager
def stage(step: str, method: str, params: Mapping[str, Any], *shards: Shards) -> Iterator[runs.Run]:
    """Open the run of a stage over shards; if it is finished, what it holds is only read."""
    inputs = tuple(hashing.digest([_identity(one) for one in given]) for given in shards)
    done = runs.find(step, method, params, inputs, version=VERSION)
    if done is not None:
        yield done
        return
    with runs.start(step, method, params, inputs, version=VERSION) as run:
        yield run
        for half in run.folder.glob(".*"):  # what was being written when a worker was killed
            files.remove(half)


def _identity(path: str | Path) -> str:
    """Return a name of what a shard holds: files of a run are known by the run."""
    path = Path(path).resolve()
    home = paths.runs().resolve()
    return str(path.relative_to(home)) if path.is_relative_to(home) else files.known_hash(path)


def _make(output: Path, make: Callable[..., Any], given: Sequence[str | Path]) -> int:
    for suffix in (".parquet", ".npy"):
        if (done := output.with_suffix(suffix)).exists():
            return sizes([done])[0]
    made = make(*map(read, given))
    write(output, made)
    return len(made)


def write(output: Path, made: Any) -> Path:
    """Write a frame, a Series or an array beside its place and move it there."""
    if isinstance(made, pd.Series):
        made = made.to_frame(made.name if made.name is not None else "value")
    if isinstance(made, pd.DataFrame):
        return records.write_parquet(made, output.with_suffix(".parquet"))
    with files.replacing(output.with_suffix(".npy")) as part:
        np.save(part, np.asarray(made), allow_pickle=False)
    return output.with_suffix(".npy")


def _cut(file: Path, folder: Path, number: int, rows: int) -> None:
    """Write the pools of a file, and last what was refused of it."""
    told = folder / f"refused-{number:05}.parquet"
    if told.exists():
        return
    refused: list[dict[str, Any]] = []
    numbers = count(1)
    try:
        for at, batch in enumerate(pq.ParquetFile(file).iter_batches(batch_size=rows)):
            given = [Row(next(numbers), row, "", file=file.name) for row in batch.to_pylist()]
            kept, out = loaded.told_apart(given, example, source=file.name)
            refused += out
            if kept:
                made = folder / f"shard-{number:05}-{at:06}.parquet"
                records.write_parquet(records.frame(kept), made)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"cannot be read as Parquet: {error}", file=file) from error
    records.write_parquet(pd.DataFrame(refused, columns=list(loaded.REFUSED)).astype(str), told)


def _drop_repeated(folder: Path) -> None:
    """Move examples that an earlier shard holds to what was refused."""
    made = sorted(folder.glob("shard-*"))
    ids = [pq.read_table(path, columns=["id"])["id"].to_pylist() for path in made]
    numbers = np.array([int(one, 16) for part in ids for one in part], dtype=np.uint64)
    _, first = np.unique(numbers, return_index=True)
    keep = np.zeros(len(numbers), dtype=bool)
    keep[first] = True
    start = 0
    for path, part in zip(made, ids, strict=True):
        here = keep[start : start + len(part)]
        start += len(part)
        if here.all():
            continue
        pool = records.read_parquet(path)
        number = path.stem.split("-")[1]
        again = pd.DataFrame(
            {
                "file": pool["source"][~here].tolist(),
                "row": "",
                "field": "",
                "reason": "the same four texts as a row of an earlier batch",
                "value": pool.index[~here].tolist(),
                "raw": "",
            },
        )
        records.write_parquet(again.astype(str), folder / f"refused-{number}-{path.stem}.parquet")
        if here.any():
            records.write_parquet(pool[here], path)
        else:
            files.remove(path)
