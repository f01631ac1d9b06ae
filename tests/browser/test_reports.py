"""Reports opened from disk with the network off: plots live, nothing runs, nothing is asked for."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from lab import report
from lab.report import gather, pdf

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parent.parent.parent
CHECKERS = ROOT / "build" / "axe" / "node_modules"
AXE = CHECKERS / "axe-core" / "axe.min.js"
VNU = CHECKERS / "vnu-jar" / "build" / "dist" / "vnu.jar"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
HOSTILE = "<script>window.canary=1</script><img src=x onerror='window.canary=1'>"
NAME = "hostile <img src=x onerror=window.canary=1>"  # a file's name
LINK = "[link](javascript:window.canary=1) <a href='javascript:window.canary=1'>x</a>"
CELLS = [
    """import numpy as np
import pandas as pd
import plotly.graph_objects as go
from IPython.display import HTML, Markdown, display
from lab import ablate, records, widgets
from lab.report import figures, figures_verdicts, tables""",
    f"""text = {HOSTILE!r} + ' \\u202egnp.exe \\x1b[31mred'
pool = records.frame([{{'instruction': f'{{n}} ' + text, 'output': text}} for n in range(3000)])
print(text)
tables.examples(pool, rows=2)""",
    f"""display(Markdown('# ' + text + {LINK!r}))
display(HTML(text))
pd.DataFrame({{text: [text], 'n': [1]}})""",
    """rng = np.random.default_rng(0)
places = pd.DataFrame(rng.normal(size=(3000, 2)), columns=['x', 'y'], index=pool.index)
clusters = pd.Series(np.arange(3000) % 3, index=pool.index)
names = {0: text, 1: 'sums', 2: 'dates'}
figures.map(places, text=pool['instruction'], clusters=clusters, names=names)""",
    """outcomes = pd.DataFrame({('a', 0): [1.0] * 90 + [0.0] * 10, ('b', 0): [0.0, 1.0] * 50})
alike = ablate.same(text, 'a', 'b', within=0.1)
claims = {text: ablate.more(text, 'a', 'b', by=0.1), 'same': alike}
figures_verdicts.forest(ablate.verdicts(claims, outcomes), xlabel=text)""",
    """trace = go.Scatter(x=[1, 2, 3], y=[3, 1, 2], mode='markers', text=[text] * 3)
go.Figure([trace], layout={'title': text})""",
    """bench = widgets.FilterBench(pool, masks={text: pd.Series(True, index=pool.index)})
bench.set(widgets.Criteria(search=text))
bench""",
    "widgets.CoverageMap(places, pool=pool, clusters=clusters, names=names)",
    """display(widgets.Rater(pool, rater=text))
widgets.Monitor(lambda: {'title': text, 'state': text, 'facts': [[text, text]],
                         'table': [[text]], 'buttons': [text], 'over': True})""",
    "raise ValueError(text)",
]
BIG = """text = 'clean'
keys = pd.Index([f'{n:016x}' for n in range(52000)], name='id')
pool = pd.DataFrame({'instruction': 'a <b> ' + keys.to_series() * 8}, index=keys)
xy = np.random.default_rng(0).normal(size=(52000, 2))
figures.map(pd.DataFrame(xy, columns=['x', 'y'], index=keys), text=pool['instruction'])"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A hostile report and a clean one: their pages, index, comparison, and people's index."""
    root = tmp_path_factory.mktemp("reports")
    make = nbformat.v4
    for name, cells in ((NAME, CELLS), ("clean", CELLS[:1] + CELLS[3:4])):
        title = f"# {HOSTILE if name == NAME else 'A map'}\nDoes anything run?\n- no"
        made = [make.new_markdown_cell(title)]
        made += [
            make.new_code_cell(
                f'SETTING = "testbed"\nMODEL = {HOSTILE!r}', metadata={"tags": ["parameters"]}
            ),
            *(make.new_code_cell(cell) for cell in cells),
            make.new_markdown_cell(f"## {HOSTILE} {LINK}"),
        ]
        if name == "clean":
            made[3] = make.new_code_cell(BIG)
            made[-1] = make.new_markdown_cell("## Nothing to see")
            made.append(make.new_code_cell("assert len(pool) == 52000, 'all rows are there'"))
        book = make.new_notebook(cells=made, metadata={"kernelspec": KERNEL})
        nbformat.write(book, root / f"{name}.ipynb")
    outcome = report.render([root / f"{NAME}.ipynb", root / "clean.ipynb"], folder=root / "out")
    assert outcome.problems == {}
    assert list(outcome.failed) == [NAME]
    both = gather.compare(outcome.pages, root / "both.html")
    people = root / "people"
    for name in ("ann", "bo"):
        shutil.copytree(root / "out", people / name, ignore=shutil.ignore_patterns("index.html"))
    return (*outcome.pages, outcome.index, both, gather.gather(people))


