"""The store of replies: one SQLite file, one row per reply, named by all that can change it.

Replies are kept raw (text, finish reason, usage, log-probabilities), so that parsers can change for
nothing. The file is in WAL mode, several processes may use it at once, and rows are committed in
groups with a sync each: a killed process loses no committed reply, and neither does a power cut.
What is not yet committed counts as in flight. No API key ever reaches this file.
"""

import json
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lab import hashing, paths
from lab.errors import StoreError
from lab.llm import claims

APPLICATION_ID = 0x574E4C52  # "WNLR" in the file's header: a store of replies
VERSION = 1
WAIT_S = 60.0  # for another process that writes
CHUNK = 500  # keys looked up in one query
MEMORY = ":memory:"

TABLES = """
CREATE TABLE replies (
    key TEXT PRIMARY KEY, provider TEXT NOT NULL, model TEXT NOT NULL,
    request TEXT NOT NULL, reply TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
    cost_usd REAL, made REAL NOT NULL);
CREATE INDEX replies_by_model ON replies (provider, model);
CREATE TABLE failures (
    key TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, error TEXT NOT NULL,
    cost_usd REAL, made REAL NOT NULL);
CREATE TABLE batches (
    batch TEXT PRIMARY KEY, provider TEXT NOT NULL, model TEXT NOT NULL,
    keys TEXT NOT NULL, open INTEGER NOT NULL, made REAL NOT NULL);
"""


@dataclass(frozen=True)
class Reply:
    """A raw reply and what it cost when it was made."""

    key: str
    provider: str
    model: str
    request: dict[str, Any]
    reply: dict[str, Any]  # text, refusal, finish_reason, logprobs, served_by, and what else came
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None


@dataclass(frozen=True)
class Failure:
    """A try that brought no reply; its cost is what it has, or may have, been charged."""

    key: str
    provider: str
    model: str
    error: str
    cost_usd: float | None


