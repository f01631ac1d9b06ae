"""Pictures for the README, taken from the real thing: rendered reports and a running JupyterLab."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from lab import paths
from lab.errors import DataError
from lab.report import books, screen

TOUR, BENCH = "00-tour", "11-report"
WIDTH = 1000
LARGEST = """() => { const plots = [...document.querySelectorAll('.js-plotly-plot')];
    const points = t => (t.type ?? '').startsWith('scatter') && t.mode === 'markers';
    const size = p => p._fullData.reduce((sum, t) => sum + (points(t) ? t._length ?? 0 : 0), 0);
    return plots.reduce((best, p) => size(p) > size(best) ? p : best, plots[0]).id; }"""


def take(folder: Path | None = None) -> list[Path]:
    """Take pictures of the map, the index, the filter bench and the coverage map.

    `lab report` comes first.

    Parameters
    ----------
    folder : Path, optional
        Where they go; `docs/pictures/` by default.

    Raises
    ------
    DataError
        If there is no report to take a picture of.
    """
    folder = paths.docs() / "pictures" if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    made = [
        folder / name for name in ("map.png", "index.png", "filter-bench.png", "coverage-map.png")
    ]
    with screen.browser() as opened:
        plot(opened, paths.reports() / f"{TOUR}.html", made[0])
        _page(opened, paths.reports() / "index.html", made[1])
        with tempfile.TemporaryDirectory() as root, screen.jupyter(Path(root)) as server:
            shutil.copy(books.find(BENCH), server.folder / f"{BENCH}.ipynb")
            page = screen.open_notebook(opened, server, f"{BENCH}.ipynb", width=1200, height=1600)
            page.locator(".coverage-map[data-painted]").wait_for()
            page.locator(".filter-bench").screenshot(path=str(made[2]))
            page.locator(".coverage-map").screenshot(path=str(made[3]))
            page.context.close()
    return made


def plot(opened: Any, report: Path, target: Path) -> None:
    """Take a picture of the plot of a report that has the most points, which is its map."""
    page = _open(opened, report)
    page.wait_for_function("() => document.documentElement.dataset.drawn", timeout=60_000)
    page.locator(f"#{page.evaluate(LARGEST)}").screenshot(path=str(target))
    page.context.close()


def _page(opened: Any, report: Path, target: Path) -> None:
    page = _open(opened, report)
    page.screenshot(path=str(target))
    page.context.close()


def _open(opened: Any, report: Path) -> Any:
    if not report.exists():
        raise DataError("there is no such report yet; `lab report` makes it", file=report)
    context = opened.new_context(
        viewport={"width": WIDTH, "height": 700}, color_scheme="light", offline=True
    )
    page = context.new_page()
    page.goto(report.resolve().as_uri())
    return page


if __name__ == "__main__":
    for made in take():
        print(f"{made.relative_to(paths.root())}  {made.stat().st_size / 1e3:.0f} kB")
