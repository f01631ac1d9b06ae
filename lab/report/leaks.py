"""What must not leave the machine inside a data set: keys, personal data, names of this machine.

Patterns find e-mail addresses, telephone and identity numbers and strings like keys; they find no
names of people and no streets. The values of this process's own secrets are looked for, too.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lab import filters, frames, paths
from lab.load import content
from lab.report.scrub import SECRET_FORMS, secret_values

COLUMNS = ("file", "row", "what", "begins")
SHOWN = 6  # characters of what was found; the rest stays here
_TEXT = (".md", ".txt", ".json", ".yaml", ".yml", ".csv", ".tsv")
_ANYBODYS = ("/root", "/home", "/")  # homes that name nobody


def leaks(folder: str | Path, *, environment: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Look through every file of a folder.

    Parameters
    ----------
    folder : path
        Parquet, JSON Lines (gzipped or not) and plain text are read; any other file is a finding.
    environment : mapping, optional
        The variables whose values are secrets if their names say so; this process's by default.

    Returns
    -------
    DataFrame
        `file`, `row` (from 1), `what` was found, and how it `begins`; empty if nothing was.
    """
    folder = Path(folder)
    found: list[tuple[str, int, str, str]] = []
    for path in sorted(file for file in folder.rglob("*") if not file.is_dir()):
        name = str(path.relative_to(folder))
        texts = None if path.is_symlink() else _texts(path)
        if texts is None:
            found.append((name, 0, "a file that cannot be read here", ""))
            continue
        held = pd.Series(list(texts), dtype="str")
        found += [(name, row + 1, what, text) for row, what, text in _found(held, environment)]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _found(
    texts: "pd.Series[str]", environment: Mapping[str, str] | None
) -> Iterator[tuple[int, str, str]]:
    read = pd.DataFrame({"output": "· " + texts})  # thoughts that open a text are read, too
    for row in read.index[~filters.no_personal(read, fields=("output",))]:
        fragment = filters.matched(read.loc[[row]], "personal")[row]
        yield int(row), "personal data or a key", _begins(fragment)
    home = str(Path.home())
    private = [str(paths.data()), str(paths.root()), *([home] if home not in _ANYBODYS else [])]
    secrets = secret_values(environment)
    for row, text in texts.items():
        known = next((value for value in secrets if value in text), None)
        form = SECRET_FORMS.search(text)
        if known is not None:
            yield int(str(row)), "a secret of this machine", _begins(known)
        elif form is not None:
            yield int(str(row)), "a key", _begins(form[0])
        place = next((one for one in private if len(one) > 1 and one in text), None)
        if place is not None:
            yield int(str(row)), "a path of this machine", _begins(place)


def _begins(text: str) -> str:
    return text[:SHOWN] + "…"


def _texts(path: Path) -> Iterator[str] | None:
    """Return the text of each row of a file, of all its fields together; None if it has none."""
    ending = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    if ending == "parquet":
        rows = frames.read_parquet(path).reset_index().to_dict("records")
        return ("\n".join(_strings(row)) for row in rows)
    if f".{ending}" not in (*_TEXT, ".jsonl"):
        return None
    lines = _lines(path)
    return map(_line, lines) if ending == "jsonl" else lines


def _lines(path: Path) -> Iterator[str]:
    with content.unpacked(path) as stream:
        for line in stream:
            yield line.decode("utf-8", errors="replace").rstrip("\n")


def _line(line: str) -> str:
    try:
        return "\n".join(_strings(json.loads(line)))
    except (ValueError, RecursionError):
        return line


def _strings(value: Any) -> Iterator[str]:
    """Yield every text in a value, keys included; numbers as they are written."""
    if isinstance(value, dict):
        for key, of in value.items():
            yield str(key)
            yield from _strings(of)
    elif isinstance(value, (list, tuple)):
        for of in value:
            yield from _strings(of)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
