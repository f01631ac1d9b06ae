"""The widgets in a real JupyterLab: what the screen says is what Python computes."""

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SETUP = """
import json
import numpy as np
import pandas as pd
from lab import records, widgets
rng = np.random.default_rng(0)
HOSTILE = ("<script>window.canary=1</script><img src=x onerror='window.canary=1'>"
           "<a href='javascript:window.canary=1'>x</a> \\x1b[31mred \\u202egnp.exe **b** "
           "<b>bold</b>")
rows = [{"instruction": f"Task {n} {HOSTILE if n % 7 == 0 else ''}",
         "output": "word " * (n % 50 + 1),
         "source": ["web", "<i>book</i>"][n % 2]} for n in range(3000)]
call = {"name": "add<b>", "arguments": {"a": HOSTILE}}
rows[0] |= {"thinking": f"a thought {HOSTILE}", "tools": [{"function": {"name": "add<b>"}}],
            "steps": [{"role": "assistant", "content": "", "tool_calls": [call]},
                      {"role": "tool", "content": f"a reply {HOSTILE}"}]}
pool = records.frame(rows)
scores = pd.DataFrame({"rating": rng.integers(0, 11, len(pool)) / 2,
                       "<u>length</u>": np.arange(len(pool)) % 50 + 1.0}, index=pool.index)
masks = {"<em>odd</em>": pd.Series(np.arange(len(pool)) % 2 == 1, index=pool.index)}
places = pd.DataFrame(rng.normal(size=(len(pool), 2)), columns=["x", "y"], index=pool.index)
clusters = pd.Series(rng.integers(-1, 4, len(pool)), index=pool.index)
names = {0: HOSTILE, 1: "sums", 2: "colours", 3: "dates"}
"""
SIEVE = """
bench = widgets.FilterBench(pool, scores=scores, masks=masks, categories=["source"])
bench
"""
ATLAS = """
coverage_map = widgets.CoverageMap(places, pool=pool, clusters=clusters, names=names,
                      colours={"rating": scores["rating"]}, subset=pool.index[:20])
bench.link(coverage_map)
coverage_map
"""
PEOPLE = """
rate = widgets.Rater(pool.head(12), rater="<b>ana</b>")
pair_judge = widgets.PairJudge(pool.head(12), pool["output"], pool["instruction"], rater="ana")
display(rate)
display(pair_judge)
"""

# Notebook 7 looks for its own keys before any widget sees them, JupyterLab after
NOTEBOOK_7 = """() => document.addEventListener(
    'keydown', (event) => window.jupyterapp.commands.processKeydownEvent(event), true)"""
TEXT = "selector => document.querySelector(selector)?.textContent ?? ''"
POINTS = "p = np.frombuffer(coverage_map.panel.points, '<f4').reshape(-1, 2)"


@pytest.fixture(scope="module")
def bench(open_notebook, artefacts):
    page = open_notebook("bench.ipynb", SETUP, SIEVE, ATLAS)
    page.locator(".filter-bench .count").wait_for()
    page.locator(".coverage-map[data-painted]").wait_for()
    page.evaluate(NOTEBOOK_7)
    yield page
    page.screenshot(path=str(artefacts / "filter-bench.png"), full_page=True)
    assert page.problems == []


def kept(page):
    return int(page.locator(".filter-bench .count").inner_text().split(" of ")[0].replace(",", ""))


def settle(page, expression):
    """Wait until the count on the screen is what Python computes from `expression`."""
    expected = int(page.run(f"print(int(({expression}).sum()))"))
    page.wait_for_function(
        f"n => parseInt(({TEXT})('.filter-bench .count').replaceAll(',', '')) === n", arg=expected
    )
    assert kept(page) == expected == int(page.run("print(int(bench.mask.sum()))"))


def nothing_ran(page):
    assert page.evaluate("() => window.canary") is None
    assert page.locator(".winnow script, .winnow img, .winnow a, .winnow iframe").count() == 0


def test_sliders_by_key_search_toggles_and_undo(bench):
    page = bench
    assert kept(page) == 3000
    low = page.get_by_label("lowest rating")
    low.focus()
    for _ in range(50):
        page.keyboard.press("ArrowRight")
    step = json.loads(page.run("print(json.dumps(bench.panel.spec['scores'][0]['step']))"))
    settle(page, f"scores['rating'] >= {50 * step}")
    page.get_by_label("highest <u>length</u>").focus()
    page.keyboard.press("PageDown")
    high = "bench.criteria.ranges['<u>length</u>'][1]"
    settle(page, f"(scores['rating'] >= {50 * step}) & (scores['<u>length</u>'] <= {high})")
    page.get_by_label("<em>odd</em>", exact=False).check()
    settle(page, "bench.criteria.mask(pool, scores, masks) & masks['<em>odd</em>']")
    page.get_by_label("search in the texts").fill("task 1")
    settle(page, "bench.criteria.mask(pool, scores, masks) & widgets.contains(pool, 'task 1')")
    assert page.run("print(bench.criteria.search)").strip() == "task 1"
    page.locator(".filter-bench .undo").click()
    settle(page, "bench.criteria.mask(pool, scores, masks) & masks['<em>odd</em>']")
    assert page.run("print(bench.criteria.search)").strip() == ""
    page.locator(".filter-bench .redo").click()
    settle(page, "bench.criteria.mask(pool, scores, masks) & widgets.contains(pool, 'task 1')")
    page.get_by_role("button", name="Reset").click()
    settle(page, "pd.Series(True, index=pool.index)")
    nothing_ran(page)


