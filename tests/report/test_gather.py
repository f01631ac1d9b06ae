import shutil

import pytest

from lab import paths, report
from lab.errors import DataError
from lab.report import check, gather

FOREST = """
import pandas as pd
from lab import ablate
from lab.report import figures_verdicts
outcomes = pd.DataFrame({("a", 0): [1.0] * 90 + [0.0] * 10, ("b", 0): [0.0, 1.0] * 50})
claim = ablate.more("a beats <b>.", "a", "b", by=0.1 * N)
figures_verdicts.forest(ablate.verdicts({"order": claim}, outcomes), xlabel="points")
"""


@pytest.fixture
def two_people(write, tmp_path):
    """Two people's folders, each with a page of one notebook."""
    path = write("mine", FOREST)
    for name, n in (("ann", 1), ("bo", 2)):
        made = report.render([path], params={"N": n}).pages[0]
        (tmp_path / name).mkdir()
        shutil.copy(made, tmp_path / name / "mine.html")
    return tmp_path


def test_the_index_of_a_page_tells_its_verdicts(write):
    outcome = report.render([write("mine", FOREST)], params={"N": 1})
    first = outcome.pages[0].read_text().split("</header>")[0]
    assert '<li class="supported"><b>supported</b> a beats &lt;b&gt;.' in first
    index = outcome.index.read_text()
    assert "a beats &lt;b&gt;." in index
    assert index.count('class="strip"') == 1
    assert check.problems(index, figures=0) == []


def test_an_index_over_several_people(two_people):
    index = gather.gather(two_people).read_text()
    assert index.count("a beats &lt;b&gt;.</td>") == 2
    assert 'href="ann/mine.html"' in index
    assert 'href="bo/mine.html"' in index
    assert check.problems(index, figures=0) == []
    again = gather.gather(two_people).read_text()  # its own index is no page
    assert again.count('class="strip"') == 2


def test_pages_side_by_side(two_people, tmp_path):
    pages = [two_people / name / "mine.html" for name in ("ann", "bo")]
    text = gather.compare(pages, tmp_path / "both.html").read_text()
    assert "ann/mine and bo/mine" in text
    assert text.count('class="strip"') == 2
    differing = text.split("What differs")[1]
    assert '<th scope="row">N</th><td>1</td><td>2</td>' in differing
    assert "python" not in differing.lower()  # what is equal is not listed
    assert check.problems(text, figures=0) == []


def test_what_cannot_be_gathered_or_compared(tmp_path):
    with pytest.raises(DataError, match="no page of a report"):
        gather.gather(tmp_path)
    with pytest.raises(ValueError, match="pages must be two or more, got 1"):
        gather.compare([paths.reports() / "a.html"], tmp_path / "out.html")
