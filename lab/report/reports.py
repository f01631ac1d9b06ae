"""From notebooks to a folder of pages: execute, render, check, and write the index."""

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import files, paths
from lab.errors import DataError
from lab.report import books, check
from lab.report.execute import Execution, Say, Task, execute
from lab.report.index import Index, card


@dataclass(frozen=True)
class Outcome:
    """What `render` did: the pages, what is wrong, and where the time went.

    Examples
    --------
    >>> done = Outcome((Path("a.html"),), Path("index.html"), {}, {}, 0, 12.0, 1.5)
    >>> len(done.pages), dict(done.failed)
    (1, {})
    """

    pages: tuple[Path, ...]
    index: Path
    failed: Mapping[str, str]  # page -> the cell and error that stopped it
    problems: Mapping[str, Sequence[str]]  # page -> what is wrong with it as a page
    reused: int  # executions kept from before, because nothing they depend on changed
    execution_seconds: float
    rendering_seconds: float
    bytes: Mapping[str, int] = field(default_factory=dict)  # page -> size of its file

    @property
    def good(self) -> bool:
        """Tell whether every notebook ran to its end and every page is sound."""
        return not self.failed and not self.problems


def render(
    notebooks: Sequence[str | Path] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    jobs: int = 2,
    fresh: bool = False,
    say: Say = lambda _: None,
) -> Outcome:
    """Execute notebooks and write one self-contained page each, and an index of all pages.

    The index is there before the first notebook begins, and each page as its notebook ends.

    An execution is kept, and not repeated, as long as the notebook, its parameters, the package,
    the installed versions, the files it read and the runs it used are as they were. A notebook
    that fails gets its page all the same, with the error in it.

    Parameters
    ----------
    notebooks : sequence of str or Path, optional
        Names below `notebooks/`, such as `ablations/lima`, or paths; `books.quick()` by default.
    params : mapping, optional
        Values for the cell tagged `parameters`, matched to its names whatever their case.
    folder : Path, optional
        Where the pages go; `reports/` by default.
    jobs : int
        Notebooks at once, at least 1.
    fresh : bool
        Execute again even if nothing changed.
    say : callable
        Told one line as things happen.

    Raises
    ------
    DataError
        If a notebook does not exist, or has no parameter of a given name.

    Examples
    --------
    >>> done = render(["00-tour"])  # half a minute  # doctest: +SKIP
    >>> done.failed  # doctest: +SKIP
    {}
    """
    folder = paths.reports() if folder is None else folder
    chosen = books.quick() if notebooks is None else notebooks
    if not chosen:
        raise DataError("there are no notebooks to render", file=paths.notebooks())
    tasks = [_task(name, params or {}) for name in chosen]
    rest = books.ablations() if notebooks is None else []
    others = [task for task in (_task(name, {}) for name in rest) if task not in tasks]
    index, made = Index(folder, tasks, others), dict[str, tuple[Path, list[str]]]()
    rendering = 0.0

    def note(task: Task, execution: Execution | None) -> None:
        nonlocal rendering
        began = time.perf_counter()
        if execution is None:
            index.begin(task)
        else:
            made[task.name] = _write(execution, folder)
            index.end(task)
        rendering += time.perf_counter() - began

    clock = time.perf_counter()
    try:
        executions = execute(tasks, jobs=jobs, fresh=fresh, say=say, note=note)
    finally:
        index.close()
    seconds = (time.perf_counter() - clock - rendering, rendering)
    return _outcome(executions, made, index.path, seconds)


def _outcome(
    executions: Sequence[Execution],
    made: Mapping[str, tuple[Path, list[str]]],
    index: Path,
    seconds: tuple[float, float],
) -> Outcome:
    pages = {execution.task.name: made[execution.task.name][0] for execution in executions}
    failed = {}
    for execution in executions:
        if error := execution.record["error"]:
            said = f"cell {error['cell']}: {error['name']}: {error['message']}"
            failed[execution.task.name] = said
    problems = {name: wrong for name, (_, wrong) in made.items() if wrong}
    sizes = {name: path.stat().st_size for name, path in pages.items()}
    reused = sum(execution.reused for execution in executions)
    return Outcome(tuple(pages.values()), index, failed, problems, reused, *seconds, sizes)


def export(folder: Path) -> int:
    """Copy the pages and their index to `folder`, ready for any web host; return their number.

    Examples
    --------
    >>> from lab import paths
    >>> paths.reports().mkdir(parents=True, exist_ok=True)
    >>> _ = (paths.reports() / "index.html").write_text("<p>Nothing yet.</p>")
    >>> export(paths.data() / "published")
    1
    """
    pages = sorted(paths.reports().rglob("*.html"))
    if not pages:
        raise DataError("there are no reports yet; `lab report` makes them", file=paths.reports())
    for path in pages:
        target = folder / path.relative_to(paths.reports())
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return len(pages)


def _task(name: str | Path, params: Mapping[str, Any]) -> Task:
    path = books.find(name)
    book = books.read(path)
    matched = books.matched(params, book)
    books.with_params(book, matched, path)  # a name it does not know is refused before any work
    return Task(path, matched)


def _write(execution: Execution, folder: Path) -> tuple[Path, list[str]]:
    from lab.report import page

    made = page.render(execution)
    path = folder / f"{made.name}.html"
    files.write_text(path, made.html)
    files.write_text(card(folder, made.name), json.dumps(made.card, ensure_ascii=False))
    return path, check.problems(made.html, figures=made.figures)
