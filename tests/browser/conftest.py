"""A real JupyterLab on loopback and Debian's chromium; without the browser, tests are skipped.

All browser tests share one server and one browser, so that they run in one worker.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

CHROMIUM = os.environ.get("LAB_CHROMIUM") or shutil.which("chromium") or ""
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--enable-unsafe-swiftshader",
]
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
READY = """async () => { const w = window.jupyterapp.shell.currentWidget;
    const late = new Promise((_, no) => setTimeout(() => no(new Error('kernel not ready')), 90000));
    await Promise.race([late, (async () => { await w.context.ready; await w.sessionContext.ready;
        await w.sessionContext.session.kernel.info; })()]); }"""
FAILED = """() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells
    .flatMap(c => (c.outputs || []).filter(o => o.output_type === 'error')
                                   .map(o => o.ename + ': ' + o.evalue))"""
RUN = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    let text = ''; const future = kernel.requestExecute({code});
    future.onIOPub = m => { if (m.header.msg_type === 'stream') text += m.content.text;
        if (m.header.msg_type === 'error') text += 'ERROR ' + m.content.evalue; };
    await future.done; return text; }"""


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM or not Path(CHROMIUM).exists():
        pytest.skip("no chromium on this machine; bash .ci/chromium installs it")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory):
    """Where screenshots go: the folder named by `WINNOW_ARTEFACTS`, or a temporary one."""
    named = os.environ.get("WINNOW_ARTEFACTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    """A JupyterLab over an empty folder, ended through its own process: (url, token, folder)."""
    root = tmp_path_factory.mktemp("jupyter")
    (root / "nb").mkdir()
    for name, value in SETTINGS.items():
        file = root / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    places = {
        "JUPYTERLAB_SETTINGS_DIR": root / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": root / "workspaces",
        "JUPYTER_RUNTIME_DIR": root / "runtime",
        "IPYTHONDIR": root / "ipython",
        "WINNOW_DATA": root / "data",
    }
    environment = {**os.environ, **{name: str(place) for name, place in places.items()}}
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root / 'nb'}"),
        *("--LabApp.expose_app_in_browser=True", "--ServerApp.port_retries=0"),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]
    log = root / "lab.log"
    with log.open("w") as stream:
        process = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    url = f"http://127.0.0.1:{port}"
    for _ in range(400):
        try:
            urllib.request.urlopen(f"{url}/api/status?token={token}", timeout=1).close()  # noqa: S310
            break
        except OSError:
            assert process.poll() is None, log.read_text()[-2000:]
            time.sleep(0.25)
    yield url, token, root / "nb"
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def open_notebook(jupyter, browser):
    """Open a notebook, run all its cells, and return the page; each has `run(code) -> text`."""
    url, token, folder = jupyter
    contexts = []

    def go(name, *cells, width=1280, height=720):
        if cells:
            made = [nbformat.v4.new_code_cell(cell) for cell in cells]
            book = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL})
            nbformat.write(book, folder / name)
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        allowed = (url, url.replace("http", "ws"), "data:", "blob:")

        def gate(route):
            if route.request.url.startswith(allowed):
                route.continue_()
            else:
                page.problems.append(f"outside request {route.request.url}")
                route.abort()

        page.route("**/*", gate)
        page.goto(f"{url}/doc/tree/{name}?reset&token={token}")
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.sessionContext", timeout=90_000
        )
        page.evaluate(READY)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        failed = page.evaluate(FAILED)
        assert failed == [], failed
        page.run = lambda code: page.evaluate(RUN, code)
        return page

    yield go
    for context in contexts:
        context.close()