class Store:
    """A file of replies; made if it is not there, refused if it is something else.

    Parameters
    ----------
    path : str or Path, optional
        The file; by default `replies.sqlite` in the data folder's store. `":memory:"` keeps
        nothing.

    Raises
    ------
    StoreError
        If the file cannot be opened, is damaged, or is not a store of replies.

    Examples
    --------
    >>> with Store(":memory:") as store:
    ...     len(store)
    0
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = Path(path) if path is not None else paths.store() / "replies.sqlite"
        self._lock = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        with self._errors():
            self._db = self._open()
        weakref.finalize(self, self._db.close)  # who drops a store leaves no open file
        memory = str(self.path) == MEMORY
        self.claims = claims.Claims() if memory else claims.of(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def __len__(self) -> int:
        return int(self._query("SELECT count(*) FROM replies")[0][0])

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        with self._lock:
            self._db.close()
            if self._reader is not None:
                self._reader.close()
        self.claims = claims.Claims()

    def find(self, keys: Sequence[str]) -> dict[str, Reply]:
        """Return the replies that are there for these keys; a damaged one counts as missing."""
        found = {}
        for start in range(0, len(keys), CHUNK):
            part = list(keys[start : start + CHUNK])
            marks = ",".join("?" * len(part))
            for row in self._query(f"{_SELECT} WHERE key IN ({marks})", part):
                if (reply := _reply(row)) is not None:
                    found[row[0]] = reply
        return found

    def now(self, key: str) -> Reply | None:
        """Return the reply that is there by now; waits for nobody who writes."""
        if str(self.path) == MEMORY:
            return self.find([key]).get(key)
        with self._errors():
            if self._reader is None:
                where = f"{self.path.resolve().as_uri()}?mode=ro"
                self._reader = sqlite3.connect(
                    where, uri=True, timeout=WAIT_S, isolation_level=None, check_same_thread=False
                )
                weakref.finalize(self, self._reader.close)
            row = self._reader.execute(f"{_SELECT} WHERE key = ?", [key]).fetchone()
        return None if row is None else _reply(row)

    def rows(self) -> Iterator[Reply]:
        """Go through all replies, in the order of their keys."""
        last = ""
        while part := self._query(f"{_SELECT} WHERE key > ? ORDER BY key LIMIT {CHUNK}", [last]):
            yield from filter(None, map(_reply, part))
            last = part[-1][0]

    def add(self, replies: Iterable[Reply], failures: Iterable[Failure] = ()) -> None:
        """Write replies and failures in one transaction.

        A key that is there stays as it is, unless its reply is damaged.
        """
        now = time.time()
        kept = [
            (
                *(r.key, r.provider, r.model, _dump(r.request), _dump(r.reply)),
                *(r.prompt_tokens, r.completion_tokens, r.cost_usd, now),
            )
            for r in replies
        ]
        failed = [(f.key, f.provider, f.model, f.error, f.cost_usd, now) for f in failures]
        with self._writing() as db:
            db.executemany(_INSERT, kept)
            db.executemany("INSERT INTO failures VALUES (?,?,?,?,?,?)", failed)

    def forget(self, *, model: str | None = None, provider: str | None = None) -> int:
        """Delete the replies of a model, a provider, or both; return how many there were.

        Raises
        ------
        ValueError
            If neither is named.
        """
        if model is None and provider is None:
            raise ValueError("forget needs a model or a provider; got neither")
        where, values = _where(model=model, provider=provider)
        with self._writing() as db:
            return int(db.execute(f"DELETE FROM replies WHERE {where}", values).rowcount)  # noqa: S608

    def export(self, path: str | Path) -> int:
        """Write all replies to a new file that can be carried elsewhere; return their number.

        Raises
        ------
        StoreError
            If the file exists, or cannot be written.
        """
        path = Path(path)
        if path.exists():
            raise StoreError(f"{path} exists already; name a new file to export to")
        with Store(path) as copy:
            number = copy.import_(self)
        _leave_wal(path)
        return number

    def import_(self, source: "str | Path | Store") -> int:
        """Add the replies of another store; return how many were new.

        Raises
        ------
        StoreError
            If the other file is missing or is not a store of replies.
        """
        if not isinstance(source, Store):
            if not Path(source).is_file():
                raise StoreError(f"{source} is not there")
            with Store(source) as other:
                return self.import_(other)
        before, part = len(self), []
        for reply in source.rows():
            part.append(reply)
            if len(part) == CHUNK:
                self.add(part)
                part = []
        self.add(part)
        return len(self) - before

    def summary(self) -> list[dict[str, Any]]:
        """Return one row per provider and model: replies, tokens, failed tries, US dollars."""
        names = ("provider", "model", "replies", "prompt_tokens", "completion_tokens", "cost_usd")
        rows = self._query(
            "SELECT provider, model, count(*), sum(prompt_tokens), sum(completion_tokens),"
            " total(cost_usd) FROM replies GROUP BY provider, model ORDER BY provider, model"
        )
        table = {(row[0], row[1]): dict(zip(names, row, strict=True)) for row in rows}
        for provider, model, number, usd in self._query(
            "SELECT provider, model, count(*), total(cost_usd) FROM failures"
            " GROUP BY provider, model ORDER BY provider, model"
        ):
            empty = dict(zip(names, (provider, model, 0, 0, 0, 0.0), strict=True))
            row = table.setdefault((provider, model), empty)
            row |= {"failed_tries": number, "failed_usd": usd}
        return [{"failed_tries": 0, "failed_usd": 0.0} | row for row in table.values()]

    def add_batch(self, batch: str, provider: str, model: str, keys: Sequence[str]) -> None:
        """Remember a batch that was handed in, so that a restart finds it again."""
        with self._writing() as db:
            row = (batch, provider, model, _dump(list(keys)), 1, time.time())
            db.execute("INSERT OR REPLACE INTO batches VALUES (?,?,?,?,?,?)", row)

    def open_batches(self, provider: str) -> dict[str, list[str]]:
        """Return the keys of each batch that is still open, by batch id."""
        rows = self._query(
            "SELECT batch, keys FROM batches WHERE open AND provider = ?", [provider]
        )
        return {batch: json.loads(keys) for batch, keys in rows}

    def close_batch(self, batch: str) -> None:
        """Mark a batch as fetched."""
        with self._writing() as db:
            db.execute("UPDATE batches SET open = 0 WHERE batch = ?", [batch])

    def _open(self) -> sqlite3.Connection:
        memory = str(self.path) == MEMORY
        if not memory:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{self.path}: cannot make its folder ({error})") from error
        db = sqlite3.connect(
            str(self.path), timeout=WAIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(db, memory=memory)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection, *, memory: bool) -> None:
        db.execute("PRAGMA busy_timeout = 60000")
        empty = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        mark = db.execute("PRAGMA application_id").fetchone()[0]
        if not empty and mark != APPLICATION_ID:
            raise StoreError(f"{self.path} is a database, but no store of replies; left as it is")
        if not memory:
            _enter_wal(db)
        db.execute("PRAGMA synchronous = FULL")
        if empty:
            with _transaction(db):
                if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                    for statement in TABLES.split(";"):
                        db.execute(statement)
                    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    db.execute(f"PRAGMA user_version = {VERSION}")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            raise StoreError(f"{self.path} has version {version}; this package reads {VERSION}")

    def _query(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._errors(), self._lock:
            return self._db.execute(statement, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._errors(), self._lock, _transaction(self._db):
            yield self._db

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say which file is broken, and that nothing in it was touched."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"{self.path}: {error}; what is stored there was left as it is"
            ) from error


_SELECT = (
    "SELECT key, provider, model, request, reply, prompt_tokens, completion_tokens, cost_usd"
    " FROM replies"
)
_INSERT = """
INSERT INTO replies VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (key) DO UPDATE SET
    request = excluded.request, reply = excluded.reply, prompt_tokens = excluded.prompt_tokens,
    completion_tokens = excluded.completion_tokens, cost_usd = excluded.cost_usd,
    made = excluded.made
WHERE CASE WHEN json_valid(replies.reply) AND json_valid(replies.request)
    THEN json_type(replies.reply) <> 'object' OR json_type(replies.request) <> 'object'
    ELSE TRUE END
"""


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _enter_wal(db: sqlite3.Connection) -> None:
    """Switch a file to WAL; while two processes do so at once, SQLite refuses without waiting."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _leave_wal(path: Path) -> None:
    """Make a closed store one plain file without companions."""
    db = sqlite3.connect(str(path), isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = DELETE")
    finally:
        db.close()


def _where(**values: str | None) -> tuple[str, list[str]]:
    given = {name: value for name, value in values.items() if value is not None}
    return " AND ".join(f"{name} = ?" for name in given), list(given.values())


def _reply(row: tuple[Any, ...]) -> Reply | None:
    """Return a row as a reply; None if it is damaged."""
    key, provider, model, request, reply, *rest = row
    try:
        asked, found = json.loads(request), json.loads(reply)
    except ValueError:
        return None
    good = isinstance(asked, dict) and isinstance(found, dict)
    return Reply(key, provider, model, asked, found, *rest) if good else None


def _dump(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if hashing.encodable(text):
        return text
    return json.dumps(value, separators=(",", ":"))  # half of a pair stays the escape it came as
