"""A curve that grows while a cell runs, such as the loss of a fine-tuning.

It is drawn as SVG into one display that is updated: no script, no network, and the last state stays
in a report.
"""

import math
from typing import Any

from IPython.display import HTML, display

WIDTH, HEIGHT, EDGE = 640, 200, 44
MOST_POINTS = 300  # drawn; a longer curve is thinned


class LiveCurve:
    """Hand it in as `watch`: it is called with (step, value) and shows the curve so far.

    Parameters
    ----------
    name : str
        What the values are.
    every : int
        Steps between two drawings, at least 1.
    """

    def __init__(self, name: str, *, every: int = 5) -> None:
        if every < 1:
            raise ValueError(f"every must be at least 1, got {every}")
        self.name, self.every = name, every
        self.points: list[tuple[int, float]] = []
        self._handle: Any = None

    def __call__(self, step: int, value: float) -> None:
        """Add a point; draw if it is time."""
        self.points.append((step, float(value)))
        if len(self.points) % self.every == 0:
            self.draw()

    def draw(self) -> None:
        """Show the curve so far, in place of the last drawing."""
        show: Any = display  # untyped, as is what it shows
        drawing: Any = HTML
        if self._handle is None:
            self._handle = show(drawing(self.svg()), display_id=True)
        else:
            self._handle.update(drawing(self.svg()))

    def svg(self) -> str:
        """Return the drawing; values that are no number are left out."""
        known = [(step, value) for step, value in self.points if math.isfinite(value)]
        if not known:
            return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img"></svg>'
        known = known[:: max(1, len(known) // MOST_POINTS)] + known[-1:]
        first, last = known[0][0], max(known[-1][0], known[0][0] + 1)
        low, high = 0.0, max(value for _, value in known) or 1.0
        low = min([low, *(value for _, value in known)])
        spots = " ".join(
            f"{EDGE + (WIDTH - 2 * EDGE) * (step - first) / (last - first):.1f},"
            f"{HEIGHT - EDGE / 2 - (HEIGHT - EDGE) * (value - low) / (high - low):.1f}"
            for step, value in known
        )
        title = f"{self.name}: {known[-1][1]:.3f} at step {known[-1][0]}"
        text = 'fill="currentColor" font-size="12"'
        return (
            f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{_safe(title)}">'
            f'<text x="{EDGE}" y="14" {text}>{_safe(title)}</text>'
            f'<text x="2" y="{EDGE / 2 + 4}" {text}>{high:.2f}</text>'
            f'<text x="2" y="{HEIGHT - EDGE / 2}" {text}>{low:.2f}</text>'
            f'<polyline points="{spots}" fill="none" stroke="#0072b2" stroke-width="2"/></svg>'
        )


def _safe(text: str) -> str:
    for plain, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(plain, written)
    return text