def test_a_slider_by_mouse_is_one_step_of_undo(bench):
    page = bench
    slider = page.get_by_label("lowest rating")
    slider.hover()  # scrolls it into view and waits until it stands still
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, y, steps=12)
    page.mouse.up()
    page.wait_for_function(
        "() => !document.querySelector('.filter-bench .count').textContent.startsWith('3,000')"
    )
    bound = float(page.run("print(bench.criteria.ranges['rating'][0])"))
    assert 1.5 < bound < 3.5
    settle(page, f"scores['rating'] >= {bound}")
    page.locator(".filter-bench .undo").click()
    settle(page, "pd.Series(True, index=pool.index)")


def test_rows_and_the_full_text_show_markup_as_text(bench, artefacts):
    page = bench
    first = page.locator(".filter-bench .rows tbody tr").first
    assert "<script>window.canary=1</script>" in first.inner_text()
    first.locator("button.open").click()
    page.locator(".filter-bench .full h4").first.wait_for()
    shown = page.locator(".filter-bench .full").inner_text()
    assert "<img src=x onerror='window.canary=1'>" in shown
    assert "\u202egnp.exe" in shown
    assert "<b>bold</b>" in shown
    page.screenshot(path=str(artefacts / "conversation.png"))
    folds = page.locator(".filter-bench .full details")
    assert [text.split("\n")[0][:8] for text in folds.all_inner_texts()] == [
        "1 tool: ",
        "calls ad",
        "replies ",
        "thinking",
    ]
    assert "a thought" not in shown
    for fold in folds.all():
        fold.locator("summary").click()
    shown = page.locator(".filter-bench .full").inner_text()
    assert "a thought <script>" in shown
    assert "a reply <script>" in shown
    page.locator(".filter-bench .full").screenshot(path=str(artefacts / "conversation-open.png"))
    page.get_by_role("button", name="Close").click()
    nothing_ran(page)


def test_the_code_button_shows_the_cell(bench):
    page = bench
    page.get_by_label("<em>odd</em>", exact=False).check()
    settle(page, "masks['<em>odd</em>']")
    page.locator(".filter-bench .code").click()
    page.locator(".filter-bench .said").wait_for()
    assert "masks['<em>odd</em>']" in page.locator(".filter-bench .said").inner_text()
    page.get_by_role("button", name="Reset").click()
    settle(page, "pd.Series(True, index=pool.index)")


def unit(page, box):
    """Return the pixels of one unit of the map, which fits its stage whole."""
    tall = float(page.run("print(coverage_map.panel.tall)"))
    return min(box["width"] / 2, box["height"] / 2 / tall)


def test_a_lasso_selects_what_lies_inside_and_filters_the_bench(bench):
    page = bench
    canvas = page.locator(".coverage-map canvas")
    page.locator(".coverage-map .draw").click()
    canvas.evaluate("element => element.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    half = box["height"] * 0.2
    page.mouse.move(x - half, y - half)
    page.mouse.down()
    for dx, dy in ((half, -half), (half, half), (-half, half), (-half, -half)):
        page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "() => document.querySelector('.coverage-map .count').textContent.includes('lasso')"
    )
    inside = page.run(
        f"{POINTS}\nside = {half} / {unit(page, box)}\n"
        "print(int((np.abs(p) <= side).all(axis=1).sum()), len(coverage_map.selected))"
    )
    expected, chosen = map(int, inside.split())
    assert chosen > 100
    assert abs(chosen - expected) <= 0.04 * expected  # a pixel at the rim
    settle(page, "pool.index.to_series().isin(coverage_map.selected)")
    nothing_ran(page)
    page.locator(".filter-bench .undo").click()
    settle(page, "pd.Series(True, index=pool.index)")


def test_the_map_by_keyboard_and_its_names_as_text(bench, artefacts):
    page = bench
    painted = "() => Number(document.querySelector('.coverage-map').dataset.painted)"
    page.locator(".coverage-map canvas").focus()
    before = page.evaluate(painted)
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"n => ({painted})() > n", arg=before)
    page.keyboard.press("0")
    assert "<script>window.canary=1</script>" in page.locator(".coverage-map .legend").inner_text()
    page.locator(".coverage-map select.pick").select_option("2")
    settle(page, "clusters == 2")
    page.locator(".filter-bench .undo").click()
    settle(page, "pd.Series(True, index=pool.index)")
    page.get_by_label("colour by").select_option("rating")
    page.wait_for_function(
        "() => document.querySelector('.coverage-map .legend').textContent.includes('or less')"
    )
    page.locator(".coverage-map").screenshot(path=str(artefacts / "coverage-map.png"))
    nothing_ran(page)


