"""Which files a kernel reads: the runs and the data a report depends on.

`begin` is called in the kernel before the first cell. It listens to Python's own audit events
(PEP 578) and writes each file it has not seen to the file named by `WINNOW_TRACE`. Files read by
compiled libraries are not seen; the records of runs, also of those made here, and the files that
`lab.load` opens are. What `lab.origins` notes is written beside them.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

from lab import hashing, origins, paths

VARIABLE = "WINNOW_TRACE"
MARK = "used "  # begins a line that is no path: what was used, as JSON
SYSTEM = ("/proc", "/dev", "/sys", "/etc", "/usr")


def begin() -> None:
    """Start to note the files under the data folders, and those named from outside, as read."""
    target = os.environ.get(VARIABLE)
    if not target:
        raise ValueError(f"{VARIABLE} must name the file to write to, got nothing")
    out = Path(target).open("a", encoding="utf-8")  # noqa: SIM115 - open as long as the kernel
    scratch = str(Path(target).parent)
    skip = (sys.prefix, sys.base_prefix, str(paths.PACKAGE), scratch, *SYSTEM)
    seen: set[str] = set()

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename":  # how the record of a new run comes to its place
            if str(arguments[1]).endswith("run.json"):
                _say(out, str(Path(arguments[1]).absolute()))
            return
        if event != "open" or not isinstance(arguments[0], str):
            return
        name, mode = arguments[0], arguments[1]
        if name in seen or (isinstance(mode, str) and mode[:1] not in ("r", "")):
            return
        seen.add(name)
        if not name.startswith(skip) and Path(name).is_file():
            _say(out, str(Path(name).absolute()))

    origins.watch(lambda kind, origin: _say(out, f"{MARK}{json.dumps([kind, origin])}"))
    sys.addaudithook(listen)


def used(path: Path) -> dict[str, list[str]]:
    """Return what a kernel used, as `origins.used` gives it."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith(MARK):
            kind, origin = json.loads(line.removeprefix(MARK))
            found[kind] = sorted({*found.get(kind, ()), origin})
    return found


def read(path: Path) -> tuple[list[str], dict[str, str]]:
    """Return the ids of the runs and, by file, the hashes of the data that a kernel read."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    lines = [line for line in lines if not line.startswith(MARK)]
    top, runs, files = paths.runs(), [], {}
    for line in dict.fromkeys(lines):
        file = Path(line)
        if file.is_relative_to(top):
            if file.name == "run.json":
                runs.append(file.parent.relative_to(top).as_posix())
        elif _is_data(file):
            files[str(file)] = hashing.file(file)
    return sorted(runs), dict(sorted(files.items()))


def _say(out: TextIO, line: str) -> None:
    out.write(f"{line}\n")
    out.flush()


def _is_data(file: Path) -> bool:
    """Tell whether a file is given data, and not code, a cache or what can be made again."""
    made = (paths.store(), paths.reports(), Path.home() / ".cache")
    if not file.is_file() or file.suffix in (".py", ".pyc", ".ipynb", ".so", ".lock"):
        return False
    if any(file.is_relative_to(top) for top in made):
        return False
    given = (paths.shared(), paths.data())
    hidden = any(part.startswith(".") for part in file.parts)
    return not hidden or any(file.is_relative_to(top) for top in given)
