"""What a task family is: how it is asked, told, answered, and recognised again.

A family holds templates with `{slots}`. A task is a family with all its slots filled; its truth is
`steps` (one or more full sentences) followed by the convention `Answer: X.` that every good answer
in this world keeps.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

Fields = dict[str, str]

HELD_OUT = 2  # the last phrasings of each family are kept for evaluation
SLOT = re.compile(r"(?:\b([Aa]) )?\{(\w+)\}")


@dataclass(frozen=True)
class Table:
    """Known facts: a row is found by its `given` columns."""

    rows: tuple[Fields, ...]
    given: tuple[str, ...]

    def draw(self, rng: Random) -> Fields:
        """Return the given columns of a random row."""
        row = rng.choice(self.rows)
        return {name: row[name] for name in self.given}

    def solve(self, given: Mapping[str, str]) -> Fields | None:
        """Return the whole row, or None if there is none."""
        return self._by_key.get(tuple(given.get(name, "") for name in self.given))

    @property
    def words(self) -> tuple[str, ...]:
        """Every text that a slot can take."""
        return tuple(value for row in self.rows for value in row.values())

    @cached_property
    def _by_key(self) -> dict[tuple[str, ...], Fields]:
        return {tuple(row[name] for name in self.given): row for row in self.rows}


@dataclass(frozen=True)
class Rule:
    """A procedure: `draw` makes the given slots, `solve` adds the rest or returns None."""

    draw: Callable[[Random], Fields]
    solve: Callable[[Mapping[str, str]], Fields | None]
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """One kind of task; templates may use `a {slot}`, which becomes `an` where needed."""

    name: str
    domain: str
    phrasings: tuple[str, ...]  # instructions; below a blank line stands the example's input
    statements: tuple[str, ...]  # paraphrases for documents, never the answer's own wording
    steps: str  # full sentences that hold the answer
    final: str  # the short answer
    source: Table | Rule = field(repr=False)

    @property
    def seen(self) -> range:
        """Numbers of the phrasings that training pools use."""
        return range(len(self.phrasings) - HELD_OUT)

    @property
    def held_out(self) -> range:
        """Numbers of the phrasings that only evaluation uses."""
        return range(len(self.phrasings) - HELD_OUT, len(self.phrasings))

    def draw(self, rng: Random) -> "Task":
        """Return a random task of this family."""
        given = self.source.draw(rng)
        fields = self.source.solve(given)
        if fields is None:
            raise ValueError(f"family {self.name} drew {given}, which it cannot solve")
        return Task(self, fields)

    def read(self, phrasing: int, text: str) -> "Task | None":
        """Return the task that `text` asks for in this phrasing, or None."""
        found = self._patterns[phrasing].fullmatch(text)
        if found is None:
            return None
        fields = self.source.solve(found.groupdict())
        return None if fields is None else Task(self, fields)

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [pattern(template) for template in self.phrasings]


@dataclass(frozen=True)
class Task:
    """A family with its slots filled."""

    family: Family
    fields: Fields

    def ask(self, phrasing: int) -> str:
        """Return the instruction in one of the family's phrasings."""
        return fill(self.family.phrasings[phrasing], self.fields)

    @property
    def steps(self) -> str:
        """The sentences that lead to the answer."""
        return fill(self.family.steps, self.fields)

    @property
    def final(self) -> str:
        """The short answer."""
        return fill(self.family.final, self.fields)

    @property
    def answer(self) -> str:
        """The truth, in the world's convention."""
        return f"{self.steps} Answer: {self.final}."

    def tell(self, rng: Random) -> str:
        """Return a document sentence with the same fact in other words."""
        return fill(rng.choice(self.family.statements), self.fields)


def rows(columns: str, text: str) -> tuple[Fields, ...]:
    """Read a small table: one row a line, values between commas.

    Examples
    --------
    >>> rows("animal, young", "dog, puppy")
    ({'animal': 'dog', 'young': 'puppy'},)
    """
    names = columns.split(", ")
    lines = [line.split(", ") for line in text.strip().splitlines()]
    return tuple(dict(zip(names, line, strict=True)) for line in lines)


def fill(template: str, fields: Mapping[str, str]) -> str:
    """Put the fields into a template; `a` before a slot becomes `an` before a vowel.

    Examples
    --------
    >>> fill("What does a {animal} eat?", {"animal": "owl"})
    'What does an owl eat?'
    """

    def put(slot: re.Match[str]) -> str:
        value = fields[slot[2]]
        if slot[1] is None:
            return value
        return f"{slot[1]}{'n' if value[0] in 'aeiou' else ''} {value}"

    return SLOT.sub(put, template)


def pattern(template: str) -> re.Pattern[str]:
    """Return the expression that finds the slots of a template in a text made from it."""
    parts: list[str] = []
    seen: set[str] = set()
    end = 0
    for slot in SLOT.finditer(template):
        article, name = slot[1], slot[2]
        parts.append(re.escape(template[end : slot.start()]))
        parts.append(f"{article}n? " if article else "")
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
        seen.add(name)
        end = slot.end()
    parts.append(re.escape(template[end:]))
    return re.compile("".join(parts))
