"""Texts and labels in two files, line by line, as TweetEval has them; a mapping names the labels.

Source of the form: Barbieri et al. 2020, arXiv:2010.12421 (`train_text.txt`, `train_labels.txt`,
`mapping.txt`).
"""

from collections.abc import Iterator
from pathlib import Path

from lab.errors import DataError
from lab.load import content, documents
from lab.load.loaded import Loaded, gather
from lab.load.rows import Row, opened
from lab.load.tasks.forms import DESCRIBED, Form, Task, examples


def labelled(
    texts: str | Path,
    labels: str | Path,
    *,
    definition: str,
    mapping: str | Path | None = None,
    form: Form = DESCRIBED,
) -> Loaded:
    """Read texts with their labels: the text is the input, the name of its label the output.

    Parameters
    ----------
    texts, labels : path
        Files of as many lines each, packed or not.
    definition : str
        What is to be done with a text.
    mapping : path, optional
        Lines of a label, a tab, and its name; the label itself without it.
    form : Form
        How a text is asked; `options=True` lists the names.

    Raises
    ------
    DataError
        If the two files differ in length, or a label has no name.
    """
    texts = Path(texts)
    opened(texts)
    said, marked = _lines(texts), _lines(Path(labels))
    if len(said) != len(marked):
        raise DataError(f"has {len(said):,} lines, the labels have {len(marked):,}", file=texts)
    names = dict(line.split("\t")[:2] for line in _lines(Path(mapping))) if mapping else {}
    unknown = sorted(set(marked) - set(names)) if mapping else []
    if unknown:
        raise DataError("a label without a name", file=mapping, value=unknown[0])
    pairs = [(text, [names.get(label, label)]) for text, label in zip(said, marked, strict=True)]
    task = Task(name=texts.resolve().parent.name, definition=definition, instances=pairs)

    def rows() -> Iterator[Row]:
        for number, example in enumerate(examples(task, form), start=1):
            yield Row(number, example, "", file=texts.name)

    return gather(rows(), lambda given: given, source=texts.name, hint="see load.tasks")


def _lines(path: Path) -> list[str]:
    with content.unpacked(path) as stream:
        text = content.whole(stream, path).decode("utf-8", errors="surrogateescape")
    lines = [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]
    return [documents.shown(line).strip() for line in lines]
