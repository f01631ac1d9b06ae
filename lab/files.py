"""Files written atomically, appended to line by line, and identified by a hash.

A result is written beside its place and moved there, so that nobody ever reads half of one. A cache
that grows is a file of lines: a line that was being written when a run was killed is dropped.
"""

import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lab import hashing, paths

REMEMBERED_BYTES = 2**20  # a smaller file is hashed faster than it is looked up


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a path to write a file or folder to; it takes the place of `path` when all went well.

    After an error what was written is removed, and what was at `path` is as it was. Missing folders
    above it are made.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with replacing(path) as part:
    ...     _ = part.write_text("whole")
    >>> path.read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # keeps the suffix, which writers look at; processes of two machines may share a number
    part = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        yield part
    except BaseException:
        remove(part)
        raise
    if part.is_dir():
        remove(path)  # a folder does not replace another one in one step
    part.replace(path)


@contextmanager
def locked(folder: str | Path) -> Iterator[None]:
    """Hold a folder until the block ends or the process does; wait for who holds it.

    Where there are no such locks, as on Windows, nothing is held.

    Examples
    --------
    >>> import tempfile
    >>> with locked(tempfile.mkdtemp()):
    ...     pass
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl  # not there on Windows

    place = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)  # and with it the lock


def write_text(path: str | Path, text: str) -> Path:
    """Write a text as UTF-8, whole or not at all, and return its path.

    Examples
    --------
    >>> import tempfile
    >>> write_text(Path(tempfile.mkdtemp()) / "a.txt", "whole").read_text()
    'whole'
    """
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return Path(path)


def append(path: str | Path, lines: Iterable[str]) -> None:
    """Add lines to a file in one write; `read_lines` reads them.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.jsonl"
    >>> append(path, ["1", "2"])
    >>> read_lines(path)
    ['1', '2']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write("".join(f"{line}\n" for line in lines))


def read_lines(path: str | Path) -> list[str]:
    r"""Return the whole lines of a file, none if it is missing.

    A last line without an end was being written when a run was killed: it is cut off the file, so
    that the next `append` starts a line of its own.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.jsonl"
    >>> _ = path.write_text("1\n2\n3")
    >>> read_lines(path), path.read_text()
    (['1', '2'], '1\n2\n')
    """
    path = Path(path)
    if not path.exists():
        return []
    *lines, half = path.read_text(encoding="utf-8").split("\n")
    if half:
        write_text(path, "".join(f"{line}\n" for line in lines))
    return lines


def remove(path: str | Path) -> None:
    """Remove a file or a folder with all that is in it; nothing happens if there is none.

    Examples
    --------
    >>> remove("no-such-file")
    """
    path = Path(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def known_hash(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes; a large one of the same size and time is read once.

    The hashes of files of a megabyte and more are kept in the store folder, where there is one to
    write to, so that a new session does not read the weights of a large model again.

    Examples
    --------
    >>> import tempfile
    >>> path = write_text(Path(tempfile.mkdtemp()) / "a.txt", "abc")
    >>> known_hash(path)[:8]
    'ba7816bf'
    """
    path = Path(path).resolve()
    found = path.stat()
    if found.st_size < REMEMBERED_BYTES:
        return hashing.file(path)
    mark = json.dumps([str(path), found.st_size, found.st_mtime_ns])
    cache = paths.store() / "hashes.txt"
    for line in _readable_lines(cache):
        known, _, value = line.rpartition(" ")
        if known == mark:
            return value
    value = hashing.file(path)
    with suppress(OSError):
        append(cache, [f"{mark} {value}"])
    return value


def peak_memory_mb() -> int:
    """Return the most memory that this process has held so far, in MiB; 0 if it is not known.

    Examples
    --------
    >>> peak_memory_mb() > 1
    True
    """
    if sys.platform == "win32":
        return _windows_peak_bytes() // 2**20
    import resource  # not there on Windows

    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kilobytes elsewhere
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def _readable_lines(path: Path) -> list[str]:
    try:
        return read_lines(path)
    except (OSError, UnicodeDecodeError):
        return []


def _windows_peak_bytes() -> int:
    """Ask the kernel; the fields are those of PROCESS_MEMORY_COUNTERS."""
    import ctypes

    class Counters(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_uint32),
            ("page_faults", ctypes.c_uint32),
            ("peak_working_set", ctypes.c_size_t),
            ("rest", ctypes.c_size_t * 8),
        )

    counters = Counters()
    counters.size = ctypes.sizeof(counters)
    kernel: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(kernel.GetCurrentProcess())
    told = kernel.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.size)
    return int(counters.peak_working_set) if told else 0
