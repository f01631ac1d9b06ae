"""Pages as PDF, printed by a chromium with the network off."""

import os
from collections.abc import Sequence
from pathlib import Path

from lab.report import screen

WAIT_MS = 120_000  # for all plots of a page to be drawn
MARGIN = "12mm"
A4_PIXELS = {"width": 720, "height": 1040}  # between the margins
DRAWN = "() => !document.querySelector('.plot') || document.documentElement.dataset.drawn"


def print_pages(pages: Sequence[Path]) -> tuple[Path, ...]:
    """Print pages, each to a PDF beside it, on A4 in light colours; return the new files.

    Raises what `screen.browser` raises where Playwright or a chromium is missing.
    """
    made = []
    with screen.browser() as browser:
        for path in pages:
            context = browser.new_context(color_scheme="light", viewport=A4_PIXELS)
            context.set_offline(offline=True)
            page = context.new_page()
            page.goto(path.resolve().as_uri())
            page.wait_for_function(DRAWN, timeout=WAIT_MS)
            target = path.with_suffix(".pdf")
            part = target.with_name(f".{target.name}.{os.getpid()}")
            margins = dict.fromkeys(("top", "right", "bottom", "left"), MARGIN)
            page.pdf(path=str(part), format="A4", margin=margins, print_background=True)
            part.replace(target)
            made.append(target)
            context.close()
    return tuple(made)
