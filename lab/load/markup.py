"""HTML to text: Markdown with all of its marks, or LIMA's way, code and lists alone.

Source of the second: Zhou et al. 2023, arXiv:2305.11206, section 2.1: links, images and HTML are
stripped, code blocks and lists stay.
"""

import re

_PAGE = re.compile(r"\s*<(?:p|div|pre|ul|ol|h[1-6]|table|blockquote)\b[^>]*>.*>\s*\Z", re.DOTALL)
_BUTTON = re.compile(r"(?m)^(\w[\w+#-]*)?Copy code`?$")
_KEPT = ["p", "br", "div", "pre", "code", "ul", "ol", "li"]


def is_page(text: str) -> bool:
    """Say whether a text is HTML as a whole, not a text that speaks of it.

    Examples
    --------
    >>> is_page("<p>Yes.</p>"), is_page("Write <p> first.")
    (True, False)
    """
    return _PAGE.match(text) is not None


def to_markdown(html: str) -> str:
    """Return HTML as Markdown; buttons that a page put beside code are left out.

    Examples
    --------
    >>> to_markdown("<p>A <b>big</b> <code>x_y</code>.</p>")
    'A **big** `x_y`.'
    """
    return _BUTTON.sub("", _written(html)).strip()


def to_text(html: str) -> str:
    r"""Return HTML as text in which only code and lists keep their marks.

    Examples
    --------
    >>> to_text('<p>See <a href="http://x.y">this</a>: <code>f()</code></p><ul><li>a</li></ul>')
    'See this: `f()`\n\n- a'
    """
    return _written(html, convert=_KEPT).strip()


def _written(html: str, convert: list[str] | None = None) -> str:
    from markdownify import markdownify

    text: str = markdownify(
        html,
        heading_style="ATX",
        bullets="-",
        escape_asterisks=False,
        escape_underscores=False,
        convert=convert,
    )
    return re.sub(r"\n{3,}", "\n\n", text)
