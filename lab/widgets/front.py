"""The files of the widgets that run in the browser."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
STYLE = STATIC / "widgets.css"


def script(name: str) -> str:
    """Return a widget's JavaScript with what all of them share in front of it."""
    return "".join((STATIC / f"{part}.js").read_text(encoding="utf-8") for part in ("dom", name))
