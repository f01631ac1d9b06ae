"""Notebooks executed in fresh kernels, and what is known about each execution.

An execution is kept in the store of things that can be made again. It stands for a new one as
long as nothing it depends on has changed: the notebook, its parameters, the package's own files,
the installed versions, the files it read, and the runs it used.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from lab import hashing, paths
from lab.report import books, scrub, trace
from lab.report.stopping import finish

Say = Callable[[str], None]
Note = Callable[["Task", "Execution | None"], None]
TOUR = "00-tour"  # what a newcomer wants to see first
FORMAT = 2  # of the stored execution; raised when its form changes
STARTUP = (
    "from lab.report import tables as _tables, trace as _trace; "
    "_trace.begin(); _tables.show_series(); del _tables, _trace"
)
SUFFIXES = (".py", ".txt", ".json", ".safetensors", ".js", ".css")


@dataclass(frozen=True)
class Task:
    """One page to make: a notebook and the parameters given from outside."""

    path: Path
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return the name of the page, such as `ablations/lima`."""
        return books.page_name(self.path, self.params)


@dataclass(frozen=True)
class Execution:
    """An executed notebook, and the record of its execution."""

    task: Task
    book: books.Notebook
    reused: bool

    @property
    def record(self) -> dict[str, Any]:
        """Return what is known: fingerprint, began, seconds, error, runs, files, versions."""
        record: dict[str, Any] = self.book.metadata["winnow"]
        return record


def execute(
    tasks: Sequence[Task],
    *,
    jobs: int = 2,
    fresh: bool = False,
    say: Say = lambda _: None,
    note: Note = lambda _task, _execution: None,
) -> list[Execution]:
    """Execute notebooks, `jobs` at a time, each in a kernel of its own.

    A cell that fails ends its notebook, and is in its record; the others go on.

    Parameters
    ----------
    tasks : sequence of Task
        What to execute; answered in this order. The tour begins first, then the slowest of last
        time; an ablation, which fills all cores by itself, leaves them to the tour until it ends.
    jobs : int
        Kernels at once, at least 1; they share the processor's threads.
    fresh : bool
        Execute again even if nothing changed.
    say : callable
        Told one line as each notebook begins and ends.
    note : callable
        Given each task as it begins, with None, and as it ends, with its execution.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, got {jobs}")
    done = [] if fresh else [kept for task in tasks if (kept := _reusable(task)) is not None]
    for execution in done:
        say(f"{execution.task.name}: nothing changed since {execution.record['began']}")
        note(execution.task, execution)
    known = {execution.task.name for execution in done}
    todo = {task.name: task for task in tasks if task.name not in known}
    if todo:
        done += finish(_all(_ordered(todo.values()), jobs, say, note))
    by_name = {execution.task.name: execution for execution in done}
    return [by_name[task.name] for task in tasks]


def fingerprint(task: Task) -> str:
    """Return the hash of what an execution depends on, as far as it is known before it."""
    book = books.read(task.path)
    cells = [[cell.cell_type, cell.source, cell.metadata.get("tags", [])] for cell in book.cells]
    return hashing.digest([FORMAT, cells, task.params, _surroundings()])


def _ordered(tasks: Iterable[Task]) -> list[Task]:
    slowest_first = sorted(tasks, key=_last_seconds)[::-1]
    return sorted(slowest_first, key=lambda task: task.path.stem != TOUR)


async def _all(tasks: Sequence[Task], jobs: int, say: Say, note: Note) -> list[Execution]:
    waiting, running = list(tasks), set[str]()
    threads = max(1, (os.cpu_count() or 1) // min(jobs, len(tasks)))

    def take() -> Task:
        """Take the next task; an ablation not while the tour runs and others wait."""
        light = [task for task in waiting if TOUR not in running or "/" not in task.name]
        task = (light or waiting)[0]
        waiting.remove(task)
        return task

    async def work() -> list[Execution]:
        done = []
        while waiting:
            task = take()
            running.add(task.path.stem)
            say(f"{task.name}: executing")
            note(task, None)
            execution = await _execute(task, threads)
            running.discard(task.path.stem)
            error = execution.record["error"]
            ending = f"failed in cell {error['cell']}: {error['name']}" if error else "done"
            say(f"{task.name}: {ending} after {execution.record['seconds']:.1f} s")
            note(task, execution)
            done.append(execution)
        return done

    return [
        execution
        for done in await asyncio.gather(*(work() for _ in range(jobs)))
        for execution in done
    ]


async def _execute(task: Task, threads: int) -> Execution:
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    from lab import runs

    mark = fingerprint(task)
    book = books.with_params(books.read(task.path), task.params, task.path)
    began, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    error: dict[str, Any] | None = None
    with tempfile.TemporaryDirectory(prefix="winnow-") as scratch:
        client = _client(book, task, Path(scratch))
        try:
            await _run(client, environment(Path(scratch), threads))
        except CellExecutionError as failure:
            error = {"cell": _failed(book), "name": failure.ename, "message": failure.evalue}
        except DeadKernelError as failure:
            error = {"cell": _failed(book), "name": "DeadKernelError", "message": str(failure)}
        read, files = trace.read(Path(scratch) / "files")
        used = trace.used(Path(scratch) / "files")
    book.metadata["winnow"] = {
        "fingerprint": mark,
        "began": began,
        "seconds": round(time.perf_counter() - clock, 2),
        "error": error,
        "runs": read,
        "used": used,
        "files": files,
        "params": books.parameters(book),
        **runs.provenance(),
    }
    book.metadata.pop("widgets", None)
    book = scrub.scrub(book, scrub.scrubber())
    book.metadata["winnow"]["files"] = files  # with their places, to be looked at again
    _store(task, book)
    return Execution(task, book, reused=False)


async def _run(client: Any, environment: Mapping[str, str]) -> None:
    """Execute all cells; where that is cancelled, end the kernel at once, whatever it does."""
    running = asyncio.ensure_future(client.async_execute(env=environment))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        client.shutdown_kernel = "immediate"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        raise


def _client(book: books.Notebook, task: Task, scratch: Path) -> Any:
    """Return what executes a notebook; it looks for and writes nothing below the home folder."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_core.paths import jupyter_path
    from nbclient import NotebookClient
    from traitlets.config import Config

    client: Any = NotebookClient(
        book,
        config=Config(ConnectionFileMixin={"connection_file": str(scratch / "kernel.json")}),
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(task.path.parent)}},
        extra_arguments=[f"--IPKernelApp.exec_lines={STARTUP}", "--IPKernelApp.log_level=40"],
    )
    client.create_kernel_manager()
    client.km.kernel_spec_manager = KernelSpecManager(kernel_dirs=jupyter_path("kernels"))
    return client


