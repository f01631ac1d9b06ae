"""Vectors kept on disk, one database per encoder, keyed by text: made once, found ever after."""

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab import paths
from lab.errors import DataError, StoreError

ASK = 500  # keys in one query; SQLite takes at most 999 in its oldest builds


@dataclass(frozen=True, eq=False)
class Embedding:
    """Vectors, and how they came about; taken for an array of its vectors by numpy.

    Examples
    --------
    >>> Embedding(pd.DataFrame([[1.0, 0.0]], index=["x"]), made=1, found=0, truncated=0)
    Embedding(1 rows of 2 numbers: 1 distinct texts made, 0 found in the store, 0 truncated)
    """

    vectors: pd.DataFrame  # (n, d) unit rows, on the index of the texts
    made: int  # distinct texts whose vector was made in this call
    found: int  # distinct texts whose vector was in the store
    truncated: int  # of those made, the texts that were cut at the encoder's limit

    def __repr__(self) -> str:
        rows, columns = self.vectors.shape
        count = f"{self.made:,} distinct texts made, {self.found:,} found in the store"
        shape = f"{rows:,} rows of {columns} numbers"
        return f"Embedding({shape}: {count}, {self.truncated:,} truncated)"

    def __len__(self) -> int:
        return len(self.vectors)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001
        return np.array(self.vectors, dtype=dtype, copy=copy)


def check_texts(texts: "pd.Series[str]") -> None:
    """Raise a DataError that names the first blank text, if there is one."""
    blank = texts.str.strip() == ""
    if blank.any():
        raise DataError(
            f"{int(blank.sum())} texts are blank", row=str(texts.index[blank][0]), field="text"
        )


class Store:
    """The vectors of one encoder, in `embed/<name>.sqlite` of the store folder."""

    def __init__(self, name: str) -> None:
        self.path = paths.store() / "embed" / f"{name}.sqlite"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(self.path, timeout=60)
        try:
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=NORMAL")
            self.connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
            )
        except sqlite3.DatabaseError as error:
            self.connection.close()
            raise StoreError(f"{self.path} is not a store of vectors: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Return the texts that have no vector yet, in their order."""
        found: set[bytes] = set()
        keys = [_key(text) for text in texts]
        for start in range(0, len(keys), ASK):
            part = keys[start : start + ASK]
            marks = ",".join("?" * len(part))
            query = f"SELECT key FROM vectors WHERE key IN ({marks})"  # noqa: S608 - only ? marks
            found.update(row[0] for row in self.connection.execute(query, part))
        return [text for text, key in zip(texts, keys, strict=True) if key not in found]

    def add(self, texts: Sequence[str], made: NDArray[np.float32]) -> None:
        """Keep the vectors (n, d) of `texts`, in one transaction."""
        rows = [
            (_key(text), np.ascontiguousarray(vector, dtype="<f4").tobytes())
            for text, vector in zip(texts, made, strict=True)
        ]
        with self.connection:
            self.connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)

    def embedding(self, texts: "pd.Series[str]", *, made: int, truncated: int) -> Embedding:
        """Return the vectors of `texts`, which must all be there, each distinct one read once."""
        distinct = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        rows = self.read(list(distinct))[[distinct[text] for text in texts]]
        vectors = pd.DataFrame(rows, index=texts.index)
        return Embedding(vectors, made=made, found=len(distinct) - made, truncated=truncated)

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors (n, d) of `texts`, which must all be there."""
        rows = []
        for text in texts:
            query = "SELECT vector FROM vectors WHERE key = ?"
            row = self.connection.execute(query, (_key(text),)).fetchone()
            if row is None:
                raise StoreError(f"{self.path} has no vector for {text[:60]!r}")
            rows.append(np.frombuffer(row[0], dtype="<f4"))
        return np.array(rows, dtype=np.float32)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
