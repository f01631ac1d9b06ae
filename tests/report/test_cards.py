import pytest

from lab.errors import DataError
from lab.report import cards

ROW = {
    "name": "a",
    "claim": "A.",
    "verdict": "supported",
    "equivalence": False,
    **dict.fromkeys(("difference", "low", "high", "margin"), 0.5),
}
CARD = {"title": "</script><script>alert(1)", "verdicts": [ROW], "seconds": 2, "error": None}


def page(tmp_path, card, facts=None):
    path = tmp_path / "page.html"
    held = cards.written(card, facts or {})
    path.write_text(f'<p>x</p><script type="application/json" id="card">{held}</script>')
    return path


def test_what_is_written_is_read_and_ends_no_script(tmp_path):
    path = page(tmp_path, CARD, {"Parameters": {"N": "4"}})
    assert path.read_text().count("</script>") == 1
    card, facts = cards.read(path)
    assert (card["title"], facts) == (CARD["title"], {"Parameters": {"N": "4"}})
    assert card["verdicts"][0]["sentence"] == "+0.500 [+0.500, +0.500]"


def test_a_picture_from_elsewhere_is_an_image_in_which_nothing_runs(tmp_path):
    hostile = '<svg onload="alert(1)"><script>alert(2)</script></svg>'
    card, _ = cards.read(page(tmp_path, {**CARD, "verdicts": [], "picture": hostile}))
    assert card["picture"].startswith("<img ")
    assert "alert" not in card["picture"]
    card, _ = cards.read(page(tmp_path, {**CARD, "verdicts": [], "picture": "<script>x</script>"}))
    assert card["picture"] == ""


def test_a_row_that_is_not_sound_is_left_out(tmp_path):
    card, _ = cards.read(page(tmp_path, {**CARD, "verdicts": [{**ROW, "low": "<b>"}, ROW]}))
    assert len(card["verdicts"]) == 1


@pytest.mark.parametrize("held", ["", "{}", "[1]", '{"card": 1, "facts": 2}', "{"])
def test_what_is_no_page_is_refused(tmp_path, held):
    path = tmp_path / "other.html"
    path.write_text(f'<script id="card">{held}</script>')
    with pytest.raises(DataError, match=r"other\.html.*not a page of a report"):
        cards.read(path)
