"""Which calls are under way, so that all who share a store buy nothing twice.

Whoever makes a call locks a byte of a file beside the store. The lock is the system's: it is gone
with its call, and with its process, however that ends. Jobs of one process share a file handle, and
know of each other from memory.
"""

import errno
import os
import sys
import threading
import weakref
from pathlib import Path

DIGITS = 15  # of a key, in hexadecimal: places in the file, which stays empty, go up to 2^63
ELSEWHERE = "elsewhere"
LOOK_S = 0.05  # between two looks at a call that is under way elsewhere

_guard = threading.Lock()
_known: "weakref.WeakValueDictionary[tuple[Path, int], Claims]" = weakref.WeakValueDictionary()


class Claims:
    """The calls under way of this process.

    Parameters
    ----------
    path : Path, optional
        The file that all processes lock; None tells the jobs of this process apart, no more. So
        does a file system that has no locks, and so does Windows.

    Examples
    --------
    >>> claims = Claims()
    >>> claims.take("0" * 64), claims.take("0" * 64)
    (True, False)
    """

    def __init__(self, path: Path | None = None) -> None:
        self._mine: set[int] = set()
        self._guard = threading.Lock()
        self._path = None if sys.platform == "win32" else path
        self._file: int | None = None  # made by the first claim

    def take(self, key: str) -> bool:
        """Claim a call; False if it is under way already."""
        place = int(key[:DIGITS], 16)
        with self._guard:
            if place in self._mine or not self._lock(place):
                return False
            self._mine.add(place)
            return True

    def leave(self, key: str) -> None:
        """Give a call that was claimed back: what it brought is in the store by now."""
        place = int(key[:DIGITS], 16)
        with self._guard:
            self._mine.discard(place)
            if self._file is not None and sys.platform != "win32":
                import fcntl

                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def _lock(self, place: int) -> bool:
        if self._path is None or sys.platform == "win32":
            return True
        import fcntl  # not there on Windows

        if self._file is None:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError:  # no file, no locks to be had
                self._path = None
                return True
            weakref.finalize(self, os.close, self._file)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError as error:
            return error.errno not in (errno.EAGAIN, errno.EACCES)  # others: no locks to be had
        return True


def of(store: Path) -> Claims:
    """Return this process's claims on the calls of a store: to close a second handle unlocks all.

    They are closed when the last store that has them is.
    """
    path = store.with_name(f"{store.name}-claims").resolve()
    with _guard:
        found = _known.get((path, os.getpid()))  # a fork holds none of the locks
        if found is None:
            found = _known[path, os.getpid()] = Claims(path)
        return found
