"""Data sets of the Hugging Face Hub and of the `datasets` library as pools.

The rows pass through `load.auto`, so every form of row that a file may have is known here, too.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab import origins
from lab.errors import DataError, MissingPackageError
from lab.load.auto import auto
from lab.load.loaded import Loaded


def dataset(
    rows: Iterable[Mapping[str, Any]],
    *,
    name: str = "dataset",
    columns: Mapping[str, str] | None = None,
) -> Loaded:
    """Read the rows of a `datasets.Dataset`, or of anything that gives mappings one by one.

    Parameters
    ----------
    rows : iterable of mappings
        A streaming set is read to its end; `itertools.islice` takes a part of it.
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
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{Path(name).name}.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for number, row in enumerate(rows, start=1):
                try:
                    stream.write(json.dumps(dict(row), ensure_ascii=False) + "\n")
                except (TypeError, ValueError) as error:
                    reason = f"cannot be written as JSON: {error}"
                    raise DataError(reason, file=name, row=number) from error
        loaded = auto(path, columns=columns)
    loaded.pool["source"] = loaded.pool["source"].replace(path.name, name)
    return loaded


def hub(
    name: str,
    *,
    revision: str | None = None,
    split: str = "train",
    columns: Mapping[str, str] | None = None,
) -> Loaded:
    """Read a data set of the Hub; `told` names its commit and its licence.

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
    """
    try:
        import datasets
        from huggingface_hub import HfApi
    except ImportError as error:
        raise MissingPackageError("datasets", needed_by="load.hub") from error
    try:
        about = HfApi().dataset_info(name, revision=revision)
        found = datasets.load_dataset(name, revision=about.sha, split=split)
    except (OSError, ValueError, RuntimeError) as error:  # no network, no such set or split
        raise DataError(
            f"cannot be had from the Hub ({type(error).__name__}: {error}); without a network, "
            "download it elsewhere and read the files with load.auto",
            file=name,
        ) from error
    origins.note("data", name)
    loaded = dataset(found, name=name, columns=columns)
    licence = getattr(about.card_data, "license", None) or "not stated"
    return replace(loaded, told=f"{loaded.told}; commit {about.sha}; licence {licence}")
