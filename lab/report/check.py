"""Is a page what it claims to be? As many plots as figures, and nothing asked from outside."""

import re
from html.parser import HTMLParser

LOADING = {  # attributes that make a browser load something by itself
    "src", "srcset", "poster", "data", "background", "action", "formaction", "ping",
}  # fmt: skip
VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
}  # fmt: skip
_OUTSIDE = re.compile(r"^\s*(?:https?:|//|ftp:|file:)", re.IGNORECASE)
_CSS = re.compile(r"url\(\s*['\"]?\s*(?:https?:)?//|@import", re.IGNORECASE)


def problems(page: str, *, figures: int) -> list[str]:
    """Return what is wrong with a rendered page, one line each; empty if nothing is.

    Looks for fewer or more plots than `figures`, requests that leave the page, elements with an
    `id` used before, handlers written into markup, and tags that are not closed.

    Examples
    --------
    >>> problems('<img src="https://example.org/a.png">', figures=0)
    ['img asks for https://example.org/a.png']
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    found = list(reader.found)
    if reader.plots != figures:
        found.append(f"{reader.plots} plots on the page for {figures} figures in the notebook")
    if reader.data != figures:
        found.append(f"{reader.data} figures with data for {figures} figures in the notebook")
    found += [f"<{tag}> is not closed" for tag in reader.open]
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[str] = []
        self.plots = self.data = 0
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.plots += "plot" in given.get("class", "").split()
        self.data += tag == "script" and given.get("type") == "application/x-figure"
        if "id" in given and given["id"] in self.ids:
            self.found.append(f"two elements have the id {given['id']}")
        self.ids.add(given.get("id", ""))
        for name, value in given.items():
            loads = name in LOADING or (tag == "link" and name == "href")
            if (loads and _OUTSIDE.match(value)) or (name == "style" and _CSS.search(value)):
                self.found.append(f"{tag} asks for {value[:200]}")
            if name.startswith("on"):
                self.found.append(f"{tag} has a handler in its markup: {name}")
            if value.strip().lower().startswith("javascript:"):
                self.found.append(f"{tag} has a javascript: link")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.found.append(f"</{tag}> closes nothing")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style" and _CSS.search(data):
            self.found.append("a style asks for something outside")
