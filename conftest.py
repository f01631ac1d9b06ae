"""What every test stands on: a temporary data folder, no network, one thread, fixed seeds."""

import os
import socket
from pathlib import Path

os.environ.update(
    HF_HUB_OFFLINE="1",
    TOKENIZERS_PARALLELISM="false",
    TQDM_DISABLE="1",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
)

import numpy as np
import pytest

from lab import origins, paths

SHARED = paths.shared()


@pytest.fixture(autouse=True)
def data_folder(tmp_path_factory, monkeypatch):
    """Each test has a data folder and a reports folder of its own."""
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("WINNOW_DATA", str(folder))
    monkeypatch.setenv("WINNOW_REPORTS", str(folder / "reports"))
    return folder


@pytest.fixture(autouse=True)
def _nothing_used_yet():
    """Each test begins as a process that has used no data, model or teacher."""
    origins.forget()


@pytest.fixture(autouse=True)
def _seed():
    np.random.seed(0)  # noqa: NPY002 - for libraries that draw from the global state


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch):
    """A connection to anywhere but this machine fails the test."""
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else "local"
        if host not in ("127.0.0.1", "::1", "localhost", "local"):
            raise AssertionError(f"a test tried to reach {host}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of other people's data; the test is skipped without it."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder of real data at {SHARED}; set WINNOW_SHARED")
    return SHARED
