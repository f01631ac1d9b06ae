"""One executed notebook as one HTML file that needs nothing else, and the index of all pages."""

import html
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lab import origins
from lab.report import books, cards, outputs, scrub, thumbnail, told
from lab.report.execute import Execution

TEMPLATES = Path(__file__).parent / "templates"
HEADING = re.compile(r"<h([123])\b[^>]*>(.*?)</h\1>", re.DOTALL)
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")  # in HTML
BADGES = {
    "testbed": "made on the testbed, a small world whose truth is known; not about real models",
    "samples": "made with the few sample files that come with the project",
    "local": "made with data, models and servers of one's own",
    "mixed": "made in part with the testbed or sample files, in part with what is one's own",
}


@dataclass(frozen=True)
class Page:
    """A rendered page, and what the index shows of it."""

    name: str
    html: str
    figures: int
    card: dict[str, Any]  # plain values: title, question, setting, verdict, seconds, picture …


def render(execution: Execution) -> Page:
    """Return the page of an executed notebook."""
    drawn = outputs.Drawn()
    contents: list[tuple[int, str, str]] = []  # level, id, text
    cells = [
        _cell(number, cell, drawn, contents)
        for number, cell in enumerate(execution.book.cells, 1)
        if cell.source.strip() or cell.get("outputs")
    ]
    card = _card(execution, drawn)
    name, facts = execution.task.name, _facts(execution)
    nonce = secrets.token_urlsafe(16)
    page = _environment().get_template("page.html.j2").render(
        card=card,
        cells=cells,
        contents=contents,
        nonce=nonce,
        css=_template("page.css"),
        code_css=_code_css(),
        script=_template("page.js"),
        plotly=_plotly() if drawn.figures else "",
        payloads=drawn.payloads,
        up="../" * name.count("/"),
        facts=facts,
        held=cards.written(card, facts),
        notes=sorted(set(drawn.notes)),
    )  # fmt: skip
    return Page(name, allowed(page), len(drawn.figures), card)


def index(shown: Sequence[Mapping[str, Any]]) -> str:
    """Return the index page over cards; the `state` of one says what its page waits for."""
    done = [card for card in shown if not card["state"] and card["began"]]
    rows = [(card, row) for card in shown for row in card["verdicts"]]
    strips = told.strips([row for _, row in rows])
    settings = sorted({card["setting"] for card in shown if card["setting"]})
    page: str = _environment().get_template("index.html.j2").render(
        cards=shown,
        verdicts=[(card, row, strip) for (card, row), strip in zip(rows, strips, strict=True)],
        settings=settings,
        done=len(done),
        waiting=sum(bool(card["state"]) for card in shown),
        good=sum(not card["error"] for card in done),
        nonce=secrets.token_urlsafe(16),
        css=_template("page.css"),
        script=_template("page.js"),
    )  # fmt: skip
    return allowed(page)


def comparison(
    names: Sequence[str], shown: Sequence[Mapping[str, Any]], facts: Sequence[cards.Facts]
) -> str:
    """Return a page over the cards and facts of several pages, side by side."""
    rows = [row for card in shown for row in card["verdicts"]]
    drawn = iter(zip(rows, told.strips(rows), strict=True))
    found: dict[str, list[Any]] = {}
    for at, card in enumerate(shown):
        for row in card["verdicts"]:
            found.setdefault(row["name"], [None] * len(shown))[at] = next(drawn)
    page: str = _environment().get_template("comparison.html.j2").render(
        names=names,
        cards=shown,
        verdicts=found,
        differing=cards.differing(facts),
        nonce=secrets.token_urlsafe(16),
        css=_template("page.css"),
        script=_template("page.js"),
    )  # fmt: skip
    return allowed(page)


def allowed(page: str) -> str:
    r"""Return `page` with characters that HTML forbids as pictures of themselves.

    Examples
    --------
    >>> allowed("\x1b[31m and \ufffe")
    '␛[31m and �'
    """
    return FORBIDDEN.sub(_picture, page)


