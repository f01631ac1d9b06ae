"""Pins, the conda environment, and the commands that the README promises."""

import re
import shutil
import subprocess
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lab import paths

ROOT = paths.root()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def names(requirements):
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def test_every_dependency_has_a_pin_and_a_reason():
    extras = [line for group in PROJECT["optional-dependencies"].values() for line in group]
    assert names(PROJECT["dependencies"] + extras) <= set(pins())
    text = (ROOT / "pyproject.toml").read_text()
    for line in PROJECT["dependencies"] + extras:
        assert re.search(rf'"{re.escape(line)}",\s+# \w+', text), f"{line} has no reason"


def test_what_is_installed_is_what_is_pinned():
    for name in names(PROJECT["dependencies"]):
        installed = metadata.version(name).split("+")[0]  # torch says "+cpu" of its CPU build
        assert installed == pins()[name], name


def test_pins_are_sorted_and_single():
    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    found = [canonicalize_name(line.split("==")[0]) for line in lines]
    assert len(set(found)) == len(found)
    assert [
        line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)
    ] == []


def test_conda_users_get_the_same_packages():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (by_pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    listed = [entry for entry in by_pip if not entry.startswith("-")]
    assert names(listed) == names(PROJECT["dependencies"])
    assert by_pip[0] == "-c constraints.txt"
    assert by_pip[-1] == "-e ."


@pytest.mark.parametrize(
    "target",
    [
        *("report", "test", "lab", "check", "fix"),
        *("docs", "results", "pictures", "bench", "clean"),
    ],
)
def test_every_make_target_has_a_help_line(target):
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(rf"^{target} +\S", shown.stdout, re.MULTILINE)


def test_no_file_names_a_registry_or_a_machine():
    if shutil.which("git") is None:
        pytest.skip("no git on this machine")
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    banned = re.compile("|".join(["pypi" + r"\.org", "--index" + "-url", "/opt" + "/wheels"]))
    for name in done.stdout.split():
        path = ROOT / name
        if path.suffix in {".py", ".toml", ".txt", ".yml", ".md", ".ipynb", ""} and path.is_file():
            assert not banned.search(path.read_text(encoding="utf-8")), name
