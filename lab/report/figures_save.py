"""A figure as a file, drawn by a browser on this machine."""

from pathlib import Path

import plotly.graph_objects as go

from lab.errors import MissingPackageError
from lab.report import screen

ENDINGS = (".svg", ".png", ".webp", ".pdf")


def save(figure: go.Figure, path: str | Path, *, width: int = 900, height: int = 560) -> Path:
    """Draw a figure to a file by a browser on this machine; needs no network.

    Parameters
    ----------
    figure : Figure
        Any plotly figure.
    path : str or Path
        Ends in .svg, .png, .webp or .pdf.
    width, height : int
        In pixels.

    Raises
    ------
    ValueError
        If the ending is another.
    MissingPackageError
        If kaleido is not there.
    WinnowError
        Without a chromium; the message says what helps.
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise ValueError(f"the file must end in {', '.join(ENDINGS)}, got {path.name!r}")
    try:
        from kaleido import calc_fig_sync
    except ImportError:
        raise MissingPackageError("kaleido", needed_by="a figure as a file") from None
    options = {"format": path.suffix[1:], "width": width, "height": height}
    browser = {"mathjax": False, "path": screen.found_chromium()}
    drawn = calc_fig_sync(figure.to_dict(), opts=options, kopts=browser)
    path.write_bytes(drawn)
    return path
