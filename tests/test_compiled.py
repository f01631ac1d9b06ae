import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import compiled

CODE = """
import os
from pathlib import Path
from lab import compiled
refused = os.environ["REFUSED"].split(os.pathsep)
true = compiled.writable
compiled.writable = lambda path: not any(str(path).startswith(r) for r in refused) and true(path)
import numba
twice = compiled.njit(cache=True)
print(os.environ.get("NUMBA_CACHE_DIR", ""), numba.config.CACHE_DIR)
"""


def told(tmp_path, *refused, **more):
    """Run `CODE` in a process with a home of its own, where the folders `refused` are read-only."""
    given = {name: value for name, value in os.environ.items() if "NUMBA" not in name}
    given |= {"HOME": str(tmp_path / "home"), "WINNOW_DATA": str(tmp_path / "data"), **more}
    given.pop("XDG_CACHE_HOME", None)
    given["REFUSED"] = os.pathsep.join(map(str, refused)) or "nowhere"
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=given, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_with_a_home_numba_keeps_its_own_place(tmp_path):
    assert told(tmp_path) == []


def test_without_a_home_compiled_code_goes_to_the_store(tmp_path):
    place = str(tmp_path / "data" / "store" / "numba")
    assert told(tmp_path, tmp_path / "home") == [place, place]


def test_a_place_that_is_named_stays(tmp_path):
    named = str(tmp_path / "named")
    assert told(tmp_path, tmp_path / "home", NUMBA_CACHE_DIR=named) == [named, named]


def test_where_nothing_can_be_written_nothing_is_kept_and_all_works(monkeypatch):
    monkeypatch.setattr(compiled, "_can_keep", lambda: False)
    options = {}
    monkeypatch.setattr(compiled.numba, "njit", lambda **o: options.update(o) or (lambda f: f))
    assert compiled.njit(cache=True, fastmath=True)(abs)(-1) == 1
    assert options == {"fastmath": True}


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc, which nobody can write to")
def test_a_file_system_that_takes_no_files_is_not_writable(tmp_path):
    assert not compiled.writable(Path("/proc/winnow"))
    (tmp_path / "file").touch()
    assert not compiled.writable(tmp_path / "file" / "below")
