import os
import subprocess
import sys
import time

import nbformat
import pytest
from typer.testing import CliRunner

from lab import __version__, cli, paths

MAIN = "from lab.cli import main; main()"
runner = CliRunner()


def call(*words):
    return runner.invoke(cli.app, list(words))


def test_version():
    assert call("version").output.strip() == __version__


def test_threads_that_wait_do_not_spin(monkeypatch):
    monkeypatch.setattr(cli, "app", lambda: None)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    cli.main()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"  # who has said otherwise is heeded
    monkeypatch.delenv("OMP_WAIT_POLICY")
    cli.main()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


@pytest.mark.parametrize(
    "words", [[], ["report"], ["run"], ["docs"], ["results"], ["testbed"], ["testbed", "pretrain"]]
)
def test_every_command_has_help(words):
    shown = call(*words, "--help")
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_help_needs_none_of_the_large_libraries():
    code = (
        "import sys, lab.cli; "
        "print(sorted({'pandas', 'numpy', 'torch', 'plotly', 'nbclient'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_values_are_json_where_they_can_be():
    given = ["a=1", "b=[0.5, 2]", "c=text", "d=true", "e=x=y", 'f="7"', "g="]
    assert cli.parameters(given) == {
        "a": 1,
        "b": [0.5, 2],
        "c": "text",
        "d": True,
        "e": "x=y",
        "f": "7",
        "g": "",
    }
    assert cli.parameters(None) == {}


def test_a_path_is_found_from_where_the_command_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.jsonl").touch()
    assert cli.parameters(["data=./mine.jsonl"]) == {"data": str(tmp_path / "mine.jsonl")}
    assert cli.parameters(["data=mine.jsonl"]) == {"data": str(tmp_path / "mine.jsonl")}
    assert cli.parameters(["data=testbed"]) == {"data": "testbed"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "x", "--param", "novalue"], "NAME=VALUE, got 'novalue'"),
    ],
)
def test_wrong_words_are_refused(words, message):
    shown = call(*words)
    assert shown.exit_code == 2
    assert message in " ".join(shown.output.replace("│", " ").split())


def test_a_missing_parameter_is_named_before_anything_is_executed():
    began = time.perf_counter()
    command = [sys.executable, "-c", MAIN, "run", "00-tour", "--setting", "local"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the setting 'local' needs data, model; for example: lab run 00-tour" in done.stderr
    assert "--param data=alpaca.json --param model=path/or/hub-name" in done.stderr
    assert "executing" not in done.stdout
    assert time.perf_counter() - began < 60  # a second on a quiet machine


def test_a_setting_that_no_notebook_knows_is_refused():
    shown = call("run", "00-tour", "--setting", "cloud")
    assert shown.exit_code == 1
    assert "no setting 'cloud' in this notebook; it honours testbed, local" in str(shown.exception)


def test_our_own_errors_are_one_line(tmp_path):
    command = [sys.executable, "-c", MAIN, "report", str(tmp_path / "none.ipynb")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: no notebook named")
    assert len(done.stderr.splitlines()) == 1


def test_an_installed_package_has_no_files_of_a_checkout_to_write(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "root", lambda: tmp_path)
    for name in ("docs", "results"):
        shown = call(name)
        assert shown.exit_code == 1
        assert f"`lab {name}` writes files of a checkout" in str(shown.exception)


def test_run_reports_times_and_a_failure_with_its_cell(tmp_path):
    make = nbformat.v4
    cells = [
        make.new_code_cell("N = 1", metadata={"tags": ["parameters"]}),
        make.new_code_cell("assert N == 1, 'N stays'"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / "mine.ipynb"
    nbformat.write(make.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    shown = call("run", str(path), "--param", "n=2")
    assert shown.exit_code == 1
    assert "cell 3: AssertionError: N stays" in shown.output
    assert "execution " in shown.output
    assert "rendering " in shown.output
    assert list(paths.reports().glob("mine-*.html"))
    assert call("run", str(path)).exit_code == 0


def test_help_is_fast():
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", MAIN, "--help"], capture_output=True, check=True)
    assert time.perf_counter() - began < 5  # 0.4 s on a quiet machine


def test_models_are_added_listed_and_removed(monkeypatch):
    runner = CliRunner()
    made = runner.invoke(cli.app, ["models", "add", str(paths.base_model()), "--name", "small"])
    assert made.exit_code == 0, made.output
    assert "small: 4 MB" in made.output
    shown = runner.invoke(cli.app, ["models", "list"]).output
    assert "small  4 MB" in shown
    assert "gemma-3-270m  not here; lab models add gemma-3-270m" in shown
    assert runner.invoke(cli.app, ["models", "remove", "small"]).output == "removed small\n"
    assert "small  4 MB" not in runner.invoke(cli.app, ["models", "list"]).output