@pytest.fixture
def offline(browser):
    """Open a file with the network off; `page.asked` and `page.said` list what it did."""
    contexts = []

    def go(path, **words):
        context = browser.new_context(viewport={"width": 1280, "height": 720}, **words)
        context.set_offline(True)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("console", lambda m: page.said.append(m.text) if m.type == "error" else None)
        page.goto(path.as_uri())
        if 'class="plot"' in path.read_text():
            page.wait_for_function("() => document.documentElement.dataset.drawn", timeout=60_000)
        return page

    yield go
    for context in contexts:
        context.close()


def test_nothing_in_a_hostile_report_runs_and_all_of_it_is_shown(pages, offline, artefacts):
    for path in (pages[0], *pages[2:]):
        page = offline(path)
        assert page.evaluate("() => window.canary") is None
        assert [url for url in page.asked if not url.startswith("file:")] == []
        assert len(page.asked) == 1
        assert page.said == []
        assert HOSTILE in page.locator("main").inner_text()
        links = page.locator("a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
        assert not any((link or "").startswith("javascript:") for link in links)
    page = offline(pages[0])
    assert page.locator(".js-plotly-plot").count() == 4
    assert page.locator("main img").count() == 0
    assert "ValueError" in page.locator("pre.error").inner_text()
    page.screenshot(path=str(artefacts / "hostile.png"), full_page=True)


def test_plots_answer_to_hover_and_zoom(pages, offline, artefacts):
    assert pages[1].stat().st_size <= 8e6
    page = offline(pages[1])
    plot = page.locator(".js-plotly-plot")
    assert plot.count() == 1
    plot.scroll_into_view_if_needed()
    span = "() => document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range.join()"
    before = page.evaluate(span)
    box = plot.locator(".nsewdrag").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for step in range(12):
        page.mouse.move(x + 3 * step, y + 2 * step)
        page.wait_for_timeout(60)
        if plot.locator(".hovertext").count():
            break
    assert "a <b>" in plot.locator(".hovertext").first.text_content()
    page.mouse.move(x - 80, y - 60)
    page.mouse.down()
    page.mouse.move(x + 80, y + 60, steps=5)
    page.mouse.up()
    page.wait_for_function(f"before => ({span})() !== before", arg=before)
    assert page.said == []
    page.screenshot(path=str(artefacts / "report.png"))


def test_code_is_folded_search_hides_and_the_theme_turns(pages, offline):
    page = offline(pages[1], color_scheme="light")
    code = page.locator("details.code pre").first
    assert not code.is_visible()
    page.get_by_role("button", name="Show all code").click()
    assert code.is_visible()
    cells = page.locator(".cell")
    total = cells.count()
    page.get_by_label("Search").fill("nothing to see")
    assert page.locator("#found").inner_text() == f"1 of {total}"
    assert page.locator(".cell:visible").count() == 1
    page.get_by_label("Search").fill("")
    light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") != light
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing(pages, offline, scheme, width):
    if not AXE.exists():
        pytest.skip("axe-core is not installed; bash .ci/chromium installs it")
    for path in pages[1:]:
        # a page's own policy forbids foreign scripts, so this look at it goes round the policy
        page = offline(path, color_scheme=scheme, bypass_csp=True)
        page.set_viewport_size({"width": width, "height": 720})
        page.evaluate(AXE.read_text())
        found = page.evaluate(
            "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']}))"
            ".violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))])"
        )
        assert found == []


def test_pages_are_valid_html(pages):
    if not VNU.exists() or not shutil.which("java"):
        pytest.skip("vnu-jar or java is not installed; bash .ci/chromium installs vnu-jar")
    told = subprocess.run(
        ["java", "-jar", VNU, "--errors-only", *pages], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_a_setting_is_chosen_in_the_index(pages, offline):
    page = offline(pages[4])
    rows = page.locator(".all-verdicts tbody tr")
    assert rows.count() == 4  # two claims of two people
    page.get_by_label("Search").fill("bo/")
    assert page.locator(".all-verdicts tbody tr:visible").count() == 2


def test_a_page_is_printed_as_pdf_with_its_plots(pages, browser):
    assert browser.is_connected()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf.screen, "browser", lambda: contextlib.nullcontext(browser))
        (made,) = pdf.print_pages([pages[1]])
    assert made == pages[1].with_suffix(".pdf")
    data = made.read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(data) > 30_000  # a page of text alone is smaller
