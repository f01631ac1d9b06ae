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

import hypothesis
import numpy as np
import pytest

from lab import origins, paths

SHARED = paths.shared()
hypothesis.settings.register_profile("busy", deadline=None)  # a busy machine breaks no test
hypothesis.settings.load_profile("busy")
TOGETHER = (  # one worker for each
    "tests/browser/",  # one Jupyter server and one browser
    "tests/test_engine.py",  # one cluster
)


def work_unit(nodeid: str) -> str:
    """Return what a test is sent to a worker with: the others of its unit, or itself alone."""
    return next((unit for unit in TOGETHER if nodeid.startswith(unit)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Send the browser tests to one worker, and those of a cluster.

    The mark `xdist_group` does not: since pytest 9.2 a test's id is not what pytest-xdist 3.8 makes
    of it, and each test goes to any worker.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Units(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return work_unit(nodeid)

    return Units(config, log)


def pytest_collection_modifyitems(items):
    """Skip the examples that run code of a model where this machine cannot hold it back."""
    held = [
        one for one in items if one.name in ("lab.synth.sandbox.run", "lab.synth.sandbox.unfit")
    ]
    if held:
        from lab.synth import sandbox

        for item in held:
            item.add_marker(
                pytest.mark.skipif(bool(sandbox.unfit()), reason=sandbox.unfit() or "-")
            )


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
