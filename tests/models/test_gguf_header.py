import struct

import pytest

from lab import errors
from lab.models.gguf_header import check_header


def key(name, kind, rest):
    return struct.pack("<Q", len(name)) + name + struct.pack("<I", kind) + rest


@pytest.mark.parametrize(
    ("keys", "number", "message"),
    [
        (b"", 2**60, "announces 1152921504606846976 keys"),
        (key(b"a", 9, struct.pack("<IQ", 0, 2**62)), 1, "a list of 4611686018427387904 numbers"),
        (key(b"a", 9, struct.pack("<IQ", 8, 2**61)), 1, "a list of 2305843009213693952 texts"),
        (key(b"a", 9, struct.pack("<IQ", 9, 1) * 900), 1, "a list of values of type 9"),
        (key(b"a", 8, struct.pack("<Q", 2**63)), 1, "a text of 9223372036854775808 bytes"),
        (key(b"a", 77, b"\0" * 8), 1, "a value of type 77"),
        (struct.pack("<Q", 2**63 - 1) + b"name.", 1, "a name of 9223372036854775807 bytes"),
        (key(b"a", 8, b"123"), 1, "announces 1 keys|it ends inside its header"),
    ],
)
def test_a_header_that_announces_more_than_there_is_keeps_nobody_busy(
    tmp_path, keys, number, message
):
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, number) + keys)
    with pytest.raises(errors.ModelError, match=f"a.gguf .*{message}"):
        check_header(path)


def test_another_version_is_refused(tmp_path):
    (tmp_path / "a.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 1, 0, 0))
    with pytest.raises(errors.ModelError, match="a.gguf is of GGUF version 1; 2 and 3 can be read"):
        check_header(tmp_path / "a.gguf")
