"""The world's facts and wordings, read from the files in `tables/`.

A file may hold `[words]`, lists between white space; `[texts]`, lists of texts; `[tables.NAME]`,
rows with values between commas under named columns; and `[[families]]`, whose `table` and `given`
name a table and the columns that find a row in it. A family without a table has a rule in code.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lab.testbed.world.family import Family, Fields, Rule, Table, rows

FOLDER = Path(__file__).parent / "tables"


@cache
def content(name: str) -> dict[str, Any]:
    """Return what a file holds, by its name without the ending."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def words(name: str, key: str) -> tuple[str, ...]:
    """Return a list of words of a file.

    Examples
    --------
    >>> words("lists", "nth")
    ('first', 'second', 'third', 'fourth')
    """
    return tuple(content(name)["words"][key].split())


def texts(name: str, key: str) -> tuple[str, ...]:
    """Return a list of texts of a file.

    Examples
    --------
    >>> texts("talk", "openers")[1]
    'Quick question. '
    """
    return tuple(content(name)["texts"][key])


@cache
def table(name: str, key: str) -> tuple[Fields, ...]:
    """Return the rows of a table of a file.

    Examples
    --------
    >>> table("animals", "lives")[0]
    {'animal': 'dog', 'young': 'puppy', 'sound': 'bark', 'home': 'kennel'}
    """
    given = content(name)["tables"][key]
    return rows(given["columns"], given["rows"])


def families(
    name: str,
    *,
    tables: Mapping[str, tuple[Fields, ...]] | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> tuple[Family, ...]:
    """Return the families of a file, in its order.

    Parameters
    ----------
    name : str
        The file, without the ending.
    tables : mapping of name to rows, optional
        Tables that are computed, or stand in another file.
    rules : mapping of family to Rule, optional
        The sources of the families that have no table.

    Raises
    ------
    KeyError
        If a family has neither a table nor a rule.
    """
    known, made = tables or {}, []
    for family in content(name)["families"]:
        given = dict(family)
        key = given.pop("table", None)
        source: Table | Rule
        if key is None:
            source = (rules or {})[given["name"]]
        else:
            held = known[key] if key in known else table(name, key)
            source = Table(held, tuple(given.pop("given")))
        for wording in ("phrasings", "statements"):
            given[wording] = tuple(given[wording])
        made.append(Family(**given, source=source))
    return tuple(made)
