"""The run store: what was done, with what, and what came out.

A run is a folder `data/runs/<step>/<method>-<fingerprint>/`. Its `run.json` is written last, so
a folder without one is unfinished, and is taken up again by the next `start` with the same
arguments. The fingerprint hashes step, method, version, parameters and inputs; commit, package
versions, machine, seconds and peak memory are recorded beside, and change nothing.
"""

import functools
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab import files, hashing, invocation, origins, paths, records
from lab.errors import RunError

STEPS = (
    *("load", "synth", "filters", "score", "embed", "select"),
    *("coverage", "tune", "judge", "ablate", "report"),
)
FINGERPRINT_DIGITS = 12
ONCE = 2  # raised when methods give other results for the same arguments
RECORDED = ("numpy", "pandas", "torch", "transformers", "scikit-learn", "umap-learn", "openai")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


@dataclass
class Run:
    """One recorded execution, or one under way: a folder with named results and numbers."""

    step: str
    method: str
    params: Mapping[str, Any]
    inputs: tuple[str, ...]
    version: int
    folder: Path
    numbers: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return `step/method-fingerprint`, which `get` takes."""
        return f"{self.step}/{self.folder.name}"

    @property
    def finished(self) -> bool:
        """Tell whether the record was written, which is the last thing a run does."""
        return (self.folder / "run.json").exists()

    def log(self, **numbers: float | str | bool | None) -> None:
        """Note numbers and short texts; they become columns of `runs.frame`."""
        self.numbers.update({name: _scalar(name, value) for name, value in numbers.items()})

    def save(self, name: str, value: object) -> Path:
        """Write a result under `name`, in the form that fits it.

        Frames, Series and Indexes become Parquet, arrays `.npy`, mappings and sequences JSON, and
        text `.txt`. Returns the file's path.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"name must match {_NAME.pattern}, got {name!r}")
        if isinstance(value, pd.Index):
            value = value.to_frame(index=False, name=value.name or "id")
        if isinstance(value, pd.Series):
            value = value.to_frame(value.name if value.name is not None else "value")
        if isinstance(value, pd.DataFrame):
            return records.write_parquet(value, self.folder / f"{name}.parquet")
        if isinstance(value, np.ndarray):
            path = self.folder / f"{name}.npy"
            with files.replacing(path) as part:
                np.save(part, value, allow_pickle=False)
            return path
        if isinstance(value, str):
            return files.write_text(self.folder / f"{name}.txt", value)
        text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False, default=_native)
        return files.write_text(self.folder / f"{name}.json", text)

    def frame(self, name: str) -> pd.DataFrame:
        """Read a saved frame."""
        return records.read_parquet(self._file(name, "parquet"))

    def series(self, name: str) -> "pd.Series[Any]":
        """Read a saved Series (the first column of its frame)."""
        return self.frame(name).iloc[:, 0]

    def array(self, name: str) -> NDArray[Any]:
        """Read a saved array."""
        loaded: NDArray[Any] = np.load(self._file(name, "npy"), allow_pickle=False)
        return loaded

    def text(self, name: str) -> str:
        """Read a saved text."""
        return self._file(name, "txt").read_text(encoding="utf-8")

    def json(self, name: str) -> Any:
        """Read saved mappings and sequences."""
        return json.loads(self._file(name, "json").read_text(encoding="utf-8"))

    def _file(self, name: str, suffix: str) -> Path:
        path = self.folder / f"{name}.{suffix}"
        if not path.exists():
            have = sorted(file.name for file in self.folder.iterdir())
            raise RunError(f"run {self.id} has no {path.name} (has {', '.join(have)})")
        return path


@contextmanager
def start(
    step: str,
    method: str,
    params: Mapping[str, Any],
    inputs: Sequence[str] = (),
    *,
    version: int = 1,
) -> Iterator[Run]:
    """Open a run; its record is written when the block ends without an error.

    Parameters
    ----------
    step : str
        One of `STEPS`.
    method : str
        What was done, in lower case, such as `kcenter`.
    params : mapping
        Every parameter with its default filled in; it must be hashable by `lab.hashing`.
    inputs : sequence of str
        Ids of runs, or fingerprints of pools, that the result depends on.
    version : int
        Raised when the method's code changes what it gives.

    Yields
    ------
    Run
        With `folder`, `save` and `log`. Files that an unfinished run left are still there.
    """
    run = _open(step, method, params, inputs, version)
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / "run.json").unlink(missing_ok=True)
    began, clock = datetime.now(UTC), time.perf_counter()
    yield run
    seconds = time.perf_counter() - clock
    run.record = {
        "step": step,
        "method": method,
        "version": version,
        "params": json.loads(hashing.canonical(params)),
        "inputs": list(run.inputs),
        "numbers": run.numbers,
        "files": sorted(file.name for file in run.folder.iterdir() if file.name[0] != "."),
        "began": began.isoformat(timespec="microseconds"),  # runs of one second keep their order
        "seconds": round(seconds, 3),
        "peak_memory_mb": files.peak_memory_mb(),
        "used": origins.used(),
        **provenance(),
    }
    text = json.dumps(run.record, ensure_ascii=False, indent=1, allow_nan=False)
    files.write_text(run.folder / "run.json", text)


