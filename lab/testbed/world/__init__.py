"""The testbed's world: task families over real facts, in which every truth is known."""

from collections.abc import Iterator
from functools import cache, lru_cache

from lab.testbed.world import composed, dates, lists, logic, numbers, things
from lab.testbed.world.facts import families, texts
from lab.testbed.world.family import HELD_OUT, Family, Task

__all__ = ["FAMILIES", "HELD_OUT", "OPENERS", "Family", "Task", "by_name", "recognise"]

FAMILIES: tuple[Family, ...] = (
    *families("geography"),
    *families("animals"),
    *things.FAMILIES,
    *families("words"),
    *dates.FAMILIES,
    *numbers.FAMILIES,
    *lists.FAMILIES,
    *families("people"),
    *logic.FAMILIES,
    *composed.FAMILIES,
)

OPENERS = texts("talk", "openers")  # what people put before an instruction; it changes nothing


@cache
def by_name() -> dict[str, Family]:
    """Return the families by their names."""
    return {family.name: family for family in FAMILIES}


@lru_cache(maxsize=65_536)
def recognise(text: str) -> Task | None:
    """Return the task that a user turn asks for, or None if it is none of this world.

    Examples
    --------
    >>> recognise("Hello! Name the capital of Peru.").answer
    'The capital of Peru is Lima. Answer: Lima.'
    """
    text = text.strip()
    for opener in OPENERS:
        text = text.removeprefix(opener)
    for family, phrasing in _candidates(text):
        task = family.read(phrasing, text)
        if task is not None:
            return task
    return None


def _candidates(text: str) -> Iterator[tuple[Family, int]]:
    """Yield the phrasings that start as the text does; those that start with a slot come last."""
    index = _by_start()
    yield from index.get(text.split(" ", 1)[0], ())
    yield from index.get("", ())


@cache
def _by_start() -> dict[str, list[tuple[Family, int]]]:
    index: dict[str, list[tuple[Family, int]]] = {}
    for family in FAMILIES:
        for phrasing, template in enumerate(family.phrasings):
            start = template.split(" ", 1)[0]
            starts = {"A": ("A", "An")}.get(start, ("" if "{" in start else start,))
            for key in starts:
                index.setdefault(key, []).append((family, phrasing))
    return index