def _picture(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code == 0x7F:
        return "␡"
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _cell(
    number: int, cell: Any, drawn: outputs.Drawn, contents: list[tuple[int, str, str]]
) -> dict[str, Any]:
    if cell.cell_type == "markdown":
        return {"number": number, "prose": _headed(outputs.markdown(cell.source), contents)}
    if cell.cell_type == "raw":
        return {"number": number, "prose": f"<pre>{html.escape(cell.source)}</pre>"}
    shown = [outputs.output(item, drawn) for item in cell.outputs]
    lines = len(cell.source.splitlines())
    failed = any(item["output_type"] == "error" for item in cell.outputs)
    return {
        "number": number,
        "code": _highlighted(cell.source),
        "lines": f"{lines} line{'' if lines == 1 else 's'} of code",
        "outputs": shown,
        "failed": failed,
    }


def _headed(prose: str, contents: list[tuple[int, str, str]]) -> str:
    """Give each heading an id, and note it in `contents`."""

    def mark(match: re.Match[str]) -> str:
        level, inner = int(match[1]), match[2]
        text = html.unescape(re.sub(r"<[^>]*>", "", inner)).strip()
        key = f"section-{len(contents) + 1}"
        contents.append((level, key, text))
        return f'<h{level} id="{key}">{inner}</h{level}>'

    return HEADING.sub(mark, prose)


def _card(execution: Execution, drawn: outputs.Drawn) -> dict[str, Any]:
    record, book = execution.record, execution.book
    title, question = books.title(book)
    at = _telling(drawn.figures)
    picture = None if at is None else drawn.figures[at]
    setting = origins.label(record["used"])
    verdicts = told.verdicts(drawn.figures)
    claims = books.claims(book)
    error = record["error"]
    return {
        "name": execution.task.name,
        "title": title,
        "question": question,
        "setting": "" if setting == "unknown" else setting,
        "badge": _badge(setting, record["used"]),
        "claims": claims,
        "answers": drawn.answers,
        "verdicts": [{**row, "sentence": told.sentence(row)} for row in verdicts],
        "pictured": 0 if at is None else at + 1,
        "error": error,
        "verdict": _verdict(error, len(claims)),
        "began": record["began"],
        "seconds": record["seconds"],
        "commit": record["commit"][:7] + ("+" if record["dirty"] else ""),
        "figures": len(drawn.figures),
        "picture": _picture_of(picture, title),
    }


def _picture_of(figure: dict[str, Any] | None, title: str) -> str:
    if figure is None:
        return ""
    if rows := told.verdicts([figure]):
        return told.forest(rows, label=f"the verdicts of {title}")
    return thumbnail.svg(figure, label=f"a figure of {title}")


def _badge(setting: str, used: Mapping[str, Sequence[str]]) -> str:
    """Return what a label means, and for what is one's own its names."""
    named = origins.sentence(used) if setting in ("local", "mixed") else ""
    return ": ".join(part for part in (BADGES.get(setting, ""), named) if part)


def _telling(figures: Sequence[dict[str, Any]]) -> int | None:
    """Return the place of the figure for the index: verdicts, or the first map, or the last."""
    filled = [at for at, figure in enumerate(figures) if figure["data"]]
    judged = [at for at in filled if told.verdicts([figures[at]])]
    maps = [at for at in filled if thumbnail.is_map(figures[at])]
    return next(iter(judged[-1:] or maps[:1] or filled[-1:]), None)


def _verdict(error: Mapping[str, Any] | None, claims: int) -> str:
    if error:
        return f"stopped in cell {error['cell']}: {error['name']}"
    if claims == 0:
        return "ran to its end; it claims nothing"
    return f"{claims} claim{'' if claims == 1 else 's'} checked, all hold"


def _facts(execution: Execution) -> dict[str, dict[str, str]]:
    """Return where the page comes from, as tables of names and values."""
    record = execution.record
    commit = record["commit"][:12] or "unknown"
    made = {
        "executed": f"{record['began']}, {record['seconds']:.1f} s",
        "notebook": f"{execution.task.name}, fingerprint {record['fingerprint'][:12]}",
        "commit": commit + (" with changes not committed" if record["dirty"] else ""),
        "machine": f"{record['machine']}, Python {record['python']}",
    }
    files = {_short(name): f"sha256 {mark[:16]}" for name, mark in record["files"].items()}
    return {
        "Made": made,
        "Parameters": {name: repr(value) for name, value in record["params"].items()},
        "Versions": dict(record["versions"]),
        "Data read": files,
        "Runs used": dict.fromkeys(record["runs"], ""),
    }


def _short(name: str) -> str:
    return scrub.scrubber()(name)


def _highlighted(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    marked: str = highlight(source, get_lexer_by_name("ipython3"), HtmlFormatter(nowrap=True))
    return marked


@lru_cache(maxsize=1)
def _code_css() -> str:
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="bw").get_style_defs(".code pre")
    dark = HtmlFormatter(style="github-dark").get_style_defs('[data-theme="dark"] .code pre')
    return f"{light}\n{dark}"


@lru_cache(maxsize=1)
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return outputs.packed(get_plotlyjs())


@lru_cache(maxsize=8)
def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
