import base64
import gzip
import io
import json

import numpy as np
import pytest
from tqdm import tqdm

from lab.report import outputs

HOSTILE = [
    "<script>window.canary = 1</script>",
    "<img src=x onerror='window.canary=1'>",
    '<a href="javascript:window.canary=1">x</a>',
    "<svg onload=window.canary=1>",
    "<iframe srcdoc='<script>parent.canary=1</script>'></iframe>",
    "<style>body{background:url(https://x.org)}</style>",
    "<math><mi xlink:href='javascript:canary=1'>x</mi></math>",
    "<form action='https://x.org'><button formaction='javascript:1'>x</button></form>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markup_becomes_text(text):
    shown = outputs.safe(f"<p>before {text} after</p>")
    for sign in ("<script", "<img", "<svg", "<iframe", "<style", "<math", "<form", 'href="java'):
        assert sign not in shown
    assert "before" in shown
    assert "after" in shown


def test_harmless_markup_stays():
    markup = '<table class="dataframe"><tbody><tr><td colspan="2">1</td></tr></tbody></table>'
    assert outputs.safe(markup) == markup
    assert outputs.safe('<a href="https://x.org">x</a>') == '<a href="https://x.org">x</a>'
    assert 'style="color: red;"' in outputs.safe('<p style="color: red; position: fixed">x</p>')


def test_pictures_are_shown_only_from_their_own_data():
    assert outputs.safe("<img src=x onerror=1>") == "&lt;img src=x onerror=1&gt;"
    assert "<img" not in outputs.safe('<img alt="a" src="https://x.org/a.png">')
    assert 'src="data:image/png;base64,AA"' in outputs.safe('<img src="data:image/png;base64,AA">')


def test_raw_html_in_markdown_is_held_to_the_same_list():
    shown = outputs.markdown("# A <script>canary=1</script>\n\n[x](javascript:canary=1) **b**")
    assert "<script>" not in shown
    assert "javascript:" not in shown.replace("[x](javascript:canary=1)", "")
    assert "<strong>b</strong>" in shown


def test_ansi_codes_become_colours_and_markup_stays_text():
    item = {"output_type": "stream", "name": "stdout", "text": "\x1b[31m<b>red\x1b[0m"}
    shown = outputs.output(item, outputs.Drawn())
    assert "ansi-red-fg" in shown
    assert "&lt;b&gt;red" in shown


@pytest.mark.parametrize(
    "bar", [{"total": 3, "desc": "arms"}, {"total": 40, "unit": "call", "postfix": "usd=1"}, {}]
)
def test_the_control_of_a_finished_bar_is_left_away(bar):
    with tqdm(file=io.StringIO(), **bar) as made:
        said = str(made)
    data = {outputs.WIDGET: {"model_id": "1"}, "text/plain": said}
    drawn = outputs.Drawn()
    assert outputs.output({"output_type": "display_data", "data": data}, drawn) == ""
    assert drawn.notes == []
    data["text/plain"] = "IntSlider(value=3)"
    assert "control is here" in outputs.output({"output_type": "display_data", "data": data}, drawn)


def test_a_progress_line_is_shown_once():
    item = {"output_type": "stream", "name": "stdout", "text": "1/3\r2/3\r3/3\n"}
    assert ">3/3<" in outputs.output(item, outputs.Drawn())


def test_a_figure_becomes_data_and_leaves_its_place():
    figure = {"data": [{"x": [1, 2], "y": [3, 4]}], "layout": {"title": {"text": "<b>A"}}}
    drawn = outputs.Drawn()
    shown = outputs.output({"output_type": "display_data", "data": {outputs.FIGURE: figure}}, drawn)
    assert 'class="plot" id="plot-1" role="figure" aria-label="A"' in shown
    payload = gzip.decompress(base64.b64decode(drawn.payloads[0]))
    assert json.loads(payload) == figure


def test_hover_texts_are_cut():
    figure = {
        "data": [{"x": [1], "text": ["a" * 500], "customdata": [["b" * 500, 1]]}],
        "layout": {},
    }
    made, note = outputs.shortened(figure)
    assert len(made["data"][0]["text"][0]) == outputs.HOVER_LIMIT
    assert len(made["data"][0]["customdata"][0][0]) == outputs.HOVER_LIMIT
    assert note == ""
    assert len(figure["data"][0]["text"][0]) == 500


def test_a_large_figure_is_thinned_evenly_with_all_its_columns_and_says_so():
    n = 3 * outputs.POINT_LIMIT
    values = np.arange(n, dtype="<f8")
    encoded = {"dtype": "f8", "bdata": base64.b64encode(values.tobytes()).decode()}
    trace = {
        "type": "scattergl",
        "x": encoded,
        "y": values.tolist(),
        "text": [str(i) for i in range(n)],
        "marker": {"color": encoded, "size": 3},
    }
    made, note = outputs.shortened({"data": [trace], "layout": {}})
    kept = made["data"][0]
    assert kept["x"] == kept["y"] == kept["marker"]["color"] == values[::3].tolist()
    assert kept["text"][:2] == ["0", "3"]
    assert kept["marker"]["size"] == 3
    assert note == f"{outputs.POINT_LIMIT:,} of {n:,} points shown here, evenly taken"


def test_a_live_control_is_said_to_be_left_out():
    drawn = outputs.Drawn()
    data = {outputs.WIDGET: {"model_id": "1"}, "text/plain": "IntSlider()"}
    shown = outputs.output({"output_type": "display_data", "data": data}, drawn)
    assert "open the notebook" in shown
    assert drawn.notes == ["a control was left out"]


def test_svg_is_shown_as_a_picture_in_which_nothing_runs():
    data = {"image/svg+xml": "<svg onload='canary=1'/>"}
    shown = outputs.output({"output_type": "display_data", "data": data}, outputs.Drawn())
    assert shown.startswith('<img alt="')
    assert "onload" not in shown
