"""Notebooks are executed and rendered for real here; each execution starts a kernel."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import paths, report, runs
from lab.errors import DataError
from lab.report import execute

MAIN = "from lab.cli import main; main()"
PLOT = "import plotly.graph_objects as go\ngo.Figure([go.Scatter(x=[1, 2], y=[3, N])])"
CLAIM = "assert N > 0, 'there is something'"
RUN = (
    "import pandas as pd\nfrom functools import partial\nfrom lab import runs\n"
    "t = runs.once('score', partial(pd.DataFrame, {'a': [N]}))"
)


@pytest.fixture
def told():
    return []


def test_a_page_holds_its_figures_and_claims_and_asks_for_nothing(write, told):
    path = write("mine", PLOT, RUN, CLAIM)
    outcome = report.render([path], say=told.append)
    assert outcome.good
    assert outcome.pages == (paths.reports() / "mine.html",)
    page = outcome.pages[0].read_text()
    assert page.count('class="plot"') == page.count("data-for=") == 1
    assert "1 claim checked, all hold" in page
    assert "there is something" in page
    assert "score/dataframe-" in page  # the run it used
    assert 'class="badge">' not in page  # neither data nor a model was used
    index = outcome.index.read_text()
    assert 'href="mine.html"' in index
    assert "<polyline" in index
    assert told[0] == "mine: executing"


def test_the_index_is_there_first_and_each_page_as_its_notebook_ends(write):
    paths_ = [
        write(name, "1" if name != "bad" else "1 / 0") for name in ("00-tour", "bad", "other")
    ]
    seen = []

    def look(line):
        index = (paths.reports() / "index.html").read_text()
        there = sorted(path.stem for path in paths.reports().glob("*.html"))
        seen.append(
            (
                line.split(" after")[0],
                index.count('class="verdict">waiting<'),
                index.count("being executed since"),
                there,
            )
        )

    report.render(paths_[::-1], jobs=1, say=look)
    assert [line for line, *_ in seen] == [
        "00-tour: executing",
        "00-tour: done",
        "bad: executing",
        "bad: failed in cell 3: ZeroDivisionError",
        "other: executing",
        "other: done",
    ]
    assert seen[0] == ("00-tour: executing", 3, 0, ["index"])
    assert seen[1] == ("00-tour: done", 2, 1, ["index"])
    assert seen[2] == ("bad: executing", 2, 0, ["00-tour", "index"])
    index = (paths.reports() / "index.html").read_text()
    assert "waiting" not in index.split("<main")[1]
    assert "2 of 3 notebooks ran to their end." in index
    assert "reload" not in index


def test_the_index_names_ablations_that_are_not_in_a_report(write, tmp_path, monkeypatch):
    book, long = write("00-tour", "1"), tmp_path / "ablations" / "long.ipynb"
    long.parent.mkdir()
    book.rename(tmp_path / "00-tour.ipynb")
    shutil.copyfile(tmp_path / "00-tour.ipynb", long)
    monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
    index = report.render().index.read_text()
    assert "1 of 1 notebooks ran to their end." in index
    assert "not executed here yet" in index
    assert 'href="ablations/long.html"' not in index
    report.render(["ablations/long"])  # as `lab ablations` does
    index = report.render().index.read_text()
    assert "2 of 2 notebooks ran to their end." in index
    assert "not executed here yet" not in index
    assert 'href="ablations/long.html"' in index


def test_an_interrupt_leaves_an_index_of_what_is_there(write):
    done, stopped = write("00-tour", "1"), write("later", "1")

    def stop(line):
        if line == "later: executing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        report.render([done, stopped], jobs=1, say=stop)
    index = (paths.reports() / "index.html").read_text()
    assert 'href="00-tour.html"' in index
    assert "later" not in index.split("<main")[1]


def test_the_tour_begins_first_and_an_ablation_waits_for_its_end(monkeypatch):
    tasks = [
        execute.Task(Path("x/ablations/big.ipynb"), {}),
        execute.Task(Path("x/09-a.ipynb"), {}),
        execute.Task(Path("x/00-tour.ipynb"), {}),
    ]
    monkeypatch.setattr(execute.Task, "name", property(lambda task: str(task.path)[2:-6]))
    seconds = {"ablations/big": 900.0, "09-a": 1.0, "00-tour": 2.0}
    monkeypatch.setattr(execute, "_last_seconds", lambda task: seconds[task.name])
    order = []

    async def run(task, threads):
        order.append(task.name)
        await asyncio.sleep(0.05 if task.name == "00-tour" else 0.01)
        return execute.Execution(
            task,
            type("Book", (), {"metadata": {"winnow": {"error": None, "seconds": 0.0}}}),
            reused=False,
        )

    monkeypatch.setattr(execute, "_reusable", lambda task: None)
    monkeypatch.setattr(execute, "_execute", run)
    done = execute.execute(tasks, jobs=2)
    assert order == ["00-tour", "09-a", "ablations/big"]
    assert [execution.task for execution in done] == tasks


def test_threads_of_a_kernel_that_wait_do_not_spin(monkeypatch, tmp_path):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    for name, given in (("usual", None), ("asked", "ACTIVE")):
        if given:
            monkeypatch.setenv("OMP_WAIT_POLICY", given)
        (tmp_path / name).mkdir()
        found = execute.environment(tmp_path / name, 2)
        assert found["OMP_WAIT_POLICY"] == (given or "PASSIVE")


def test_nothing_is_executed_again_until_something_changed(write, told, tmp_path):
    data = tmp_path / "given.txt"
    data.write_text("one")
    path = write("mine", f"text = open({str(data)!r}).read()", RUN)
    first = report.render([path], say=told.append)
    again = report.render([path])
    assert (first.reused, again.reused) == (0, 1)
    data.write_text("two")
    assert report.render([path]).reused == 0
    next(paths.runs().rglob("run.json")).unlink()
    assert report.render([path]).reused == 0


def test_what_an_execution_depends_on(write):
    path = write("mine", "1")
    task = execute.Task(path, {})
    before = execute.fingerprint(task)
    assert execute.fingerprint(task) == before
    assert execute.fingerprint(execute.Task(path, {"N": 4})) != before
    write("mine", "1 + 1")
    assert execute.fingerprint(task) != before


def test_other_parameters_make_another_page(write):
    path = write("mine", "print('n is', N)")
    outcome = report.render([path], params={"n": 41, "SETTING": "local"})
    assert outcome.pages[0].name.startswith("mine-local-")
    page = outcome.pages[0].read_text()
    assert "n is 41" in page
    assert 'class="badge">local<' not in page  # the word alone makes no label


USES = {
    "testbed": "from lab import testbed; testbed.pool(4)",
    "samples": "from lab import load, paths; load.alpaca(paths.samples() / 'alpaca-dirty.jsonl')",
    "local": "from lab import load; load.alpaca({path!r})",
    "mixed": "from lab import load, testbed; load.alpaca({path!r}); testbed.prompts(4)",
}


def test_the_label_is_of_what_was_used_whatever_the_parameter_says(write, tmp_path):
    own = tmp_path / "own.json"
    own.write_text('[{"instruction": "Add 1 and 2.", "output": "3"}]')
    books = [write(label, code.format(path=str(own))) for label, code in USES.items()]
    outcome = report.render(books, params={"SETTING": "local"})
    assert outcome.good
    for label, path in zip(USES, outcome.pages, strict=True):
        page = path.read_text()
        assert f'class="badge">{label}<' in page
        assert ("own.json" in page.split("</header>")[0]) == (label in ("local", "mixed"))
        assert f'class="badge">{label}<' in outcome.index.read_text()


def test_a_run_that_is_read_again_tells_what_it_was_made_with(write):
    make = (
        "from functools import partial\nfrom lab import runs, testbed\n"
        "t = runs.once('load', partial(testbed.pool, 4))"
    )
    for name in ("first", "second"):  # the second reads the run of the first
        page = report.render([write(name, make)], fresh=True).pages[0].read_text()
        assert 'class="badge">testbed<' in page, name
    assert runs.frame("load")["id"].size == 1


def test_a_failing_cell_is_named_and_the_others_go_on(write, told):
    bad = write("bad", "1 / 0", "print('never')")
    good = write("good", "print('fine')")
    outcome = report.render([bad, good], say=told.append)
    assert not outcome.good
    assert outcome.failed == {"bad": "cell 3: ZeroDivisionError: division by zero"}
    page = outcome.pages[0].read_text()
    assert "stopped in cell 3: ZeroDivisionError" in page
    assert '<pre class="error"' in page
    assert "fine" in outcome.pages[1].read_text()
    assert "1 of 2 notebooks ran to their end" in outcome.index.read_text()
    assert report.render([bad]).reused == 0  # a failure is never kept


def test_secrets_and_the_home_folder_reach_no_report(write, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "planted-0123456789abcdef")
    path = write(
        "leaky",
        "import os, pathlib\nprint(os.environ['OPENAI_API_KEY'], pathlib.Path.home() / 'x')",
        "md:text planted-0123456789abcdef",
        "import plotly.graph_objects as go\n"
        "go.Figure([go.Scatter(x=[1], y=[1], text=[os.environ['OPENAI_API_KEY']])])",
        "raise ValueError(os.environ['OPENAI_API_KEY'] + str(pathlib.Path.home()))",
    )
    report.render([path])
    kept = [file for file in paths.data().rglob("*") if file.is_file()]
    kept += [file for file in paths.reports().rglob("*") if file.is_file()]
    assert len(kept) >= 4
    for file in kept:
        text = file.read_text()
        assert "planted-0123456789abcdef" not in text, file
        if file.suffix == ".html":
            assert f"{Path.home()}/" not in text, file
    assert "[secret removed] ~/x" in (paths.reports() / "leaky.html").read_text()


def test_a_kill_in_the_middle_leaves_nothing_in_the_way(write, tmp_path):
    path = write("slow", "import time, os\nif not os.path.exists('go'):\n    time.sleep(60)")
    command = [sys.executable, "-c", MAIN, "report", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout.readline() == "slow: executing\n"
    time.sleep(2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    (tmp_path / "go").touch()
    assert report.render([path]).good


def test_export_copies_the_pages_and_nothing_else(write, tmp_path):
    with pytest.raises(DataError, match="there are no reports yet"):
        report.export(tmp_path / "site")
    report.render([write("mine", "1")])
    assert report.export(tmp_path / "site") == 2
    site = [file.name for file in (tmp_path / "site").rglob("*") if file.is_file()]
    assert sorted(site) == ["index.html", "mine.html"]


def test_bad_arguments_are_refused_before_any_work(write):
    path = write("mine", "1")
    with pytest.raises(ValueError, match="jobs must be at least 1, got 0"):
        report.render([path], jobs=0)
    with pytest.raises(DataError, match="no parameter 'other'"):
        report.render([path], params={"other": 1})


def test_a_half_written_record_is_no_record(write):
    path = write("mine", "1")
    report.render([path])
    task = execute.Task(path, {})
    brief = paths.store() / "executed" / "mine.json"
    assert json.loads(brief.read_text())["fingerprint"] == execute.fingerprint(task)
    brief.write_text("{")
    assert report.render([path]).reused == 0
