"""The bytes of a file, unpacked from gzip or zstd, in bounded memory.

A small packed file can hold terabytes of nothing: what unpacks to far more than its own size is
refused before it fills the memory.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from lab.errors import DataError

GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
PACKED = (".gz", ".zst")
ARCHIVES = {b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7z", b"\xfd7zX": "xz", b"BZh9": "bzip2"}
BOMB_BYTES = 256 * 2**20  # a smaller file is never taken for a bomb
BOMB_RATIO = 200  # real texts shrink to a tenth, the same row over and over to a hundredth
DOCUMENT_BYTES = 2**30  # the most that is read as one JSON document
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CHUNK = 2**20


def kind(path: Path) -> str:
    """Return the ending that tells the kind of a file: `.csv` for `rows.csv.gz`."""
    return Path(path.stem).suffix.lower() if path.suffix in PACKED else path.suffix.lower()


def head(path: Path) -> bytes:
    """Return the first four bytes of a file as it lies on the disk.

    Raises
    ------
    DataError
        If there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(4)
    except FileNotFoundError as error:
        raise DataError("there is no such file", file=path) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error}", file=path) from error


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacked where it starts as gzip or zstd does.

    Raises
    ------
    DataError
        If the file cannot be read, is UTF-16 or another kind of archive, or unpacks to more than
        256 MiB and more than 200 times its size on the disk.
    """
    start = head(path)
    if start in ARCHIVES:
        raise DataError(
            f"is a {ARCHIVES[start]} archive; unpack it and read what it holds", file=path
        )
    try:
        with path.open("rb") as plain:
            stream: BinaryIO = plain
            if start.startswith(GZIP):
                stream = cast("BinaryIO", gzip.GzipFile(fileobj=plain))
            elif start == ZSTD:
                reader = zstandard.ZstdDecompressor(max_window_size=2**27)
                stream = reader.stream_reader(plain, read_across_frames=True)
            if stream is not plain:
                limit = max(BOMB_BYTES, BOMB_RATIO * path.stat().st_size)
                stream = cast("BinaryIO", _Bounded(stream, limit, path))
            buffered = io.BufferedReader(cast("io.RawIOBase", stream), _CHUNK)
            first = buffered.peek(4)[:4]
            if first.startswith(_UTF16):
                raise DataError("is UTF-16; save it as UTF-8", file=path)
            if first.startswith(_BOM):
                buffered.read(len(_BOM))
            yield cast("BinaryIO", buffered)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise DataError(f"cannot be read: {error}", file=path) from error


def whole(stream: BinaryIO, path: Path) -> bytes:
    """Read the rest of `stream`, at most 1 GiB.

    Raises
    ------
    DataError
        If there is more: a larger set is read line by line.
    """
    pieces, size = [], 0
    while piece := stream.read(_CHUNK):  # asked for all at once, it would take 1 GiB beforehand
        size += len(piece)
        if size > DOCUMENT_BYTES:
            raise DataError(
                f"is one JSON document of more than {DOCUMENT_BYTES:,} bytes; save it as JSON "
                "Lines, which is read row by row",
                file=path,
            )
        pieces.append(piece)
    return b"".join(pieces)


class _Bounded(io.RawIOBase):
    """A stream that ends in an error once it gave more than `limit` bytes."""

    def __init__(self, stream: BinaryIO, limit: int, path: Path) -> None:
        super().__init__()
        self._stream, self._left, self._limit, self._path = stream, limit, limit, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        data = self._stream.read(min(len(buffer), _CHUNK))
        self._left -= len(data)
        if self._left < 0:
            raise DataError(
                f"unpacks to more than {self._limit:,} bytes, over {BOMB_RATIO} times its size on "
                "the disk; if that is right, unpack it and read the plain file",
                file=self._path,
            )
        buffer[: len(data)] = data
        return len(data)
