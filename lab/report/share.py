"""A pool as a folder that is ready for the Hub, and the way there: never without being told.

`lab push FOLDER NAME` lists what would leave and what was found in it; only `--send` sends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lab import files, load
from lab.errors import DataError, MissingPackageError
from lab.report.dataset_card import TABLES, About, card
from lab.report.leaks import leaks

SHARD_ROWS = 100_000


@dataclass(frozen=True, eq=False)
class Plan:
    """What would leave the machine, and what was found in it."""

    folder: Path
    files: pd.DataFrame  # `file`, `bytes`
    findings: pd.DataFrame  # as `leaks` gives them

    def __repr__(self) -> str:
        size = self.files["bytes"].sum() / 1e6
        return f"Plan({len(self.files)} files, {size:,.1f} MB, {len(self.findings)} findings)"


def folder(
    pool: pd.DataFrame,
    path: str | Path,
    about: About,
    *,
    tally: pd.DataFrame | None = None,
    run_ids: Iterable[str] = (),
) -> Path:
    """Write a pool as a data set: Parquet, conversations as JSON Lines, and a card.

    The Parquet files hold every column; `messages/` holds the conversations in OpenAI's form, with
    tools and thinking, as trainers read them. Nothing leaves the machine.

    Parameters
    ----------
    pool : DataFrame
        A pool with at least one row.
    path : path
        A new or empty folder.
    about, tally, run_ids
        For the card, see `card.card`.

    Raises
    ------
    DataError
        If the folder holds something, the pool is empty, or it cannot be written.
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DataError("must be a new or empty folder", file=path)
    if pool.empty:
        raise DataError("a data set needs at least one example", file=path)
    text = card(pool, about, tally=tally, run_ids=run_ids)
    count = -(-len(pool) // SHARD_ROWS)
    for number in range(count):
        part = pool.iloc[number * SHARD_ROWS : (number + 1) * SHARD_ROWS]
        name = f"train-{number:05d}-of-{count:05d}"
        load.save.parquet(part, path / TABLES / f"{name}.parquet")
        load.save.messages(part, path / "messages" / f"{name}.jsonl.gz")
    files.write_text(path / "README.md", text)
    return path


def plan(path: str | Path) -> Plan:
    """List every file of a folder that would leave, and look for keys and personal data in them.

    Raises
    ------
    DataError
        If there is no such folder, or nothing in it.
    """
    path = Path(path)
    found = sorted(file for file in path.rglob("*") if not file.is_dir()) if path.is_dir() else []
    if not found:
        raise DataError("there is no folder with files here", file=path)
    listed = [(str(file.relative_to(path)), file.lstat().st_size) for file in found]
    return Plan(path, pd.DataFrame(listed, columns=["file", "bytes"]), leaks(path))


def push(what: Plan, name: str, *, public: bool = False, despite_findings: bool = False) -> str:
    """Send the files of a plan to a data set of the Hub; return its address.

    The token is the one that the Hub's own login keeps, or that of the environment.

    Parameters
    ----------
    what : Plan
        From `plan`: these files leave and no others.
    name : str
        As `owner/name`; made if there is none.
    public : bool
        False makes a new set private.
    despite_findings : bool
        Send although keys or personal data may be in it.

    Raises
    ------
    DataError
        If there are findings, a file changed since it was looked through, or the Hub cannot be
        reached or refuses.
    MissingPackageError
        If `huggingface_hub` is not installed.
    """
    if len(what.findings) and not despite_findings:
        raise DataError(
            f"{len(what.findings)} findings of keys or personal data, the first in "
            f"{what.findings.iloc[0]['file']}; nothing was sent",
            file=what.folder,
        )
    again = plan(what.folder)
    if not again.files.equals(what.files) or not again.findings.equals(what.findings):
        raise DataError("changed since it was looked through; nothing was sent", file=what.folder)
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingPackageError("huggingface_hub", needed_by="lab push") from error
    import httpx2

    hub: Any = huggingface_hub.HfApi()
    try:
        hub.create_repo(name, repo_type="dataset", private=not public, exist_ok=True)
        hub.upload_folder(
            repo_id=name,
            folder_path=str(what.folder),
            repo_type="dataset",
            allow_patterns=what.files["file"].tolist(),
        )
    except (OSError, ValueError, RuntimeError, httpx2.HTTPError) as error:
        raise DataError(
            f"cannot be sent to the Hub ({type(error).__name__}: {error})", file=what.folder
        ) from error
    return f"https://huggingface.co/datasets/{name}"
