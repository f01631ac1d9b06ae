"""What all figures share: colours, layout, and how a text of a pool is shown in them."""

import html
import re
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

if TYPE_CHECKING:
    import pandas as pd

CONFIG = {"showSendToCloud": False, "displaylogo": False, "typesetMath": False}
HOVER = 120  # characters of a text shown when the mouse is over its point
WEBGL = 2_000  # points; below this SVG is as fast, and sharp when printed
COLOURS = (  # told apart by most eyes, on white and on black (after Okabe & Ito)
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#b59f00",
    "#7a7a7a",
)
FAINT = "#aeb4bf"
ABOVE = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}  # a legend beside fills a telephone
LAYOUT: dict[str, Any] = {
    "template": "plotly_white",
    "margin": {"l": 40, "r": 20, "t": 40, "b": 40},
    "height": 480,
    "font": {
        "family": "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', sans-serif"
    },
}


class Figure(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A plotly figure that shows itself with `CONFIG`."""

    def show(self, *args: Any, **kwargs: Any) -> None:
        """Show the figure; a `config` given here adds to `CONFIG`."""
        super().show(*args, **{**kwargs, "config": {**CONFIG, **kwargs.get("config", {})}})

    def _ipython_display_(self) -> None:
        self.show()


def hover(texts: "pd.Series[str]", *, limit: int = HOVER) -> list[str]:
    """Return texts as a figure may show them: markup escaped, cut at `limit` characters.

    Examples
    --------
    >>> import pandas as pd
    >>> hover(pd.Series(["<b>bold</b>"]))
    ['&lt;b&gt;bold&lt;/b&gt;']
    """
    return [escaped(text if len(text) <= limit else text[: limit - 1] + "…") for text in texts]


def escaped(text: str) -> str:
    """Return a text as plotly may show it: no markup, lines kept."""
    return html.escape(text, quote=False).replace("\n", "<br>")


def measured(text: str) -> str:
    """Return the name of a measure as a reader says it.

    Examples
    --------
    >>> measured("difference in exact")
    'difference in exact match'
    """
    return re.sub(r"\bexact\b(?! match)", "exact match", text.replace("_", " "))
