"""Pictures for the README, taken from the real thing: rendered reports and a running JupyterLab.

python -m tools.pictures                       the README's
python -m tools.pictures REPORTS PICTURE.png   all maps of a folder of reports on one sheet
"""

import base64
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from lab import paths
from lab.errors import DataError
from lab.report import books, screen

TOUR, BENCH, MAPS = "00-tour", "11-report", "07-coverage"
WIDTH, SHEET = 1000, 1280  # pixels of a page that is taken
GRID = "margin:8px;display:grid;grid-template-columns:1fr 1fr;gap:8px;align-items:start"
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


def sheet(reports: Path, target: Path) -> Path:
    """Take one picture of all maps of a folder of reports, and of its index, to compare versions.

    Parameters
    ----------
    reports : Path
        A folder that `lab report` wrote, also one of an older version.
    target : Path
        The PNG to write.
    """
    shots: list[bytes] = []
    with screen.browser() as opened:
        for name, most in ((TOUR, 1), (MAPS, 4)):
            page = _open(opened, reports / f"{name}.html", width=SHEET)
            page.wait_for_function("() => document.documentElement.dataset.drawn", timeout=60_000)
            plots = page.locator(".js-plotly-plot")
            largest = [page.locator(f"#{page.evaluate(LARGEST)}")]
            chosen = (
                largest if most == 1 else [plots.nth(at) for at in range(min(most, plots.count()))]
            )
            shots += [plot.screenshot() for plot in chosen]
            page.context.close()
        page = _open(opened, reports / "index.html", width=SHEET)
        shots.append(page.screenshot())
        page.context.close()
        page = opened.new_context(viewport={"width": 1320, "height": 400}).new_page()
        links = (f"data:image/png;base64,{base64.b64encode(shot).decode()}" for shot in shots)
        images = "".join(f'<img style="width:100%" src="{link}">' for link in links)
        page.set_content(f'<body style="{GRID}">{images}')
        page.wait_for_timeout(500)
        page.screenshot(path=str(target), full_page=True)
        page.context.close()
    return target


def _page(opened: Any, report: Path, target: Path) -> None:
    page = _open(opened, report)
    page.screenshot(path=str(target))
    page.context.close()


def _open(opened: Any, report: Path, *, width: int = WIDTH) -> Any:
    if not report.exists():
        raise DataError("there is no such report yet; `lab report` makes it", file=report)
    context = opened.new_context(
        viewport={"width": width, "height": 700}, color_scheme="light", offline=True
    )
    page = context.new_page()
    page.goto(report.resolve().as_uri())
    return page


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sheet(Path(sys.argv[1]), Path(sys.argv[2]))
        sys.exit()
    for made in take():
        print(f"{made.relative_to(paths.root())}  {made.stat().st_size / 1e3:.0f} kB")
