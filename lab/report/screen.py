"""A real JupyterLab and a real browser, for pictures, browser tests and timings.

JupyterLab listens on loopback with a token; the browser refuses every request that leaves this
machine, and notes it. Needs Playwright and a chromium; `LAB_CHROMIUM` names one.
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import MissingPackageError, WinnowError

STARTS_WITHIN_S = 100
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NO_CHROMIUM = (
    "no browser on this machine: install Chromium or Chrome (in a checkout `bash .ci/chromium` "
    "does it on Debian), or set LAB_CHROMIUM to the path of one"
)
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--enable-unsafe-swiftshader",  # WebGL without a GPU
)
SETTINGS: dict[str, dict[str, Any]] = {
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
    await future.done;
    if (!text && code.includes('print'))  // what threads held up may come after the reply
        await new Promise(go => setTimeout(go, 2000));
    return text; }"""
SHELL = "() => window.jupyterapp?.shell?.currentWidget?.sessionContext"


@dataclass(frozen=True)
class Server:
    """A JupyterLab that runs: where it listens, its token, and the folder of its notebooks."""

    url: str
    token: str
    folder: Path


def chromium() -> str | None:
    """Return the path of a chromium: `LAB_CHROMIUM`, or the one on the path; None without one."""
    on_the_path = (shutil.which(name) for name in NAMES)
    named = os.environ.get("LAB_CHROMIUM") or next(filter(None, on_the_path), None)
    return named if named and Path(named).exists() else None


def found_chromium() -> str:
    """Return the path of a chromium.

    Raises
    ------
    WinnowError
        Without one; the message says what helps.
    """
    path = chromium()
    if path is None:
        raise WinnowError(NO_CHROMIUM)
    return path


@contextmanager
def browser() -> Iterator[Any]:
    """Start a headless chromium, Playwright's `Browser`, and end it.

    Raises
    ------
    MissingPackageError
        Without Playwright.
    WinnowError
        Without a chromium.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise MissingPackageError("playwright", needed_by="lab.report.screen") from error
    path = found_chromium()
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield opened
        opened.close()


@contextmanager
def jupyter(root: Path) -> Iterator[Server]:
    """Start a JupyterLab that keeps all its files under `root`, and end it.

    Raises
    ------
    WinnowError
        If it ends at once or does not answer; the message ends with its log.
    """
    (root / "notebooks").mkdir(parents=True, exist_ok=True)
    for name, value in SETTINGS.items():
        file = root / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(16), root / "notebooks")
    log = root / "jupyter.log"
    with log.open("w", encoding="utf-8") as stream:
        command, environment = _command(server, port), _environment(root)
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, with our own arguments
            command, env=environment, stdout=stream, stderr=stream
        )
    try:
        _wait(server, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def open_notebook(
    opened: Any,
    server: Server,
    name: str,
    *,
    width: int = 1280,
    height: int = 720,
    script: str = "",
) -> Any:
    """Open a notebook of `server`, run all its cells, and return Playwright's `Page`.

    The page has two more members: `problems`, errors and refused requests, and `run(code)`, which
    runs Python in the notebook's kernel and returns what it printed.

    Raises
    ------
    WinnowError
        If a cell fails.
    """
    context = opened.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    if script:  # JavaScript to run before the page's own
        page.add_init_script(script)
    page.problems = []
    page.set_default_timeout(1000 * STARTS_WITHIN_S)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    allowed = (server.url, server.url.replace("http", "ws"), "data:", "blob:")

    def local_only(route: Any) -> None:
        if route.request.url.startswith(allowed):
            route.continue_()
        else:
            page.problems.append(f"outside request {route.request.url}")
            route.abort()

    page.route("**/*", local_only)
    page.goto(f"{server.url}/doc/tree/{name}?reset&token={server.token}")
    page.wait_for_function(SHELL, timeout=1000 * STARTS_WITHIN_S)
    page.evaluate(READY)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    if failed := page.evaluate(FAILED):
        raise WinnowError(f"{name} failed in the browser: {'; '.join(failed)}")
    page.run = lambda code: page.evaluate(RUN, code)
    return page


def _command(server: Server, port: int) -> list[str]:
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"),
        *(f"--IdentityProvider.token={server.token}", f"--ServerApp.root_dir={server.folder}"),
        *("--LabApp.expose_app_in_browser=True", "--ServerApp.port_retries=0", *as_root),
    ]


def _environment(root: Path) -> dict[str, str]:
    places = {
        "JUPYTERLAB_SETTINGS_DIR": root / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": root / "workspaces",
        "JUPYTER_RUNTIME_DIR": root / "runtime",
        "IPYTHONDIR": root / "ipython",
        "WINNOW_DATA": root / "data",
    }
    return {**os.environ, **{name: str(place) for name, place in places.items()}}


def _wait(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < end:
        try:
            status = f"{server.url}/api/status?token={server.token}"
            urllib.request.urlopen(status, timeout=1).close()  # noqa: S310 - loopback
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise WinnowError(f"JupyterLab did not start: {log.read_text(encoding='utf-8')[-2000:]}")
