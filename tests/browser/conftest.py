"""A real JupyterLab on loopback and Debian's chromium; without the browser, tests are skipped.

All browser tests share one server and one browser, so that they run in one worker.
"""

import os
from pathlib import Path

import nbformat
import pytest

from lab.report import screen

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@pytest.fixture(scope="module")  # while it is open, its thread cannot run other event loops
def browser():
    if screen.chromium() is None:
        pytest.skip(screen.NO_CHROMIUM)
    pytest.importorskip("playwright.sync_api")
    with screen.browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory):
    """Where screenshots go: the folder named by `WINNOW_ARTEFACTS`, or a temporary one."""
    named = os.environ.get("WINNOW_ARTEFACTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory, testrun_uid):
    mark = tmp_path_factory.getbasetemp().parent / f"jupyter-{testrun_uid}"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        pytest.fail("browser tests came to two workers: they hang together, see conftest.py")
    with screen.jupyter(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture(scope="module")
def open_notebook(jupyter, browser):
    """Write a notebook of `cells`, or take one that is there, run it, and return its page."""
    pages = []

    def go(name, *cells, width=1280, height=720):
        if cells:
            made = [nbformat.v4.new_code_cell(cell) for cell in cells]
            book = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL})
            nbformat.write(book, jupyter.folder / name)
        page = screen.open_notebook(browser, jupyter, name, width=width, height=height)
        pages.append(page)
        return page

    yield go
    for page in pages:
        page.context.close()
