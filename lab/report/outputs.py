"""Outputs of cells as HTML that cannot run: what models and people wrote is untrusted.

Markup is kept by an allow-list; anything else in it is shown as the text it is. Figures become
data that the page draws, so that nothing an output holds is ever a script.
"""

import base64
import gzip
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.report import told

FIGURE = "application/vnd.plotly.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
ANSWER_LIMIT = 400  # characters
HOVER_LIMIT = 400  # characters of a hover text kept in a page, markup included
POINT_LIMIT = 60_000  # points of one figure kept in a page
TEXT_LIMIT = 200_000  # characters of one text output kept in a page
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del",
    "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small",
    "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES: dict[str, list[str]] = {
    "*": ["class", "title", "dir", "lang", "role", "aria-label", "style"],
    "a": ["href"],
    "img": ["src", "alt", "width", "height"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
    "details": ["open"],
    "ol": ["start"],
}
STYLES = [
    "background", "background-color", "border", "border-bottom", "border-left", "color", "display",
    "flex", "font-family", "font-size", "font-style", "font-weight", "gap", "height", "margin",
    "margin-top", "max-width", "min-width", "opacity", "overflow", "padding", "text-align",
    "text-decoration", "vertical-align", "white-space", "width",
]  # fmt: skip
_FOREIGN_IMAGE = re.compile(r"""<(?=img\b(?![^>]*\bsrc\s*=\s*["']?data:image/))""", re.IGNORECASE)
_BAR = re.compile(r" \[\d\d:\d\d(:\d\d)?[<,]")  # the clock of tqdm
_BLOCKS = re.compile(r"<(style)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)


@dataclass
class Drawn:
    """What was made of the outputs of one notebook."""

    figures: list[dict[str, Any]] = field(default_factory=list)  # in order, as shown
    payloads: list[str] = field(default_factory=list)  # the same, packed
    notes: list[str] = field(default_factory=list)  # what was left out, one line each
    answers: list[str] = field(default_factory=list)  # what the notebook answers, one sentence each


def safe(markup: str) -> str:
    """Return `markup` with all but harmless tags, attributes, styles and links made plain text.

    Examples
    --------
    >>> safe('<b>bold</b> <script>alert(1)</script>')
    '<b>bold</b> &lt;script&gt;alert(1)&lt;/script&gt;'
    """
    import bleach
    from bleach.css_sanitizer import CSSSanitizer

    cleaned: str = bleach.clean(
        _FOREIGN_IMAGE.sub("&lt;", _BLOCKS.sub("", markup)),
        tags=TAGS,
        attributes=_allowed,
        protocols=["http", "https", "mailto", "data"],
        css_sanitizer=CSSSanitizer(allowed_css_properties=STYLES),
    )
    return cleaned


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "img" and name == "src":
        return value.startswith("data:image/") and "svg" not in value[:20]
    if name == "href":
        return value.startswith(("http://", "https://", "mailto:", "#"))
    return name in ATTRIBUTES["*"] or name in ATTRIBUTES.get(tag, [])


def output(cell_output: Mapping[str, Any], drawn: Drawn) -> str:
    """Return one output as HTML; a figure is noted in `drawn` and leaves its place."""
    kind = cell_output["output_type"]
    if kind == "stream":
        return _stream(cell_output["name"], str(cell_output["text"]))
    if kind == "error":
        return _error("\n".join(cell_output["traceback"]))
    data = cell_output["data"]
    drawn.answers += [_joined(data[name])[:ANSWER_LIMIT] for name in (told.ANSWER,) if name in data]
    if FIGURE in data:
        return _figure(data[FIGURE], drawn)
    if "text/html" in data:
        return _scrolling(safe(_joined(data["text/html"])))
    if "text/markdown" in data:
        return f'<div class="prose">{markdown(_joined(data["text/markdown"]))}</div>'
    for mime in ("image/png", "image/jpeg", "image/svg+xml"):
        if mime in data:
            return _image(mime, _joined(data[mime]))
    if WIDGET in data:
        if _BAR.search(_joined(data.get("text/plain", ""))):
            return ""  # what has come to its end needs no bar
        drawn.notes.append("a control was left out")
        text = "A control is here in JupyterLab; open the notebook to use it."
        return f'<p class="left-out">{text}</p>'
    return _text(_joined(data.get("text/plain", "")))


def markdown(source: str) -> str:
    """Return Markdown as HTML that cannot run; raw HTML in it is held to the same allow-list."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    converted: str = MarkdownWithMath(renderer=renderer).render(source)
    return safe(converted)


def packed(value: str) -> str:
    """Return a text gzipped and in base64, for a page that unpacks it."""
    return base64.b64encode(gzip.compress(value.encode("utf-8"), mtime=0)).decode("ascii")


def _figure(given: Mapping[str, Any], drawn: Drawn) -> str:
    number = len(drawn.figures) + 1
    figure = {"data": given.get("data", []), "layout": given.get("layout", {})}
    figure, note = shortened(figure)
    drawn.figures.append(figure)
    label = html.escape(_title(figure) or f"Figure {number}", quote=True)
    height = figure["layout"].get("height") or 450
    says = f'<p class="left-out">{html.escape(note)}</p>' if note else ""
    if note:
        drawn.notes.append(note)
    drawn.payloads.append(packed(json.dumps(figure, separators=(",", ":"))))
    saves = "".join(
        f'<button type="button" data-plot="plot-{number}" data-kind="{kind}">'
        f"{kind.upper()}</button>"
        for kind in ("svg", "png", "csv")
    )
    meta = figure["layout"].get("meta")
    caption = html.escape(str(meta.get("caption", ""))) if isinstance(meta, dict) else ""
    return (
        f'<figure class="drawn"><div class="plot" id="plot-{number}" role="figure" '
        f'aria-label="{label}" style="min-height:{int(height)}px"></div>'
        f'<figcaption>{caption} <span class="saves">{saves}</span></figcaption></figure>{says}'
    )


def shortened(figure: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a figure with short hover texts and at most `POINT_LIMIT` points, and what to say.

    Points are left out evenly, from every trace that has more than its share.
    """
    traces = [dict(trace) for trace in figure["data"]]
    total = sum(_points(trace) for trace in traces)
    for trace in traces:
        for key in ("text", "hovertext"):
            if isinstance(trace.get(key), list):
                trace[key] = [_cut(item) for item in trace[key]]
        if isinstance(trace.get("customdata"), list):
            trace["customdata"] = [
                [_cut(item) for item in row] if isinstance(row, list) else _cut(row)
                for row in trace["customdata"]
            ]
    if total <= POINT_LIMIT:
        return {**figure, "data": traces}, ""
    step = -(-total // POINT_LIMIT)
    traces = [_thinned(trace, step) for trace in traces]
    shown = sum(_points(trace) for trace in traces)
    return {**figure, "data": traces}, f"{shown:,} of {total:,} points shown here, evenly taken"


def _thinned(trace: dict[str, Any], step: int) -> dict[str, Any]:
    length = _points(trace)
    if length <= step or trace.get("type") not in ("scatter", "scattergl"):
        return trace
    return {key: _every(value, length, step) for key, value in trace.items()}


def _every(value: Any, length: int, step: int) -> Any:
    if isinstance(value, dict) and "bdata" in value:
        value = decoded(value)
    if isinstance(value, list) and len(value) == length:
        return value[::step]
    if isinstance(value, dict):
        return {key: _every(item, length, step) for key, item in value.items()}
    return value


def _points(trace: Mapping[str, Any]) -> int:
    for axis in ("x", "y"):
        value = trace.get(axis)
        if isinstance(value, dict) and "bdata" in value:
            return len(decoded(value))
        if isinstance(value, list):
            return len(value)
    return 0


def decoded(value: Mapping[str, Any]) -> list[Any]:
    """Return the numbers of an array that plotly wrote in base64."""
    import numpy as np

    flat = np.frombuffer(base64.b64decode(value["bdata"]), dtype=np.dtype(value["dtype"]))
    shape = [int(size) for size in str(value.get("shape", flat.size)).split(",")]
    numbers: list[Any] = flat.reshape(shape).tolist()
    return numbers


def _cut(item: Any) -> Any:
    if isinstance(item, str) and len(item) > HOVER_LIMIT:
        return item[: HOVER_LIMIT - 1] + "…"
    return item


def _title(figure: Mapping[str, Any]) -> str:
    title = figure["layout"].get("title", "")
    text = title.get("text", "") if isinstance(title, dict) else title
    return re.sub(r"<[^>]*>", "", str(text or ""))


def _stream(name: str, text: str) -> str:
    lines = [line.rsplit("\r", 1)[-1] for line in text.rstrip("\n").split("\n")]
    shown = _text("\n".join(lines))
    if name == "stderr":
        return f'<details class="stderr"><summary>messages</summary>{shown}</details>'
    return shown


def _text(text: str) -> str:
    from nbconvert.filters import ansi2html

    cut = text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "\n… (cut here)"
    return f'<pre class="text" tabindex="0">{ansi2html(cut)}</pre>'


def _error(traceback: str) -> str:
    from nbconvert.filters import ansi2html

    return f'<pre class="error" role="alert" tabindex="0">{ansi2html(traceback)}</pre>'


def _scrolling(markup: str) -> str:
    return f'<div class="scroll" tabindex="0" role="region" aria-label="output">{markup}</div>'


def _image(mime: str, data: str) -> str:
    if mime == "image/svg+xml":  # as a picture, in which no script runs
        data = base64.b64encode(data.encode("utf-8")).decode("ascii")
    return f'<img alt="picture made by this cell" src="data:{mime};base64,{data.strip()}">'


def _joined(value: object) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
