"""How long a person waits for the filter bench and the map, in a real JupyterLab and chromium.

Peer: the same page made of ipywidgets and a plotly FigureWidget, as shipped. A time runs from the
key press in the page to the change of the page; for maps, to the end of drawing (pixels read back).
A second table has the map as a figure: names placed, drawn and written as a page; its peer is
plotly's own scatter with a colour for each cluster.

    python benchmarks/widgets.py [--quick]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import plotly.express as px
from playwright.sync_api import TimeoutError  # noqa: A004 - it is none of the standard ones

from lab import paths
from lab.coverage import canvas, placement
from lab.report import figures, screen

MARKS = {52_002: (30, 100, 200), 1_000_000: (50, 200, 600)}  # ms: count, table, map (medians)
DATA = """
import numpy as np, pandas as pd, psutil, os
from lab import widgets
n = {n}
rng = np.random.default_rng(0)
ids = pd.Index([f"{{i:016x}}" for i in range(n)], name="id")
text = "Write a short poem about the sea, " + pd.Series(ids, index=ids).astype("str")
pool = pd.DataFrame({{"instruction": text, "input": "", "output": text}})
pool["history"] = [[]] * n
scores = pd.DataFrame({{"rating": rng.normal(3, 1, n)}}, index=ids)
scores["length"] = rng.integers(1, 400, n)
places = pd.DataFrame(rng.normal(size=(n, 2)).astype("f4"), columns=["x", "y"], index=ids)
clusters = pd.Series(rng.integers(-1, 20, n), index=ids)
"""
OURS = """
bench = widgets.FilterBench(pool, scores=scores)
coverage_map = widgets.CoverageMap(places, pool=pool, clusters=clusters)
coverage_map.panel.height = 360
bench.link(coverage_map)
bench.set(widgets.Criteria(ranges={"rating": (2.0, None)}))
display(bench)
display(coverage_map)
"""
PEER = """
import ipywidgets as W, plotly.graph_objects as go
slider = W.FloatSlider(value=2, min=0, max=5, step=0.02)
slider.add_class("peer-slider")
count, table = W.HTML(), W.HTML()
count.add_class("peer-count"); table.add_class("peer-table")
points = go.Scattergl(mode="markers", marker=dict(size=3))
figure = go.FigureWidget([points], layout=dict(height=360))
figure._config = dict(figure._config, showSendToCloud=False)
def refresh(_=None):
    keep = (scores["rating"] >= slider.value).to_numpy()
    count.value = f"{keep.sum()} of {n} kept"
    table.value = f"<p>{keep.sum()}</p>" + pool[keep].head(20)[["instruction", "output"]].to_html()
    with figure.batch_update():
        figure.data[0].x = places["x"].to_numpy()[keep]
        figure.data[0].y = places["y"].to_numpy()[keep]
        figure.data[0].marker.color = clusters.to_numpy()[keep]
