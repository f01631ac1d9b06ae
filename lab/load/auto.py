"""Find out what format a file or folder is in, from its form and its first rows, and read it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import content, formats
from lab.load.loaded import Loaded
from lab.load.rows import KINDS, read
from lab.load.stack_exchange import stack_exchange
from lab.load.tasks.forms import Form
from lab.load.tasks.labelled import labelled
from lab.load.tasks.natural_instructions import is_task, natural_instructions
from lab.load.tasks.promptsource import promptsource, read_templates

LABEL = "Say which label fits the text."  # the description of texts with labels
_LOOKED_AT = 50
_TEXTS = "_text.txt"


def auto(
    path: str | Path, *, columns: Mapping[str, str] | None = None, every_turn: bool = False
) -> Loaded:
    """Read a file or folder in whichever format it is in, and say which that was, and why.

    Parameters
    ----------
    path : path
        JSON, JSON Lines, CSV, TSV or Parquet, packed (gz, zst) or not, or a folder of them; a
        task of Natural Instructions, or a folder of tasks; a folder of `templates.yaml` and its
        table; texts and labels (`train_text.txt` beside `train_labels.txt`); `Posts.xml`.
    columns : mapping, optional
        The file's own names of keys, as `{"instruction": "question"}` or `{"messages": "chat"}`.
    every_turn : bool
        An example for each answer of a conversation; see `load.messages`.

    Returns
    -------
    Loaded
        `told` says which format was found, and by what.

    Raises
    ------
    DataError
        If no format fits; the nearest are named.
    ValueError
        If the format that was found does not take `columns` or `every_turn`.

    Examples
    --------
    >>> from lab import paths
    >>> auto(paths.samples() / "messages.jsonl").recognised
    'read by load.messages: 2 of the first 2 rows hold messages'
    """
    path = Path(path)
    given: dict[str, Any] = {"columns": dict(columns)} if columns else {}
    given |= {"every_turn": True} if every_turn else {}
    special = _special(path)
    if special is not None:
        loaded, name, why = special
        if given:
            raise ValueError(f"{next(iter(given))} is not for load.{name}, which {path} is for")
        return replace(loaded(), recognised=f"read by load.{name}: {why}")
    rows = [row.value for row in islice(read(path), _LOOKED_AT) if not row.reason]
    looked = formats.renamed(rows, columns or {})
    found = formats.fitting(looked)
    if found is None:
        raise DataError(f"is in no known format; {formats.nearest(looked)}", file=path)
    one, needs, fits = found
    for name in given:
        if name not in one.takes:
            raise ValueError(f"{name} is not for load.{one.name}, which {path} is for")
    told = f"read by load.{one.name}: {fits} of the first {len(rows)} rows hold {', '.join(needs)}"
    return replace(one.read(path, **given), recognised=told)


def _special(path: Path) -> tuple[Callable[[], Loaded], str, str] | None:
    """Return the reader of what is told by more than the keys of rows, its name, and why."""
    for find in (_dump, _templates, _labels, _tasks):
        found = find(path)
        if found is not None:
            return found
    return None


def _dump(path: Path) -> tuple[Callable[[], Loaded], str, str] | None:
    dump = next(iter(sorted(path.glob("Posts.xml*"))), path) if path.is_dir() else path
    if dump.is_dir() or content.kind(dump) != ".xml":
        return None
    return lambda: stack_exchange(dump), "stack_exchange", f"{dump.name} is XML"


def _templates(path: Path) -> tuple[Callable[[], Loaded], str, str] | None:
    yaml = next(iter(sorted(path.glob("templates.y*ml"))), None) if path.is_dir() else path
    if yaml is None or content.kind(yaml) not in (".yaml", ".yml"):
        return None
    tables = sorted(file for file in yaml.parent.iterdir() if content.kind(file) in KINDS)
    if path.is_dir() and len(tables) == 1:
        why = f"{yaml.name} beside one table, {tables[0].name}"
        return lambda: promptsource(tables[0], yaml), "tasks.promptsource", why
    raise DataError(
        f"holds {len(read_templates(yaml))} templates; name the table that they are for, in "
        f"load.tasks.promptsource(table, templates) (beside it are {len(tables)} tables)",
        file=yaml,
    )


def _labels(path: Path) -> tuple[Callable[[], Loaded], str, str] | None:
    texts = [path] if path.is_file() else sorted(path.glob(f"*{_TEXTS}*"))
    pairs = [(text, _beside(text, "labels")) for text in texts if _TEXTS in text.name]
    found = [(text, labels) for text, labels in pairs if labels is not None]
    if not found:
        return None
    if len(found) > 1:
        names = ", ".join(text.name for text, _ in found)
        raise DataError(f"holds texts with labels; name one of {names}", file=path)
    text, labels = found[0]
    mapping = next(iter(sorted(text.parent.glob("mapping.txt*"))), None)
    why = f"{text.name} beside {labels.name}, described as {LABEL!r}"
    return (
        lambda: labelled(
            text, labels, definition=LABEL, mapping=mapping, form=Form(options=mapping is not None)
        ),
        "tasks.labelled",
        why,
    )


def _beside(text: Path, what: str) -> Path | None:
    stem = text.name.partition(_TEXTS)[0]
    return next(iter(sorted(text.parent.glob(f"{stem}_{what}.txt*"))), None)


def _tasks(path: Path) -> tuple[Callable[[], Loaded], str, str] | None:
    first: Path | None = path
    if path.is_dir():
        first = next((f for f in sorted(path.rglob("*")) if content.kind(f) == ".json"), None)
    if first is None or not first.is_file() or not is_task(first):
        return None
    why = f"{first.name} holds a task with its instances"
    return lambda: natural_instructions(path), "tasks.natural_instructions", why
