import pytest

from lab.report import check

SOUND = '<p id="a"><a href="https://example.org">link</a><br><img src="data:image/png;base64,"></p>'


def test_a_sound_page_has_no_problems():
    page = SOUND + (
        '<div class="plot" id="b"></div><script type="application/x-figure">{}</script>'
        '<svg><circle r="1"/></svg>'
    )
    assert check.problems(page, figures=1) == []


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ('<script src="https://x.org/a.js"></script>', "script asks for https://x.org/a.js"),
        ('<link rel="stylesheet" href="//x.org/a.css">', "link asks for //x.org/a.css"),
        ("<style>@import 'a.css'</style>", "a style asks for something outside"),
        ('<p style="background: url(https://x.org)">a</p>', "p asks for"),
        ('<p onclick="x()">a</p>', "p has a handler in its markup: onclick"),
        ('<a href=" JavaScript:x()">a</a>', "a has a javascript: link"),
        ('<p id="a">a</p><p id="a">b</p>', "two elements have the id a"),
        ("<div><p>a</div>", "</div> closes nothing"),
        ("<div>", "<div> is not closed"),
    ],
)
def test_what_is_wrong_is_named(page, problem):
    assert any(problem in found for found in check.problems(page, figures=0))


def test_plots_are_counted_against_figures():
    found = check.problems('<div class="plot"></div>', figures=2)
    assert found == [
        "1 plots on the page for 2 figures in the notebook",
        "0 figures with data for 2 figures in the notebook",
    ]
