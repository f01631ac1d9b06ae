"""Arithmetic, comparison and number sequences, all in small whole numbers."""

from collections.abc import Callable, Mapping
from random import Random

from lab.testbed.world.facts import families
from lab.testbed.world.family import Fields, Rule

LARGEST = 100
WORDS = tuple(str(n) for n in range(LARGEST + 1))
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _integers(given: Mapping[str, str], *names: str) -> list[int] | None:
    """Return the named fields as whole numbers of the world, or None if one is not."""
    texts = [given[name] for name in names]
    if not all(text.isascii() and text.isdigit() for text in texts):
        return None
    values = [int(text) for text in texts]
    return values if max(values) <= LARGEST and [str(v) for v in values] == texts else None


def _binary(
    compute: Callable[[int, int], int | None],
) -> Callable[[Mapping[str, str]], Fields | None]:
    """Return a solver of `a` and `b` that gives `c`, if `c` is a number of the world."""

    def solve(given: Mapping[str, str]) -> Fields | None:
        values = _integers(given, "a", "b")
        c = None if values is None else compute(*values)
        if c is None or not 0 <= c <= LARGEST:
            return None
        return {"a": given["a"], "b": given["b"], "c": str(c)}

    return solve


def _unary(compute: Callable[[int], int | None]) -> Callable[[Mapping[str, str]], Fields | None]:
    """Return a solver of `a` that gives `c`, if `c` is a number of the world."""

    def solve(given: Mapping[str, str]) -> Fields | None:
        values = _integers(given, "a")
        c = None if values is None else compute(*values)
        return None if c is None or not 0 <= c <= LARGEST else {"a": given["a"], "c": str(c)}

    return solve


def _pair(low: int, high: int) -> Callable[[Random], Fields]:
    return lambda rng: {"a": str(rng.randint(low, high)), "b": str(rng.randint(low, high))}


def _draw_subtract(rng: Random) -> Fields:
    a = rng.randint(2, 20)
    return {"a": str(a), "b": str(rng.randint(1, a - 1))}


def _draw_divide(rng: Random) -> Fields:
    b = rng.randint(2, 9)
    return {"a": str(b * rng.randint(2, 9)), "b": str(b)}


def _draw_distinct(rng: Random) -> Fields:
    a, b = rng.sample(range(1, 51), 2)
    return {"a": str(a), "b": str(b)}


def _one(low: int, high: int, *, factor: int = 1) -> Callable[[Random], Fields]:
    return lambda rng: {"a": str(rng.randint(low, high) * factor)}


def _parity(given: Mapping[str, str]) -> Fields | None:
    values = _integers(given, "a")
    return (values and {"a": given["a"], "c": "odd" if values[0] % 2 else "even"}) or None


def _draw_steps(rng: Random) -> Fields:
    start, step = rng.randint(1, 12), rng.choice((1, 2, 3, 5, 10))
    return {"items": " ".join(str(start + i * step) for i in range(4))}


def _solve_steps(given: Mapping[str, str]) -> Fields | None:
    texts = given["items"].split(" ")
    if len(texts) < 3 or not all(text.isdigit() for text in texts):
        return None
    values = [int(text) for text in texts]
    step = values[1] - values[0]
    following = values[-1] + step
    if [values[0] + i * step for i in range(len(values))] != values:
        return None
    if step <= 0 or following > LARGEST:
        return None
    return {"items": given["items"], "step": str(step), "last": texts[-1], "next": str(following)}


def _draw_letter(rng: Random) -> Fields:
    return {"letter": rng.choice(LETTERS[:-1])}


def _solve_letter(given: Mapping[str, str]) -> Fields | None:
    place = LETTERS.find(given["letter"])
    if len(given["letter"]) != 1 or not 0 <= place < len(LETTERS) - 1:
        return None
    return {"letter": given["letter"], "next": LETTERS[place + 1]}


def _divide(a: int, b: int) -> int | None:
    return a // b if b and a % b == 0 else None


def _unequal(choose: Callable[[int, int], int]) -> Callable[[int, int], int | None]:
    return lambda a, b: None if a == b else choose(a, b)


FAMILIES = families(
    "numbers",
    rules={
        "add": Rule(_pair(1, 15), _binary(lambda a, b: a + b), WORDS),
        "subtract": Rule(_draw_subtract, _binary(lambda a, b: a - b), WORDS),
        "multiply": Rule(_pair(2, 9), _binary(lambda a, b: a * b), WORDS),
        "divide": Rule(_draw_divide, _binary(_divide), WORDS),
        "double": Rule(_one(1, 40), _unary(lambda a: 2 * a), WORDS),
        "half": Rule(_one(1, 40, factor=2), _unary(lambda a: None if a % 2 else a // 2), WORDS),
        "parity": Rule(_one(1, 99), _parity, WORDS),
        "larger": Rule(_draw_distinct, _binary(_unequal(max)), WORDS),
        "smaller": Rule(_draw_distinct, _binary(_unequal(min)), WORDS),
        "next_number": Rule(_one(1, 98), _unary(lambda a: a + 1), WORDS),
        "number_before": Rule(_one(2, 99), _unary(lambda a: a - 1), WORDS),
        "continue_steps": Rule(_draw_steps, _solve_steps, WORDS),
        "next_letter": Rule(_draw_letter, _solve_letter, tuple(LETTERS)),
    },
)