def test_the_mouse_reads_a_point_as_text(bench):
    page = bench
    canvas = page.locator(".coverage-map canvas")
    canvas.evaluate("element => element.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    point = json.loads(page.run(f"{POINTS}\nprint(json.dumps(p[0].tolist()))"))
    x = box["x"] + box["width"] / 2 + point[0] * unit(page, box)
    y = box["y"] + box["height"] / 2 - point[1] * unit(page, box)
    page.mouse.move(x - 30, y)
    page.mouse.move(x, y, steps=3)
    page.locator(".coverage-map .tip").wait_for()
    assert "Task" in page.locator(".coverage-map .tip").inner_text()
    nothing_ran(page)


def test_ten_ratings_and_ten_verdicts_by_keyboard(open_notebook, artefacts):
    page = open_notebook("people.ipynb", SETUP, PEOPLE)
    page.locator(".rater").focus()
    assert "<script>window.canary=1</script>" in page.locator(".rater .card").inner_text()
    for done, key in enumerate(["3", "Shift+Digit4", "0", "5", "s", "2", "1", "u", "4", "3", "2"]):
        page.keyboard.press(key)
        wanted = [1, 2, 3, 4, 5, 6, 7, 6, 7, 8, 9][done]
        page.wait_for_function(
            "n => document.querySelector('.rater .count').textContent.startsWith(`${n} of`)",
            arg=wanted,
        )
    page.keyboard.press("r")
    page.keyboard.type("so so")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('.rater .count').textContent.startsWith('10 of')"
    )
    said = json.loads(
        page.run(
            "r = rate.ratings\n"
            "given = [None if np.isnan(rating) else rating for rating in r['rating']]\n"
            "same = r['id'].tolist() == pool.index[:10].tolist()\n"
            "print(json.dumps([given, r['reason'].tolist()[-1], same]))"
        )
    )
    assert said == [[3, 4.5, 0, 5, None, 2, 4, 3, 2, 3.0], "so so", True]

    page.locator(".pair-judge").focus()
    for done, key in enumerate(
        ["1", "2", "0", "ArrowLeft", "ArrowRight", "ArrowDown", "1", "1", "2", "s"], 1
    ):
        page.keyboard.press(key)
        page.wait_for_function(
            "n => document.querySelector('.pair-judge .count').textContent.startsWith(`${n} of`)",
            arg=done,
        )
    sides = json.loads(
        page.run(
            "v = pair_judge.verdicts\n"
            "known = {'a': {'a': 'left', 'b': 'right'}, 'b': {'b': 'left', 'a': 'right'}}\n"
            "sides = [None if not isinstance(w, str) else 'tie' if w == 'tie' else known[f][w]\n"
            "         for f, w in zip(v['first'], v['verdict'])]\n"
            "print(json.dumps(sides))"
        )
    )
    assert sides == ["left", "right", "tie", "left", "right", "tie", "left", "left", "right", None]
    nothing_ran(page)
    page.screenshot(path=str(artefacts / "people.png"), full_page=True)
    assert page.problems == []


def test_after_a_restart_of_the_kernel_the_rater_goes_on(open_notebook):
    page = open_notebook(
        "restart.ipynb", SETUP, "rate = widgets.Rater(pool.head(5), rater='cleo')\nrate"
    )
    page.locator(".rater").focus()
    page.keyboard.press("4")
    page.wait_for_function(
        "() => document.querySelector('.rater .count').textContent.startsWith('1 of')"
    )
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(
        "() => document.querySelector('.rater .count')?.textContent.startsWith('1 of')"
    )
    assert page.problems == []


def test_stop_is_heard_while_work_goes_on(open_notebook):
    code = """from lab import widgets
def count(stop):
    n = 0
    while not stop.wait(0.05):
        n += 1
    return n
work = widgets.Work(count, title="<b>counting</b>")
work"""
    page = open_notebook("work.ipynb", code)
    status = page.locator(".monitor .count")
    status.wait_for()
    assert status.inner_text() == "<b>counting</b>: running"
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('.monitor .count').textContent.endsWith('stopped')"
    )
    assert int(page.run("print(work.result(5))")) > 0
    assert page.problems == []


def test_an_answer_is_written_and_mended_by_keyboard(open_notebook, artefacts):
    code = "write = widgets.Writer(pool.head(3), rater='dora')\nwrite"
    page = open_notebook("write.ipynb", SETUP, code)
    field = page.locator(".writer textarea")
    field.wait_for()
    count = "n => document.querySelector('.writer .count').textContent.startsWith(`${n} of`)"
    field.fill("s and u are letters here.")
    page.keyboard.press("Control+Enter")
    page.wait_for_function(count, arg=1)
    page.locator(".writer").focus()
    page.keyboard.press("e")
    page.keyboard.press("Control+End")
    page.keyboard.type(" And more.")
    page.screenshot(path=str(artefacts / "writer.png"))
    page.keyboard.press("Control+Enter")
    page.wait_for_function(count, arg=2)
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.wait_for_function(count, arg=1)
    said = json.loads(page.run("import json; print(json.dumps(write.examples['output'].tolist()))"))
    assert said == ["s and u are letters here."]
    assert page.problems == []
