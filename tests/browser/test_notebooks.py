"""The notebooks of this project in a real JupyterLab, and the bench in each of them."""

import nbformat
import pytest

from lab.report import books

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAMES = ["03-filters", "07-coverage", "11-report"]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_and_its_bench_counts_as_python_does(
    name, jupyter, open_notebook, artefacts
):
    nbformat.write(books.read(books.find(name)), jupyter.folder / f"{name}.ipynb")
    page = open_notebook(f"{name}.ipynb")
    count = page.locator(".filter-bench .count").last
    count.wait_for()
    words = page.get_by_label("lowest words").last
    words.focus()
    before = count.inner_text()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "old => document.querySelector('.filter-bench .count').textContent !== old", arg=before
    )
    page.wait_for_timeout(500)
    code = """low = bench.criteria.ranges['words'][0]
rest = bench.criteria.mask(pool, bench.scores, bench.masks) & (score.length(pool) >= low)
print(f'{int(rest.sum()):,} of {len(pool):,} kept')"""
    assert count.inner_text() == page.run(code).strip()
    page.screenshot(path=str(artefacts / f"{name}.png"))
    assert page.problems == []
