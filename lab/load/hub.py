"""Data sets of the Hugging Face Hub and of the `datasets` library as pools, and pools as theirs.

The rows pass through `load.auto`, so every form of row that a file may have is known here, too.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import pandas as pd

from lab import frames, origins, records
from lab.errors import DataError, MissingPackageError
from lab.load.auto import auto
from lab.load.loaded import REFUSED, Loaded

_POOL = "A pool; as JSON: "  # begins the description of a data set that `to_dataset` made


def dataset(
    rows: Iterable[Mapping[str, Any]],
    *,
    name: str = "dataset",
    columns: Mapping[str, str] | None = None,
) -> Loaded:
    """Read the rows of a `datasets.Dataset`, or of anything that gives mappings one by one.

    What `to_dataset` made comes back as the pool that it was.

    Parameters
    ----------
    rows : iterable of mappings
        A streaming set is read to its end; `parts` gives it in pools of a bounded size.
    name : str
        The source of the examples.
    columns : mapping, optional
        As for `load.auto`.

    Raises
    ------
    DataError
        If the rows are in no known format, or one of them cannot be written as JSON.

    Examples
    --------
    >>> dataset([{"question": "2 + 2?", "answer": "4"}]).pool["output"].tolist()
    ['4']
    """
    told = str(getattr(getattr(rows, "info", None), "description", ""))
    if told.startswith(_POOL):
        return _pool(rows, json.loads(told.removeprefix(_POOL)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{Path(name).name}.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for number, row in enumerate(rows, start=1):
                try:
                    stream.write(json.dumps(dict(row), ensure_ascii=False, default=_plain) + "\n")
                except (TypeError, ValueError) as error:
                    reason = f"cannot be written as JSON: {error}"
                    raise DataError(reason, file=name, row=number) from error
        loaded = auto(path, columns=columns)
    loaded.pool["source"] = loaded.pool["source"].replace(path.name, name)
    return loaded


def parts(
    rows: Iterable[Mapping[str, Any]],
    *,
    most: int = 10_000,
    name: str = "dataset",
    columns: Mapping[str, str] | None = None,
) -> Iterator[Loaded]:
    """Yield rows as pools of at most `most` rows each, for sets larger than the memory.

    A row that stands in two parts is in both pools: equal ids are refused within a part only.

    Examples
    --------
    >>> rows = ({"question": f"{n} + 1?", "answer": str(n + 1)} for n in range(5))
    >>> [len(part.pool) for part in parts(rows, most=2)]
    [2, 2, 1]
    """
    if most < 1:
        raise ValueError(f"most must be at least 1, got {most}")
    left = iter(rows)
    while part := list(islice(left, most)):
        yield dataset(part, name=name, columns=columns)


def to_dataset(pool: pd.DataFrame) -> Any:
    """Return a pool as a `datasets.Dataset`, with a column `id`; `dataset` reads it back whole.

    Columns that hold objects of their own keys (tools, calls, steps with calls) are JSON text in
    it; its description names them.

    Raises
    ------
    MissingPackageError
        If the package `datasets` is not installed.
    DataError
        If a column mixes kinds that Arrow cannot hold together.

    Examples
    --------
    >>> from lab import records  # needs the package datasets
    >>> pool = records.frame([{"instruction": "Add 1 and 2.", "output": "3"}])
    >>> to_dataset(pool)["output"]  # doctest: +SKIP
    ['3']
    """
    try:
        import datasets
    except ImportError as error:
        raise MissingPackageError("datasets", needed_by="load.to_dataset") from error
    arrow, loose = frames.as_arrow(pool)
    made = datasets.Dataset(datasets.table.InMemoryTable(arrow.replace_schema_metadata(None)))
    made.info.description = _POOL + json.dumps(loose)
    return made


def _pool(rows: Iterable[Mapping[str, Any]], loose: list[str]) -> Loaded:
    """Return the pool that `to_dataset` wrote; changed texts have ids of their own."""
    held = [
        {
            name: json.loads(value) if name in loose and value is not None else value
            for name, value in row.items()
        }
        for row in rows
    ]
    pool = records.frame(held)
    return Loaded(
        pool, pd.DataFrame(columns=list(REFUSED)), len(pool), recognised="a pool as it was"
    )


def _plain(value: Any) -> str:
    if isinstance(value, date):  # datetimes, too
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")


def hub(
    name: str,
    *,
    revision: str | None = None,
    split: str = "train",
    columns: Mapping[str, str] | None = None,
) -> Loaded:
    """Read a data set of the Hub; `recognised` names its commit and its licence.

    Parameters
    ----------
    name : str
        As `tatsu-lab/alpaca`.
    revision : str, optional
        A commit or tag; the newest by default, which is then named.
    split, columns : see `datasets.load_dataset` and `load.auto`.

    Raises
    ------
    MissingPackageError
        If the package `datasets` is not installed.
    DataError
        If the set cannot be had: there is none of this name, or no network.

    Examples
    --------
    >>> hub("tatsu-lab/alpaca", revision="main").recognised  # doctest: +SKIP
    'tatsu-lab/alpaca at dce01c9b08f87459cf36a430d809084718273017, licence cc-by-nc-4.0'
    """
    rows, told = _opened(name, revision, split, streaming=False)
    loaded = dataset(rows, name=name, columns=columns)
    return replace(loaded, recognised=f"{loaded.recognised}; {told}")


def hub_parts(
    name: str,
    *,
    revision: str | None = None,
    split: str = "train",
    most: int = 10_000,
    columns: Mapping[str, str] | None = None,
) -> Iterator[Loaded]:
    """Yield a data set of the Hub as `parts` does, while it comes over the network.

    Nothing but one part is in memory or on the disk. Parameters and errors as for `hub`.

    Examples
    --------
    >>> for part in hub_parts("tatsu-lab/alpaca"):  # doctest: +SKIP
    ...     print(len(part.pool))
    ...     break
    10000
    """
    rows, told = _opened(name, revision, split, streaming=True)
    for loaded in parts(rows, most=most, name=name, columns=columns):
        yield replace(loaded, recognised=f"{loaded.recognised}; {told}")


def _opened(
    name: str, revision: str | None, split: str, *, streaming: bool
) -> tuple[Iterable[Mapping[str, Any]], str]:
    """Return the rows of a set, and its commit and licence in words."""
    try:
        import datasets
        from huggingface_hub import HfApi
    except ImportError as error:
        raise MissingPackageError("datasets", needed_by="load.hub") from error
    try:
        about = HfApi().dataset_info(name, revision=revision)
        found = datasets.load_dataset(name, revision=about.sha, split=split, streaming=streaming)
    except (OSError, ValueError, RuntimeError, httpx2.HTTPError) as error:
        # no network, no such set or split
        raise DataError(
            f"cannot be had from the Hub ({type(error).__name__}: {error}); without a network, "
            "download it elsewhere and read the files with load.auto",
            file=name,
        ) from error
    origins.note("data", name)
    licence = getattr(about.card_data, "license", None) or "not stated"
    return found, f"commit {about.sha}; licence {licence}"
