"""Tasks of as many steps as one likes: a question of the world, and what to do with its answer.

"What is the capital of Peru? Then count the letters of the result." needs one step more than its
first sentence. The steps can be counted and the truth is known, so that a method that is to make
tasks harder can be held against it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random

from lab.testbed.world import FAMILIES, Family, Task, recognise
from lab.testbed.world.facts import content
from lab.testbed.world.family import SLOT, fill, pattern

LINK = re.compile(r"(?<=[.?!:]) (?:Then|After that|Next), ")
LINKS = ("Then, ", "After that, ", "Next, ")
LARGEST = 10_000  # results above it are not asked for
TRIES = 40


@dataclass(frozen=True)
class Move:
    """One further step: how it is asked, what it does to a result, how it is told."""

    name: str
    kind: str  # of the operation of Evol-Instruct that it stands for
    phrasings: tuple[str, ...]
    does: Callable[[str, str, str], str | None]  # result, {n}, {m} -> new result, None if it cannot
    told: str


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None


def _sum(result: str, n: str, _m: str) -> str | None:
    value = _number(result)
    return None if value is None or value + int(n) > LARGEST else str(value + int(n))


def _double(result: str, _n: str, _m: str) -> str | None:
    value = _number(result)
    return None if value is None or 2 * value > LARGEST else str(2 * value)


def _parity(result: str, _n: str, _m: str) -> str | None:
    value = _number(result)
    return None if value is None else ("even" if value % 2 == 0 else "odd")


def _letters(result: str, _n: str, _m: str) -> str | None:
    count = sum(letter.isalpha() for letter in result)
    return str(count) if count > 1 else None


def _first(result: str, _n: str, _m: str) -> str | None:
    return result[0] if len(result) > 1 and result[0].isalpha() else None


def _last(result: str, _n: str, _m: str) -> str | None:
    return result[-1] if len(result) > 1 and result[-1].isalpha() else None


def _backwards(result: str, _n: str, _m: str) -> str | None:
    return result[::-1] if len(result) > 2 and result[::-1] != result else None


def _capitals(result: str, _n: str, _m: str) -> str | None:
    return result.upper() if result.upper() != result else None


def _twice(result: str, _n: str, _m: str) -> str | None:
    return f"{result} {result}" if len(result) <= 20 else None


def _looked_up(result: str, n: str, m: str) -> str | None:
    value = _number(result)
    if value is not None:
        return str(value + int(m)) if value + int(m) <= LARGEST else None
    place = int(n) if n else 0
    return result[place - 1] if 0 < place <= len(result) and result[place - 1].isalpha() else None


DOES: dict[str, Callable[[str, str, str], str | None]] = {
    "sum": _sum,
    "double": _double,
    "parity": _parity,
    "letters": _letters,
    "first": _first,
    "last": _last,
    "backwards": _backwards,
    "capitals": _capitals,
    "twice": _twice,
    "table": _looked_up,
}
MOVES = tuple(
    Move(move["name"], move["kind"], tuple(move["phrasings"]), DOES[move["name"]], move["told"])
    for move in content("chains")["moves"]
)


@dataclass(frozen=True)
class Chain:
    """A task of the world and the moves after it, with all results."""

    task: Task
    moves: tuple[tuple[Move, str, str], ...]  # the move, {n}, {m}
    results: tuple[str, ...]  # of the task, and after each move

    @property
    def steps(self) -> int:
        """Return how many steps the task needs: a composed family counts as two."""
        return (2 if self.task.family.domain == "composition" else 1) + len(self.moves)

    @property
    def final(self) -> str:
        """Return the short answer."""
        return self.results[-1]

    @property
    def answer(self) -> str:
        """Return the truth in the world's convention."""
        told = [self.task.steps]
        for (move, n, m), before, after in zip(
            self.moves, self.results, self.results[1:], strict=False
        ):
            values = {"before": before, "after": after, "n": n, "m": m}
            told.append(_put(move.told, values))
        return f"{' '.join(told)} Answer: {self.final}."


def read(text: str) -> Chain | None:
    """Return the chain that a text asks for, None if it is none; a plain question is one too.

    Examples
    --------
    >>> found = read("What is the capital of Peru? Then, count the letters of the result.")
    >>> found.steps, found.answer
    (2, 'The capital of Peru is Lima. The word Lima has 4 letters. Answer: 4.')
    """
    head, *tail = LINK.split(text.strip())
    task = recognise(head)
    if task is None:
        return None
    results, moves = [task.final], []
    for part in tail:
        found = _move(part)
        if found is None:
            return None
        move, n, m = found
        after = move.does(results[-1], n, m)
        if after is None:
            return None
        moves.append(found)
        results.append(after)
    return Chain(task, tuple(moves), tuple(results))


def harder(text: str, rng: Random, *, kind: str | None = None) -> str | None:
    """Return a text with one more move, of a kind if one fits it, or None if none can be made."""
    chain = read(text)
    if chain is None:
        return None
    made = [move for move, _, _ in chain.moves]
    fresh = [move for move in MOVES if move not in made]
    fitting = [move for move in fresh if kind in (None, move.kind)]
    others = [move for move in fresh if move not in fitting]
    for moves in (fitting, others, list(MOVES)):
        rng.shuffle(moves)
        for move in moves:
            n = rng.randint(2, min(max(len(chain.final), 3), 6))
            phrase = rng.choice(move.phrasings).replace("{n}", str(n))
            phrase = phrase.replace("{m}", str(rng.randint(2, 9)))
            longer = f"{text.strip()} {rng.choice(LINKS)}{phrase}"
            if read(longer) is not None:
                return longer
    return None


def ask(family: Family, rng: Random) -> str:
    """Return a question of a family, in a phrasing of training that holds no input apart."""
    for _ in range(TRIES):
        text = family.draw(rng).ask(rng.choice(family.seen))
        if "\n" not in text:
            return text
    return text.replace("\n\n", " ")


def asked_by(text: str) -> str | None:
    """Return a question of the world that a text answers, None if none is found.

    Examples
    --------
    >>> asked_by("The capital of Peru is Lima. Answer: Lima.")
    'What is the capital of Peru?'
    """
    told = text.strip()
    for family, shape in _answers():
        found = shape.match(told)
        if found is None:
            continue
        for phrasing in family.seen:
            if _slot_names(family.phrasings[phrasing]) <= found.groupdict().keys():
                question = fill(family.phrasings[phrasing], found.groupdict())
                known = recognise(question)
                if "\n" not in question and known is not None and known.steps in told:
                    return question
    return None


def _slot_names(template: str) -> set[str]:
    return {found[2] for found in SLOT.finditer(template)}


@cache
def _answers() -> tuple[tuple[Family, re.Pattern[str]], ...]:
    """Return the shape of each family's answer, those of most words first."""
    ordered = sorted(FAMILIES, key=lambda family: -len(family.steps))
    return tuple((family, pattern(family.steps)) for family in ordered)


def _put(template: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: values[slot[1]], template)


def _move(text: str) -> tuple[Move, str, str] | None:
    for move in MOVES:
        for phrasing in move.phrasings:
            parts = re.split(r"\{([nm])\}", phrasing)
            pattern = "".join(
                f"(?P<{part}>\\d+)" if number % 2 else re.escape(part)
                for number, part in enumerate(parts)
            )
            found = re.fullmatch(pattern, text.strip())
            if found is not None:
                slots = found.groupdict()
                return move, slots.get("n", ""), slots.get("m", "")
    return None
