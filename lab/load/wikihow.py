"""wikiHow: the title of an article as prompt, its steps as the answer.

Source: Zhou et al. 2023, arXiv:2305.11206, section 2.1: title and body, "This article …" replaced
by "The following answer …", links and images pruned. (No answer of LIMA's released data begins so;
the replacement can be left out.)
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load.loaded import Example, Loaded, gather
from lab.load.rows import Row, read

_THIS = re.compile(r"\b(This|this) (wikiHow|article|guide)\b")
_CLICKS = re.compile(r":\s*\d*\+?[^:]*\b(Steps|Methods|Ways|Tips)\b.*$")  # ": 14+ Easy Methods"
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)|\[\[?(?:Image|File):[^\]]*\]?\]")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def wikihow(path: str | Path, *, as_answer: bool = True) -> Loaded:
    """Read articles, one example each, from rows of steps or of whole articles.

    Parameters
    ----------
    path : path
        CSV or JSON. Rows hold `title` and either a step (`heading`, `paragraph`; rows of one title
        stand together) or the whole `text`.
    as_answer : bool
        Write "The following answer" for "This article", as LIMA's authors did.

    Returns
    -------
    Loaded
        `steps_count` says how many steps an answer has; other columns of the first row stay.
        `rows` counts articles.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.

    Examples
    --------
    >>> from lab import paths
    >>> found = wikihow(paths.samples() / "wikihow.csv")
    >>> found.pool[["instruction", "steps_count"]].values.tolist()
    [['How to Repot a Cactus', 3]]
    """

    def convert(given: dict[str, Any]) -> Example:
        steps = given.pop("article_steps")
        body = "\n".join(f"{n}. {text}" for n, text in enumerate(steps, start=1))
        body = steps[0] if len(steps) == 1 else body
        if as_answer:
            body = _THIS.sub(lambda found: _cased(found[1]), body)
        title = _CLICKS.sub("", given.pop("title")).strip()
        made = {"instruction": title, "input": "", "output": body, "history": []}
        return {**given, **made, "steps_count": len(steps)}

    return gather(_articles(read(path)), convert, source=Path(path).name)


def _articles(rows: Iterator[Row]) -> Iterator[Row]:
    """Join the rows of one title that stand together."""
    first: Row | None = None
    steps: list[str] = []
    for row in rows:
        try:
            title, text = _step(row)
        except DataError as error:
            yield Row(row.number, row.value, row.raw, error.reason, file=row.file)
            continue
        if first is not None and first.value["title"] == title:
            steps.append(text)
            continue
        if first is not None:
            yield _article(first, steps)
        first, steps = row, [text]
    if first is not None:
        yield _article(first, steps)


def _article(row: Row, steps: list[str]) -> Row:
    rest = {k: v for k, v in row.value.items() if k not in ("heading", "paragraph", "text")}
    return Row(row.number, {**rest, "article_steps": steps}, row.raw, file=row.file)


def _step(row: Row) -> tuple[str, str]:
    if row.reason or not isinstance(row.value, dict):
        raise DataError(row.reason or "must be an object")
    title, value = row.value.get("title"), row.value
    texts = [value.get(name) for name in ("heading", "paragraph", "text")]
    told = [str(text).strip() for text in texts if text is not None and str(text).strip()]
    if not isinstance(title, str) or not told:
        raise DataError("needs a title and a step or a text")
    if len(told) > 1 and told[1].startswith(told[0]):
        told = told[1:]  # the paragraph repeats its heading
    return title, _LINK.sub(r"\1", _IMAGE.sub("", "\n".join(told))).strip()


def _cased(word: str) -> str:
    return f"{'The' if word == 'This' else 'the'} following answer"