def find(
    step: str,
    method: str,
    params: Mapping[str, Any],
    inputs: Sequence[str] = (),
    *,
    version: int = 1,
) -> Run | None:
    """Return the finished run of these arguments, or None."""
    run = _open(step, method, params, inputs, version)
    return _used_again(_read(run.folder)) if run.finished else None


def name(
    step: str,
    method: str,
    params: Mapping[str, Any],
    inputs: Sequence[str] = (),
    *,
    version: int = 1,
) -> str:
    """Return the id that a run of these arguments has, finished or not.

    Examples
    --------
    >>> name("select", "random", {"k": 3, "seed": 0})
    'select/random-868f44d41c7b'
    """
    return _open(step, method, params, inputs, version).id


def get(run_id: str) -> Run:
    """Return a finished run by its id, such as `select/kcenter-91b2c0de4f10`.

    Raises
    ------
    RunError
        If there is none; the message names those of the same step.
    """
    step, _, name = run_id.partition("/")
    folder = paths.runs() / step / name
    if not name or ".." in run_id or not (folder / "run.json").exists():
        have = sorted(path.parent.name for path in (paths.runs() / step).glob("*/run.json"))
        raise RunError(f"no finished run {run_id!r}; {step} has {', '.join(have) or 'none'}")
    return _used_again(_read(folder))


def frame(step: str) -> pd.DataFrame:
    """Return one row per finished run of a step, oldest first: id, method, parameters, numbers."""
    rows = []
    for path in (paths.runs() / step).glob("*/run.json"):
        run = _read(path.parent)
        known = {"id": run.id, "method": run.method, "began": run.record["began"]}
        rest = {name: run.record[name] for name in ("seconds", "peak_memory_mb", "commit")}
        rows.append({**run.params, **run.numbers, **known, **rest})
    if not rows:
        return pd.DataFrame(columns=["id", "method", "began", "seconds"])
    table = pd.DataFrame(rows).sort_values(["began", "id"], ignore_index=True)
    first = ["id", "method"]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def once(
    step: str, make: Callable[[], "pd.DataFrame | pd.Series[Any]"], *, inputs: Sequence[str] = ()
) -> pd.DataFrame:
    """Return what `make` gives, or the frame of its finished run: a second time it is instant.

    The run's method is the function's name, its parameters are all arguments by name, with defaults
    filled in: none can be left out. See `invocation.describe` for what an argument is recorded as.
    Runs of an earlier `ONCE` are made again.

    Parameters
    ----------
    step : str
        One of `STEPS`.
    make : function of a module, or a `functools.partial` of one
        Gives a frame; a Series becomes a frame of one column.
    inputs : sequence of str
        What else the result depends on, such as the id of a run that wrote a file.

    Raises
    ------
    ValueError
        For a lambda or a local function, which has no name to be recorded by.
    TypeError
        If an argument cannot be recorded.

    Examples
    --------
    >>> from functools import partial
    >>> once("load", partial(pd.DataFrame, {"x": [1, 2]}))["x"].tolist()
    [1, 2]
    """
    params = invocation.describe(make, role="make")
    method = params.pop("function").rpartition(".")[2].lower()
    done = find(step, method, params, inputs, version=ONCE)
    if done is None:
        with start(step, method, params, inputs, version=ONCE) as run:
            made = make()
            run.save("result", made)
            run.log(rows=len(made))
        done = run
    return done.frame("result")


def provenance() -> dict[str, Any]:
    """Return what is recorded beside every run: commit, dirty flag, versions, machine."""
    return {**_code(), **_machine()}


@functools.lru_cache(maxsize=1)
def _machine() -> dict[str, Any]:
    versions = {}
    for name in RECORDED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


@functools.lru_cache(maxsize=1)
def _code() -> dict[str, Any]:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(paths.PACKAGE.parent), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except OSError:  # no git on this machine
        return {"commit": "", "dirty": False}


def _open(
    step: str, method: str, params: Mapping[str, Any], inputs: Sequence[str], version: int
) -> Run:
    if step not in STEPS:
        raise ValueError(f"step must be one of {', '.join(STEPS)}, got {step!r}")
    if not _NAME.fullmatch(method):
        raise ValueError(f"method must match {_NAME.pattern}, got {method!r}")
    if isinstance(inputs, str):
        raise TypeError(f"inputs must be a list of ids, got the text {inputs!r}")
    what = {"step": step, "method": method, "version": version, "params": params}
    mark = hashing.digest({**what, "inputs": list(inputs)}, digits=FINGERPRINT_DIGITS)
    folder = paths.runs() / step / f"{method}-{mark}"
    return Run(step, method, params, tuple(inputs), version, folder)


def _used_again(run: Run) -> Run:
    """Note what a run was made with: who reads its result uses that, too."""
    origins.note_all(run.record.get("used", {}))
    return run


def _read(folder: Path) -> Run:
    path = folder / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        known = (record["step"], record["method"], record["params"], tuple(record["inputs"]))
        return Run(*known, record["version"], folder, record["numbers"], record)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} is not the record of a run: {error!r}") from error


def _native(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"cannot be saved as JSON: {type(value).__name__}")


def _scalar(name: str, value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    raise TypeError(f"{name} must be a number or a short text, got {type(value).__name__}")
