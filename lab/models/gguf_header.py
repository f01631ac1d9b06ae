"""The head of a GGUF file, walked through before a reader trusts its numbers.

A header says how many keys, elements and bytes follow. A reader that believes it can be kept busy
for ever, or be made to ask for more memory than there is, by a file of a hundred bytes; so each
count is held against what is left of the file first.

Source: the GGUF format of ggml, versions 2 and 3.
"""

import struct
from pathlib import Path
from typing import BinaryIO

from lab.errors import ModelError

VERSIONS = (2, 3)
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes of a scalar
STRING, ARRAY = 8, 9
LEAST_KEY = 8 + 4 + 1  # bytes of a key without a name: its length, type, value
LEAST_TENSOR = 8 + 4 + 4 + 8  # the same of a tensor: length of its name, dimensions, type, place


def check_header(file: Path) -> None:
    """Raise ModelError unless every count in the header fits into the file.

    Parameters
    ----------
    file : Path
        A file that begins as GGUF files do.

    Examples
    --------
    >>> import tempfile
    >>> bad = Path(tempfile.mkdtemp()) / "bad.gguf"
    >>> _ = bad.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60))
    >>> check_header(bad)
    Traceback (most recent call last):
    lab.errors.ModelError: bad.gguf is cut off or broken: it announces 1152921504606846976 keys
    """
    with file.open("rb") as stream:
        head = _Head(stream, file)
        version = head.number("<I", skip=4)
        if version not in VERSIONS:
            raise ModelError(f"{file.name} is of GGUF version {version}; 2 and 3 can be read")
        tensors, keys = head.number("<Q"), head.number("<Q")
        head.need(keys * LEAST_KEY + tensors * LEAST_TENSOR, f"{keys} keys")
        for _ in range(keys):
            head.skip(head.number("<Q"), "a name")
            head.value(head.number("<I"))


class _Head:
    """A place in a header, and how much of the file is left behind it."""

    def __init__(self, stream: BinaryIO, file: Path) -> None:
        self.stream, self.file = stream, file
        self.size = file.stat().st_size

    def need(self, count: int, what: str) -> None:
        if count > self.size - self.stream.tell():
            raise ModelError(f"{self.file.name} is cut off or broken: it announces {what}")

    def number(self, form: str, *, skip: int = 0) -> int:
        self.stream.seek(skip, 1)
        raw = self.stream.read(struct.calcsize(form))
        if len(raw) < struct.calcsize(form):
            raise ModelError(f"{self.file.name} is cut off: it ends inside its header")
        return int(struct.unpack(form, raw)[0])

    def skip(self, count: int, what: str) -> None:
        self.need(count, f"{what} of {count} bytes")
        self.stream.seek(count, 1)

    def value(self, kind: int) -> None:
        if kind == STRING:
            self.skip(self.number("<Q"), "a text")
        elif kind in SIZES:
            self.skip(SIZES[kind], "a number")
        elif kind == ARRAY:
            inner, length = self.number("<I"), self.number("<Q")
            if inner not in SIZES and inner != STRING:
                raise ModelError(f"{self.file.name} holds a list of values of type {inner}")
            if inner == STRING:
                self.need(8 * length, f"a list of {length} texts")
                for _ in range(length):
                    self.skip(self.number("<Q"), "a text")
            else:
                self.skip(SIZES[inner] * length, f"a list of {length} numbers")
        else:
            raise ModelError(f"{self.file.name} holds a value of type {kind}, which GGUF has not")
