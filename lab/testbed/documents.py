"""Documents about the world: what the base model reads, and all that it reads.

Statements in several wordings, forum threads whose replies put the fact in other words or miss the
point, questions that nobody answers, copied notes. No document answers an instruction in the way
that a tuned model should: the convention `Answer: X.` never occurs, and a thread's reply never uses
the answer's own wording.
"""

from collections.abc import Iterator
from itertools import count
from random import Random

from lab.testbed.world import FAMILIES, OPENERS, Family, Task, lists
from lab.testbed.world.facts import texts
from lab.testbed.world.family import Table, fill
from lab.testbed.world.logic import NAMES

ASKS, REPLIES, SAME, NOTES, COPIES, CHATTER, LEADS = (
    texts("documents", key)
    for key in ("asks", "replies", "same", "notes", "copies", "chatter", "leads")
)
TO_THE_POINT = 0.7  # share of threads in which one reply states the fact that was asked for
SHARES = {"telling": 0.4, "thread": 0.35, "same": 0.15, "note": 0.1}  # kinds of documents
PRIMED = 0.9  # share of copied notes at the start of a primer
PRACTICE = {"lists": 3.0, "logic": 3.0, "composition": 2.0, "arithmetic": 2.0, "comparison": 2.0}


def phrases() -> tuple[str, ...]:
    """Return every text that documents add to the world's own sentences."""
    named = (*ASKS, *REPLIES, *NOTES, *COPIES)
    return (
        *(text.replace("{name}", "") for text in named),
        *SAME,
        *CHATTER,
        *LEADS,
        *NAMES,
        "Backwards: The is.",
    )


def stream(seed: int, *, primer: int = 0) -> Iterator[str]:
    """Yield documents without end; the same for the same seed.

    Over the first `primer` documents, nearly all are at first copied notes, then fewer and fewer:
    copying is practised before the rest. That this saves tokens was not measured by itself.
    """
    rng = Random(seed)
    weights = [weight(family) for family in FAMILIES]
    kinds = {"telling": _telling, "thread": _thread, "same": _same, "note": _note}
    for number in count():
        write = kinds[rng.choices(list(SHARES), list(SHARES.values()))[0]]
        practice = max(0.0, 1 - number / primer) if primer else 0.0
        if rng.random() < PRIMED * practice:
            write = _note
        yield write(rng.choices(FAMILIES, weights)[0], rng)


def weight(family: Family) -> float:
    """Return how often documents take up a family, as against one with thirty facts."""
    if isinstance(family.source, Table):
        size = min(max(len(family.source.rows) / 30, 0.5), 1.0)
        return size * (1.5 if family.domain == "composition" else 1.0)
    return PRACTICE.get(family.domain, 1.5)


def _telling(family: Family, rng: Random) -> str:
    """Write about one to three tasks of a family, each in the answer's wording and in others."""
    told = []
    for _ in range(rng.randint(1, 3)):
        task = family.draw(rng)
        told += rng.sample([*_statements(task), task.steps], rng.randint(1, 3))
    return " ".join(told)


def _statements(task: Task) -> list[str]:
    return [fill(statement, task.fields) for statement in task.family.statements]


def _thread(family: Family, rng: Random) -> str:
    """Write a question and what people reply: the fact in other words, or nothing useful."""
    task = family.draw(rng)
    lines = [_by(ASKS, rng) + _question(task, rng)]
    if rng.random() < 0.3:
        lines.append(_by(REPLIES, rng) + rng.choice(CHATTER))
    if rng.random() < TO_THE_POINT:
        lead = rng.choice(LEADS) if rng.random() < 0.4 else ""
        told = rng.sample(_statements(task), rng.randint(1, 2))
        lines += [_by(REPLIES, rng) + lead + text for text in told]
    elif rng.random() < 0.5:
        lines.append(_by(REPLIES, rng) + family.draw(rng).tell(rng))
    if rng.random() < 0.2:
        lines.append(_by(REPLIES, rng) + rng.choice(CHATTER))
    return "\n".join(lines)


def _note(family: Family, rng: Random) -> str:
    """Write a list of any words down, again, and perhaps backwards or by its places."""
    words = rng.sample(lists.WORDS, rng.randint(2, 6))
    items = " ".join(words)
    lines = [_by(NOTES, rng) + f"{items}.", _by(COPIES, rng) + f"{items}."]
    if rng.random() < 0.5:
        lines.append(f"Backwards: {' '.join(words[::-1])}.")
    if rng.random() < 0.5:
        places = zip(lists.NTH, words, strict=False)
        lines.append(" ".join(f"The {nth} is {word}." for nth, word in places))
    if rng.random() < 0.3:
        lines.append(_by(ASKS, rng) + family.draw(rng).ask(0))
    return "\n".join(lines)


def _same(family: Family, rng: Random) -> str:
    """Write one question in several wordings, and no answer."""
    task = family.draw(rng)
    first, *others = rng.sample(range(len(family.phrasings)), rng.randint(2, 3))
    again = [rng.choice(SAME) + task.ask(phrasing) for phrasing in others]
    return "\n".join([_opened(task.ask(first), rng), *again])


def _question(task: Task, rng: Random) -> str:
    return _opened(task.ask(rng.randrange(len(task.family.phrasings))), rng)


def _opened(text: str, rng: Random) -> str:
    return (rng.choice(OPENERS) if rng.random() < 0.3 else "") + text


def _by(forms: tuple[str, ...], rng: Random) -> str:
    return rng.choice(forms).replace("{name}", rng.choice(NAMES))
