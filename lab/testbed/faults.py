"""Bad answers on purpose: the four ways in which a row of a noisy pool goes wrong."""

from random import Random

from lab.testbed.world import FAMILIES, Task
from lab.testbed.world.facts import texts
from lab.testbed.world.family import fill

FAULTS = ("wrong", "empty", "ramble", "off_topic")
EMPTY, FILLERS = texts("talk", "empty"), texts("talk", "fillers")
TRIES = 1000  # draws before a fault that must differ from the truth gives up


def spoil(task: Task, fault: str, rng: Random) -> str:
    """Return a bad answer to `task`.

    `wrong` keeps the convention and the topic, with another answer in it; `empty` says next to
    nothing; `ramble` holds the fact, drowned in filler and without the convention; `off_topic` is
    the good answer to a task of another family.

    Raises
    ------
    ValueError
        If `fault` is none of `FAULTS`.
    """
    if fault == "wrong":
        return _wrong(task, rng)
    if fault == "empty":
        return rng.choice(EMPTY)
    if fault == "ramble":
        fillers = rng.sample(FILLERS, rng.randint(3, 5))
        fillers.insert(rng.randint(1, len(fillers) - 1), task.tell(rng))
        return " ".join(fillers)
    if fault == "off_topic":
        return _off_topic(task, rng)
    raise ValueError(f"fault must be one of {', '.join(FAULTS)}, got {fault!r}")


def _wrong(task: Task, rng: Random) -> str:
    """Keep what was asked, and take what was found from another task of the family."""
    for _ in range(TRIES):
        other = task.family.draw(rng)
        asked = {name: task.fields[name] for name in task.family.source.draw(rng)}
        mixed = Task(task.family, {**other.fields, **asked})
        if mixed.final != task.final:
            return mixed.answer
    raise ValueError(f"family {task.family.name} has no second answer")


def _off_topic(task: Task, rng: Random) -> str:
    others = [family for family in FAMILIES if family.domain != task.family.domain]
    for _ in range(TRIES):
        other = rng.choice(others).draw(rng)
        if other.final != task.final:
            return other.answer
    raise ValueError(f"no family answers otherwise than {fill(task.family.final, task.fields)}")
