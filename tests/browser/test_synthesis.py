"""The synthesis bench in a real JupyterLab: edit, try, judge by key, run, stop, go on."""

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SETUP = """
import json
from functools import partial
from lab import synth, testbed, widgets
pool = testbed.pool(60, seed=1)
teacher = testbed.Teacher(laziness=0.3, noise=0.5)
client = testbed.client(teacher, traffic=testbed.Traffic(latency_s=0.03))
methods = {"evol_instruct": partial(synth.evol_instruct, pool, client),
           "rewrite": partial(synth.rewrite, pool, client)}
"""
BENCH = """
bench = widgets.SynthesisBench(methods, pool=pool, name="browser")
bench
"""
TEXT = "([selector, text]) => document.querySelector(selector)?.textContent.includes(text)"


@pytest.fixture(scope="module")
def bench(open_notebook, artefacts):
    page = open_notebook("synthesis.ipynb", SETUP, BENCH, height=1400)
    page.locator(".synthesis .fields textarea").first.wait_for()
    yield page
    page.screenshot(path=str(artefacts / "synthesis.png"), full_page=True)
    assert page.problems == []


def value(page, expression):
    return json.loads(page.run(f"print(json.dumps({expression}))"))


def wait_for(page, selector, text):
    page.wait_for_function(TEXT, arg=[f".synthesis {selector}", text], timeout=60_000)


def test_from_the_prompt_to_a_run_that_goes_on(bench, artefacts):
    page = bench
    area = page.locator(".synthesis .fields textarea").first
    area.fill("Make the task harder in a way that only a careful reader notices.")
    page.get_by_role("button", name="Use this prompt").click()
    wait_for(page, ".sent", "only a careful reader notices")
    name = value(page, "bench.panel.view['first']")
    assert value(page, f"bench.terms.prompts[{name!r}].sections[0][1]").endswith("reader notices.")

    page.get_by_role("button", name="Try five").click()
    wait_for(page, ".count", "1 of 5, 0 judged")
    assert page.locator(".synthesis .pair .box").count() == 3
    root = page.locator(".synthesis")
    root.focus()
    for number in range(3):
        page.keyboard.press("a")
        wait_for(page, ".count", f"{number + 1} judged")
    page.keyboard.press("r")
    page.keyboard.type("says nothing new")
    page.keyboard.press("Enter")
    page.keyboard.press("x")
    wait_for(page, ".count", "4 judged")
    assert value(page, "bench.verdicts['verdict'].tolist()") == ["keep", "keep", "keep", "drop"]
    assert value(page, "bench.verdicts['reason'].tolist()")[-1] == "says nothing new"
    page.screenshot(path=str(artefacts / "synthesis-tried.png"), full_page=True)

    page.get_by_label("examples to keep").fill("50")
    page.locator(".synthesis .run").click()
    page.locator(".synthesis .stop:not([disabled])").wait_for()
    page.locator(".synthesis .stop").click()
    wait_for(page, ".state", "stopped by hand")
    before = value(page, "len(bench.result.examples)")
    assert before < 50
    assert f"{before} of 50 kept" in page.locator(".synthesis .facts").inner_text()
    page.locator(".synthesis .run").click()
    wait_for(page, ".state", "kept 50")
    kept, out = value(page, "[len(bench.result.examples), len(bench.result.rejects)]")
    facts = page.locator(".synthesis .facts").inner_text()
    assert (kept, f"50 of 50 kept, {out} rejected" in facts) == (50, True)
    reasons = value(page, "[[str(a), int(b)] for a, b in bench.result.reasons.items()]")
    rows = page.locator(".synthesis .reasons tbody tr")
    shown = [rows.nth(at).locator("td").all_inner_texts() for at in range(rows.count())]
    assert shown == [[a, str(b)] for a, b in reasons]
    assert ["rejected by hand", "1"] in shown


def test_after_a_restart_the_state_is_the_same_and_nothing_is_bought(bench):
    page = bench
    code = """
fresh = testbed.client(teacher, traffic=testbed.Traffic(latency_s=0.03))
again = widgets.SynthesisBench({"evol_instruct": partial(synth.evol_instruct, pool, fresh)},
                               pool=pool, name="browser")
again.run(50)
again.wait()
print(json.dumps([again.result.cost_usd, again.result.examples.equals(bench.result.examples),
                  len(again.panel.view["tries"]), len(again.verdicts)]))
"""
    assert json.loads(page.run(code)) == [0.0, True, 5, 4]


def test_the_family_and_the_code_are_shown_as_text(bench):
    page = bench
    page.get_by_role("button", name="Family").click()
    page.locator(".synthesis .family li").nth(1).wait_for()
    page.locator(".synthesis .code").click()
    wait_for(page, ".said", "synth.Terms(prompts=edited")
    assert page.locator(".synthesis script").count() == 0
