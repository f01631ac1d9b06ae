"""Documents cut into the pieces that may be answers: the text below one header.

Source: Li et al. 2024, arXiv:2308.06259, section 3.1: segments of 600 to 3,000 characters;
repetitive ones and those under empty, shouted or navigational headers are left out.
"""

import html
import re
from collections.abc import Iterable
from html.parser import HTMLParser

import pandas as pd

from lab import filters, records

LEAST, MOST = 600, 3_000  # characters
HEADER = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
NAVIGATION = re.compile(
    r"^(?:home|menu|navigation|contents?|search|share|login|related|comments?|footer|cookies?|"
    r"about us|contact|目录|首页|导航|搜索|登录|评论|联系我们)\b",
    re.IGNORECASE,
)
HEADERS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
BLOCKS = frozenset(("p", "div", "li", "br", "tr", "pre", "blockquote", "section", "article"))
HIDDEN = frozenset(("script", "style", "nav", "footer", "header", "noscript", "template"))


class _Reader(HTMLParser):
    """Reads a page as (header, text) pairs; scripts and navigation are passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[list[str], list[str]]] = [([], [])]
        self._hidden = 0
        self._in_header = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in HIDDEN:
            self._hidden += 1
        elif tag in HEADERS:
            self._in_header = True
            self.parts.append(([], []))
        elif tag in BLOCKS:
            self.parts[-1][1].append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in HEADERS:
            self._in_header = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts[-1][0 if self._in_header else 1].append(data)


def segments(
    documents: Iterable[str],
    *,
    min_characters: int = LEAST,
    max_characters: int = MOST,
    max_repeated: float = 0.3,
) -> pd.DataFrame:
    r"""Cut documents (HTML, Markdown or plain text) into a pool of outputs without instructions.

    Source: Li et al. 2024, arXiv:2308.06259, section 3.1 and its appendix.
    Cost: a pass over the text.

    Parameters
    ----------
    documents : iterable of str
        One text each.
    min_characters, max_characters : int
        Length of a segment, both included.
    max_repeated : float
        Share of runs of words that may come twice, 0 to 1; see `filters.no_repetition`.

    Returns
    -------
    DataFrame
        A pool: `instruction` is "", `output` the segment, with `header` and `document` (number).

    Raises
    ------
    ValueError
        If the bounds are out of order.

    Examples
    --------
    >>> page = "# Tea\n" + "Tea is made from leaves. " * 4 + "\n# Menu\nHome"
    >>> segments([page], min_characters=20, max_repeated=1)["header"].tolist()
    ['Tea']
    """
    if not 0 <= min_characters <= max_characters:
        raise ValueError(
            f"min_characters must be from 0 to max_characters={max_characters}, "
            f"got {min_characters}"
        )
    rows = []
    for number, document in enumerate(documents):
        for header, text in _parts(document):
            title = " ".join(header.split())
            if not _speaks(title) or not min_characters <= len(text) <= max_characters:
                continue
            rows.append({"instruction": "", "output": text, "header": title, "document": number})
    pool = records.frame(rows, source="segments")
    if not len(pool):
        return pool
    kept: pd.DataFrame = pool[filters.no_repetition(pool, max_repeated=max_repeated)]
    return kept


def _parts(document: str) -> list[tuple[str, str]]:
    if re.search(r"<(?:html|body|h[1-6]|p|div)\b", document, re.IGNORECASE):
        reader = _Reader()
        reader.feed(document)
        return [("".join(head), _tidy("".join(body))) for head, body in reader.parts]
    found: list[tuple[str, list[str]]] = [("", [])]
    fenced = False
    for line in document.splitlines():
        fenced ^= line.lstrip().startswith("```")
        header = None if fenced else HEADER.match(line)
        if header:
            found.append((header[1], []))
        else:
            found[-1][1].append(line)
    if len(found) == 1:  # plain text: a paragraph is a piece
        return [("text", part.strip()) for part in re.split(r"\n\s*\n", document)]
    return [(html.unescape(head), _tidy("\n".join(body))) for head, body in found]


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _speaks(header: str) -> bool:
    """Tell whether a header says something: not empty, not shouted, not navigation."""
    shouted = header.isupper() and len(header) > 3
    return bool(header) and not shouted and NAVIGATION.match(header) is None
