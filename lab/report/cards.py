"""What a page carries of itself, written and read again: its card and its facts.

The card is what an index shows of a page. A page from elsewhere is not trusted: values are taken
one by one, texts are escaped where they are shown, and pictures are shown as images.
"""

import base64
import json
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.report import told

PLACE = ("id", "card")  # of the script that holds them
TEXTS = ("title", "question", "setting", "badge", "verdict", "began", "commit", "picture")
LONGEST = 2_000  # characters of a text, but of a picture
Facts = dict[str, dict[str, str]]


def written(card: dict[str, Any], facts: Facts) -> str:
    """Return card and facts as the JSON that a page carries; nothing in it ends a script."""
    return json.dumps({"card": card, "facts": facts}, ensure_ascii=False).replace("<", "\\u003c")


def read(path: Path) -> tuple[dict[str, Any], Facts]:
    """Return the card and the facts of a page.

    Raises
    ------
    DataError
        If the file is no page of a report, or one made before pages carried their card.
    """
    reader = _Reader()
    try:
        reader.feed(path.read_text(encoding="utf-8"))
        held = json.loads("".join(reader.held))
        card, facts = held["card"], held["facts"]
        return _card(card), _facts(facts)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise DataError("not a page of a report that can be read again", file=path) from None


def differing(facts: Sequence[Facts]) -> dict[str, dict[str, list[str]]]:
    """Return what is not equal in all pages, by group and name: one value for each page.

    Examples
    --------
    >>> differing([{"Parameters": {"N": "4"}}, {"Parameters": {"N": "8", "SEED": "1"}}])
    {'Parameters': {'N': ['4', '8'], 'SEED': ['', '1']}}
    """
    groups = list(dict.fromkeys(group for one in facts for group in one))
    table: dict[str, dict[str, list[str]]] = {}
    for group in groups:
        names = list(dict.fromkeys(name for one in facts for name in one.get(group, {})))
        rows = {name: [one.get(group, {}).get(name, "") for one in facts] for name in names}
        unequal = {name: values for name, values in rows.items() if len(set(values)) > 1}
        if unequal:
            table[group] = unequal
    return table


def _card(given: dict[str, Any]) -> dict[str, Any]:
    card: dict[str, Any] = {name: _text(given.get(name, "")) for name in TEXTS}
    rows = [row for row in given.get("verdicts", []) if told.sound(row)]
    card["verdicts"] = [{**_row(row), "sentence": told.sentence(row)} for row in rows]
    card["claims"] = [_text(claim) for claim in given.get("claims", [])]
    card["answers"] = [_text(answer) for answer in given.get("answers", [])]
    card["seconds"] = float(given.get("seconds") or 0.0)
    error = given.get("error")
    card["error"] = {key: _text(value) for key, value in error.items()} if error else None
    drawn = str(given.get("picture", ""))
    label = f"the verdicts of {card['title']}"
    card["picture"] = told.forest(card["verdicts"], label=label) if rows else _image(drawn)
    return card


def _row(row: dict[str, Any]) -> dict[str, Any]:
    texts = {name: _text(row.get(name, "")) for name in ("name", "claim", "measure")}
    numbers = {name: float(row[name]) for name in told.NUMBERS}
    return {**texts, **numbers, "verdict": row["verdict"], "equivalence": row["equivalence"]}


def _facts(given: dict[str, Any]) -> Facts:
    return {
        str(group): {str(name): _text(value) for name, value in rows.items()}
        for group, rows in given.items()
    }


def _text(value: object) -> str:
    return str(value)[:LONGEST]


def _image(drawn: str) -> str:
    """Return a drawing as an image, in which no script runs."""
    if not drawn.startswith("<svg"):
        return ""
    plain = drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    data = base64.b64encode(plain.encode("utf-8")).decode("ascii")
    link = f"data:image/svg+xml;base64,{data}"
    return f'<img class="thumbnail" alt="a figure of this page" src="{link}">'


class _Reader(HTMLParser):
    """Collects what stands in the script that holds the card."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and PLACE in attrs

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.held.append(data)
