"""How the teacher grades and compares: the truth, its planted biases, and its noise."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.testbed import truth
from lab.testbed.teacher import chance
from lab.testbed.teacher.settings import Teacher
from lab.testbed.world import Task, recognise

HIGHEST = 5.0
MARGIN = 0.25  # a gap below this many points is a tie
UNKNOWN = 3.0  # points of a long answer to a question that is not of this world
UNKNOWN_WORDS = 8  # that make an answer long

Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Preference:
    """What the teacher thinks of two answers."""

    first: float  # points, from 0 to 5
    second: float
    winner: str  # "first", "second", "tie"
    first_chance: float  # probability that the first wins


def task_of(question: str) -> Task | None:
    """Return the world's task in a question; earlier turns above it are passed over."""
    parts = question.strip().split("\n\n")
    for start in range(len(parts)):
        task = recognise("\n\n".join(parts[start:]))
        if task is not None:
            return task
    return None


def merit(question: str, text: str) -> float:
    """Return the true grade of an answer, 0 to 5; a rough guess for questions from elsewhere."""
    task = task_of(question)
    if task is not None:
        return truth.grade_task(task, text)
    words = len(text.split())
    return UNKNOWN * min(1.0, words / UNKNOWN_WORDS)


def rate(teacher: Teacher, question: str, text: str, *, own: str, salt: object) -> float:
    """Return the teacher's opinion of an answer in points, noise and biases included, 0 to 5."""
    seen = opinion(teacher, question, text, own=own)
    seen += teacher.noise * chance.luck("rate", teacher.seed, question, text, salt).gauss()
    return min(max(seen, 0.0), HIGHEST)


def compare(
    teacher: Teacher, question: str, answers: tuple[str, str], *, own: str, salt: object
) -> Preference:
    """Return the teacher's opinion of two answers, in the order in which they are shown."""
    first, second = (opinion(teacher, question, text, own=own) for text in answers)
    gap = first - second + teacher.position_bias
    rng = chance.luck("compare", teacher.seed, question, list(answers), salt)
    felt = gap + teacher.noise * chance.logistic(rng)
    winner = "tie" if abs(felt) < MARGIN else ("first" if felt > 0 else "second")
    middle = (first + second) / 2
    return Preference(
        min(max(middle + felt / 2, 0.0), HIGHEST),
        min(max(middle - felt / 2, 0.0), HIGHEST),
        winner,
        chance.likely(0.0 if winner == "tie" and not teacher.noise else gap, teacher.noise),
    )


def scores(found: Preference, *, lowest: float, highest: float) -> tuple[float, float]:
    """Return a comparison as two scores in half steps, equal exactly for a tie."""
    scale = (highest - lowest) / HIGHEST
    first, second = (
        round(2 * (lowest + scale * points)) / 2 for points in (found.first, found.second)
    )
    if found.winner == "tie":
        return first, first
    if (first > second) != (found.winner == "first") or first == second:
        better = min(max(first, second) + 0.5, highest)
        worse = better - 0.5
        return (better, worse) if found.winner == "first" else (worse, better)
    return first, second


def opinion(teacher: Teacher, question: str, text: str, *, own: str) -> float:
    """Return the points that the teacher sees in an answer: merit and biases, without noise."""
    seen = merit(question, text)
    if teacher.verbosity_bias:
        longer = (len(text.split()) + 1) / (len(own.split()) + 1)
        seen += teacher.verbosity_bias * math.log2(longer)
    if teacher.self_preference and truth.normalise(text) == truth.normalise(own):
        seen += teacher.self_preference
    return seen
