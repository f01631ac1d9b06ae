"""An index of several people's pages, and two or more pages side by side."""

from collections.abc import Sequence
from pathlib import Path

from lab import files
from lab.errors import DataError
from lab.report import cards, page


def gather(folder: Path) -> Path:
    """Write an index over all pages below a folder, such as one folder for each person.

    Raises
    ------
    DataError
        If there is no page below the folder.
    """
    found = []
    for path in sorted(folder.rglob("*.html")):
        try:
            card, _ = cards.read(path)
        except DataError:
            continue  # an index, or another page
        name = path.relative_to(folder).with_suffix("").as_posix()
        found.append({**card, "name": name, "state": ""})
    if not found:
        raise DataError("there is no page of a report below this folder", file=folder)
    target = folder / "index.html"
    files.write_text(target, page.index(found))
    return target


def compare(pages: Sequence[Path], target: Path) -> Path:
    """Write one page that shows pages side by side: verdicts, and what differs between them.

    Parameters
    ----------
    pages : sequence of Path
        Two or more pages of reports.
    target : Path
        The file to write.

    Raises
    ------
    ValueError
        For fewer than two pages.
    DataError
        If one of them cannot be read.
    """
    if len(pages) < 2:
        raise ValueError(f"pages must be two or more, got {len(pages)}")
    found = [cards.read(path) for path in pages]
    names = [_named(path, pages) for path in pages]
    files.write_text(
        target, page.comparison(names, [card for card, _ in found], [facts for _, facts in found])
    )
    return target


def _named(path: Path, pages: Sequence[Path]) -> str:
    """Return a page's name; with its folder where names are equal."""
    alike = [other for other in pages if other.stem == path.stem]
    return path.stem if len(alike) == 1 else f"{path.resolve().parent.name}/{path.stem}"