slider.observe(refresh, "value"); refresh()
display(W.VBox([slider, count, table, figure]))
"""
CODE = {"ours": OURS, "peer": PEER}
WATCH = """
(() => {
  const seen = {};
  window.bench = { start: () => { for (const k of Object.keys(seen)) delete seen[k];
                                  seen.key = performance.now(); }, seen };
  const note = (name) => { if (seen.key) seen[name] = performance.now(); };
  for (const type of [WebGLRenderingContext, WebGL2RenderingContext]) {
    for (const name of ['drawArrays', 'drawElements']) {
      const draw = type.prototype[name];
      type.prototype[name] = function (...given) {
        const result = draw.apply(this, given);
        if (!this.winnowPending) {
          this.winnowPending = true;
          requestAnimationFrame(() => { this.winnowPending = false;
            this.readPixels(0, 0, 1, 1, this.RGBA, this.UNSIGNED_BYTE, new Uint8Array(4));
            note('map'); });
        }
        return result;
      };
    }
  }
  window.watchBench = (names) => {
    for (const [name, selector] of Object.entries(names)) {
      new MutationObserver(() => { if (!(name in seen)) note(name); }).observe(
        document.querySelector(selector), { childList: true, subtree: true, characterData: true });
    }
  };
})();
"""
SELECTORS = {
    "ours": {"count": ".filter-bench .count", "table": ".filter-bench .rows tbody"},
    "peer": {"count": ".peer-count", "table": ".peer-table"},
}


def main() -> None:
    """Measure both at both sizes and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="52,002 rows only, few presses")
    quick = parser.parse_args().quick
    sizes = [52_002] if quick else list(MARKS)
    lines = [
        "| rows | what | count, ms | table, ms | map, ms | hover, ms | kernel, MB | page, MB |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    with (
        tempfile.TemporaryDirectory() as root,
        screen.browser() as opened,
        screen.jupyter(Path(root)) as server,
    ):
        for n in sizes:
            for what in ("ours", "peer"):
                presses = 10 if quick else (40 if n < 100_000 or what == "ours" else 5)
                try:
                    lines.append(_row(opened, server, n, what, presses))
                except TimeoutError:
                    lines.append(f"| {n:,} | {what} | no answer in 120 s | | | | | |")
                print(lines[-1], flush=True)
            count, table, drawn = MARKS[n]
            lines.append(f"| {n:,} | mark (median) | {count} | {table} | {drawn} | | | |")
    note = "Median (p95) of key presses on a slider; chromium without a GPU, software WebGL."
    lines = ["### Widgets: from a key to the screen", "", *lines, "", note, ""]
    lines += ["### The map as a figure, 60 clusters", ""]
    lines += ["| rows | what | names placed, ms | figure as a page, s | page, MB |"]
    lines += ["| ---: | --- | ---: | ---: | ---: |"]
    lines += [row for n in sizes for row in _drawings(n)]
    text = "\n".join([*lines, ""])
    print(text)
    target = paths.benchmark_results() / "widgets.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def _drawings(n: int) -> list[str]:
    """Return a row for our figure and one for the peer's, each drawn twice and the second timed."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 60, n)
    spots = rng.normal(size=(60, 2))[label] * 8 + rng.normal(size=(n, 2))
    places = pd.DataFrame(spots.astype("f4"), columns=["x", "y"])
    clusters = pd.Series(label, index=places.index)
    named = {cluster: f"cluster, number, {cluster}" for cluster in range(60)}
    marked = places.assign(cluster=clusters.astype("str"))

    def place() -> object:
        fitted = canvas.fit(places, width=920.0, height=620.0)
        return placement.place_names(fitted.xy, label, named, canvas=(920.0, 620.0))

    def ours() -> str:
        return str(figures.map(places, clusters=clusters, names=named).to_html())

    def peer() -> str:
        return str(px.scatter(marked, x="x", y="y", color="cluster", render_mode="webgl").to_html())

    (placed, _), (own, page), (other, page_of_peer) = map(_second, (place, ours, peer))
    return [
        f"| {n:,} | ours | {1e3 * placed:.0f} | {own:.2f} | {len(page) / 1e6:.1f} |",
        f"| {n:,} | peer | | {other:.2f} | {len(page_of_peer) / 1e6:.1f} |",
    ]


def _second(work: Any) -> tuple[float, Any]:
    """Return the seconds that a second call takes, and what it gives."""
    work()
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def _row(opened: Any, server: screen.Server, n: int, what: str, presses: int) -> str:
    name = f"{what}-{n}.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(text) for text in (DATA.format(n=n), CODE[what])]
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(book, server.folder / name)
    page = screen.open_notebook(opened, server, name, width=1400, height=1400, script=WATCH)
    ours = what == "ours"
    if ours:
        page.locator(".coverage-map[data-painted]").wait_for()
        handle = page.get_by_label("lowest rating")
    else:
        page.locator(".peer-slider .noUi-handle").first.wait_for()
        page.locator(".js-plotly-plot .gl-canvas").first.wait_for(state="attached")
        handle = page.locator(".peer-slider .noUi-handle").first
    page.evaluate("names => window.watchBench(names)", SELECTORS[what])
    handle.focus()
    page.wait_for_timeout(1500)
    times: dict[str, list[float]] = {"count": [], "table": [], "map": []}
    for press in range(presses + 3):  # the first three warm up
        page.evaluate("() => window.bench.start()")
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "() => ['count', 'table', 'map'].every(k => k in window.bench.seen)", timeout=120_000
        )
        page.wait_for_timeout(400 if n < 100_000 else 900)  # a late second drawing counts too
        seen = page.evaluate("() => window.bench.seen")
        if press >= 3:
            for part, values in times.items():
                values.append(seen[part] - seen["key"])
    hover = _hover(page) if ours else []
    memory = float(page.run("print(psutil.Process(os.getpid()).memory_info().rss / 1e6)"))
    heap = page.evaluate("() => performance.memory.usedJSHeapSize / 1e6")
    page.context.close()
    shown = [_shown(times[part]) for part in ("count", "table", "map")]
    return f"| {n:,} | {what} | {' | '.join(shown)} | {_shown(hover)} | {memory:.0f} | {heap:.0f} |"


def _hover(page: Any) -> list[float]:
    """Time from the mouse's arrival at a point to the text beside it."""
    canvas = page.locator(".coverage-map canvas")
    canvas.evaluate("element => element.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    page.evaluate(
        """() => { const tip = document.querySelector('.coverage-map .tip');
            new MutationObserver(() => { if (!tip.hidden && window.moved)
                window.bench.seen.tip = performance.now() - window.moved; })
                .observe(tip, {attributes: true, childList: true});
            document.querySelector('.coverage-map canvas').addEventListener('pointermove',
                () => { window.moved = performance.now(); }, true); }"""
    )
    found = []
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for step in range(20):
        page.evaluate("() => { delete window.bench.seen.tip; window.moved = 0; }")
        page.mouse.move(x + 4 * step - 40, y + 3 * step - 30)
        page.wait_for_timeout(250)
        seen = page.evaluate("() => window.bench.seen.tip ?? null")
        if seen is not None:
            found.append(seen)
    return found


def _shown(values: list[float]) -> str:
    if not values:
        return ""
    ranked = sorted(values)
    p95 = ranked[min(len(ranked) - 1, round(0.95 * len(ranked)))]
    return f"{statistics.median(values):.0f} ({p95:.0f})"


if __name__ == "__main__":
    main()