def environment(scratch: Path, threads: int) -> dict[str, str]:
    """Return the kernel's variables: figures as data, no progress bars, nobody's IPython files.

    Threads that wait for each other sleep: by default they spin, and where another process needs
    the core, a training of seconds takes minutes.
    """
    (scratch / "ipython").mkdir()
    limits = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {
        **dict.fromkeys(limits, str(threads)),
        "OMP_WAIT_POLICY": "PASSIVE",
        "TQDM_DISABLE": "1",
        **os.environ,
        "IPYTHONDIR": str(scratch / "ipython"),
        "PLOTLY_RENDERER": "plotly_mimetype",
        "WINNOW_REPORT": "1",
        trace.VARIABLE: str(scratch / "files"),
    }


def _failed(book: books.Notebook) -> int:
    """Return the number of the cell that failed, counted from 1 over all cells."""
    ran = [number for number, cell in enumerate(book.cells, 1) if cell.get("execution_count")]
    wrong = [
        number
        for number, cell in enumerate(book.cells, 1)
        if any(output.output_type == "error" for output in cell.get("outputs", []))
    ]
    return (wrong or ran or [1])[-1]


def _kept(task: Task) -> Path:
    return paths.executed() / f"{task.name}.ipynb"


def _store(task: Task, book: books.Notebook) -> None:
    import nbformat

    path = _kept(task)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    nbformat.write(book, part)
    part.replace(path)
    brief = {name: book.metadata["winnow"][name] for name in ("fingerprint", "seconds")}
    path.with_suffix(".json").write_text(json.dumps(brief), encoding="utf-8")


def _reusable(task: Task) -> Execution | None:
    """Return the stored execution if all that it depends on is as it was, and it succeeded."""
    import nbformat

    path = _kept(task)
    if not path.exists() or _brief(task).get("fingerprint") != fingerprint(task):
        return None
    book = nbformat.read(path, as_version=4)
    record = book.metadata["winnow"]
    gone = [name for name in record["runs"] if not (paths.runs() / name / "run.json").exists()]
    if record["error"] or gone or any(_changed(*item) for item in record["files"].items()):
        return None
    return Execution(task, book, reused=True)


def _changed(name: str, mark: str) -> bool:
    return not Path(name).is_file() or hashing.file(name) != mark


def _brief(task: Task) -> dict[str, Any]:
    path = _kept(task).with_suffix(".json")
    try:
        brief: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never executed, or killed while writing
        return {}
    return brief


def _last_seconds(task: Task) -> float:
    return float(_brief(task).get("seconds", float("inf")))


@lru_cache(maxsize=1)
def _surroundings() -> str:
    """Return the hash of the package's files and of the installed versions."""
    files = [path for path in sorted(paths.PACKAGE.rglob("*")) if path.suffix in SUFFIXES]
    code = [[str(path), hashing.file(path)] for path in files]
    versions = sorted(f"{item.name}=={item.version}" for item in metadata.distributions())
    return hashing.digest([code, versions, sys.version])
