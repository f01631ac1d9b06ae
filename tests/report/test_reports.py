"""Notebooks are executed and rendered for real here; each execution starts a kernel."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import paths, report
from lab.errors import DataError
from lab.report import execute

MAIN = "from lab.cli import main; main()"
PLOT = "import plotly.graph_objects as go\ngo.Figure([go.Scatter(x=[1, 2], y=[3, N])])"
CLAIM = "assert N > 0, 'there is something'"
RUN = (
    "import pandas as pd\nfrom lab import runs\n"
    "t = runs.once('score', 'length', {'n': N}, [], lambda: pd.DataFrame({'a': [N]}))"
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
    assert "score/length-" in page  # the run it used
    assert 'class="badge">testbed<' in page
    index = outcome.index.read_text()
    assert 'href="mine.html"' in index
    assert "<polyline" in index
    assert told[0] == "mine: executing"


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
    assert 'class="badge">local<' in page


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
