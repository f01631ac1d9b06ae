"""Documents about the world: what the base model reads, and all that it reads.

Statements in several wordings, forum threads whose replies are off the point half of the time,
questions that nobody answers, and chatter. No document answers an instruction in the way that a
tuned model should: the convention `Answer: X.` never occurs, and a thread's reply never uses the
answer's own wording.
"""

from collections.abc import Iterator
from random import Random

from lab.testbed.world import FAMILIES, OPENERS, Family, Task
from lab.testbed.world.family import Table
from lab.testbed.world.logic import NAMES

ASKS = ("{name} asks: ", "Question of {name}: ", "{name} writes: ", "From {name}: ")
REPLIES = ("{name} writes: ", "{name} says: ", "Reply of {name}: ", "From {name}: ")
SAME = ("In other words: ", "Others ask: ", "The same again: ", "Or so: ")
CHATTER = (
    "No idea.",
    "Why do you want to know?",
    "Good question.",
    "Me too!",
    "Please read a book.",
    "I am not sure.",
    "Thank you for asking.",
    "Ask me again tomorrow.",
    "I like this forum.",
    "Who knows?",
    "Let me think.",
    "This was asked before.",
)
LEADS = ("As far as I know: ", "I read this: ", "My book says: ", "They told me: ", "Well. ")
TO_THE_POINT = 0.55  # share of threads in which one reply states the fact that was asked for
SHARES = {"telling": 0.45, "thread": 0.35, "same": 0.2}  # kinds of documents
PRACTICE = {"lists": 3.0, "logic": 3.0, "composition": 2.0, "arithmetic": 2.0, "comparison": 2.0}


def phrases() -> tuple[str, ...]:
    """Return every text that documents add to the world's own sentences."""
    named = (*ASKS, *REPLIES)
    return (*(text.replace("{name}", "") for text in named), *SAME, *CHATTER, *LEADS, *NAMES)


def stream(seed: int) -> Iterator[str]:
    """Yield documents without end; the same for the same seed."""
    rng = Random(seed)
    weights = [weight(family) for family in FAMILIES]
    kinds = {"telling": _telling, "thread": _thread, "same": _same}
    while True:
        write = kinds[rng.choices(list(SHARES), list(SHARES.values()))[0]]
        yield write(rng.choices(FAMILIES, weights)[0], rng)


def weight(family: Family) -> float:
    """Return how often documents take up a family, as against one with thirty facts."""
    if isinstance(family.source, Table):
        size = min(max(len(family.source.rows) / 30, 0.5), 1.0)
        return size * (1.5 if family.domain == "composition" else 1.0)
    return PRACTICE.get(family.domain, 1.5)


def _telling(family: Family, rng: Random) -> str:
    """Write a few sentences on one family, in the answer's wording or another."""
    return " ".join(_sentence(family.draw(rng), rng) for _ in range(rng.randint(2, 5)))


def _sentence(task: Task, rng: Random) -> str:
    if task.family.domain == "logic":  # the answer's wording says little without what it rests on
        return f"{task.tell(rng)} {task.steps}" if rng.random() < 0.4 else task.tell(rng)
    return task.steps if rng.random() < 0.4 else task.tell(rng)


def _thread(family: Family, rng: Random) -> str:
    """Write a question and what people reply: the fact in other words, or nothing useful."""
    task = family.draw(rng)
    lines = [_by(ASKS, rng) + _question(task, rng)]
    if rng.random() < 0.3:
        lines.append(_by(REPLIES, rng) + rng.choice(CHATTER))
    if rng.random() < TO_THE_POINT:
        lead = rng.choice(LEADS) if rng.random() < 0.4 else ""
        lines.append(_by(REPLIES, rng) + lead + task.tell(rng))
    elif rng.random() < 0.5:
        lines.append(_by(REPLIES, rng) + family.draw(rng).tell(rng))
    if rng.random() < 0.3:
        lines.append(_by(REPLIES, rng) + rng.choice(CHATTER))
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
