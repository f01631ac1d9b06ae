"""One number per text and model, computed once ever: an append-only file per model.

A killed run goes on where it stopped, an edited row costs one row, and scores that read the same
text share the work. The file can be deleted at any time; it is made again.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from lab import paths

RECORD = np.dtype([("key", "V16"), ("value", "<f8")])
ROWS_PER_WRITE = 512

Item = TypeVar("Item")
Runner = Callable[[Sequence[Item]], Iterable[tuple[Sequence[int], Sequence[float]]]]


def key(*parts: str | Sequence[int]) -> bytes:
    """Return 16 bytes that name texts or token ids."""
    whole = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else np.asarray(part, np.int64).tobytes()
        whole.update(len(data).to_bytes(8, "little") + data)
    return whole.digest()


def computed(name: str, work: Mapping[bytes, Item], run: Runner[Item]) -> dict[bytes, float]:
    """Return a number for each key of `work`, running only what the file `name` does not know.

    Parameters
    ----------
    name : str
        Names what is computed and with which weights.
    work : mapping of bytes to item
        Items by their key, in the order in which they should run.
    run : function
        Takes items and yields batch by batch their positions and their numbers.
    """
    from tqdm.auto import tqdm

    path = paths.store() / "scores" / f"{name}.bin"
    known = read(path)
    todo = [each for each in work if each not in known]
    items = [work[each] for each in todo]
    waiting: list[tuple[bytes, float]] = []
    with tqdm(total=len(todo), desc=name.partition("-")[0], delay=2, leave=False) as bar:
        try:
            for rows, values in run(items) if items else ():
                found = [(todo[row], value) for row, value in zip(rows, values, strict=True)]
                known.update(found)
                waiting += found
                if len(waiting) >= ROWS_PER_WRITE:
                    append(path, waiting)
                    waiting = []
                bar.update(len(rows))
        finally:
            append(path, waiting)
    return {each: known[each] for each in work}


def read(path: Path) -> dict[bytes, float]:
    """Read what is known; a record that was being written when a run died is passed over."""
    if not path.exists():
        return {}
    whole = path.stat().st_size // RECORD.itemsize
    records: Any = np.fromfile(path, dtype=RECORD, count=whole)
    names = records["key"].tobytes()
    keys = [names[start : start + 16] for start in range(0, len(names), 16)]
    return dict(zip(keys, records["value"].tolist(), strict=True))


def append(path: Path, found: Sequence[tuple[bytes, float]]) -> None:
    """Write records behind the last whole one."""
    if not found:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        stream.truncate(stream.tell() // RECORD.itemsize * RECORD.itemsize)
        stream.write(np.array(found, dtype=RECORD).tobytes())
