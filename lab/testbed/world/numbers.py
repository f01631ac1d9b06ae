"""Arithmetic, comparison and number sequences, all in small whole numbers."""

from collections.abc import Callable, Mapping
from random import Random

from lab.testbed.world.family import Family, Fields, Rule

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


FAMILIES = (
    Family(
        "add",
        "arithmetic",
        phrasings=(
            "What is {a} plus {b}?",
            "Add {a} and {b}.",
            "Calculate {a} + {b}.",
            "What is the sum of {a} and {b}?",
            "Tell me the sum of {a} and {b}.",
            "How much is {a} + {b}?",
        ),
        statements=(
            "{a} + {b} = {c}.",
            "The sum of {a} and {b} is {c}.",
            "Add {a} and {b} to get {c}.",
            "If you have {a} and get {b} more, you have {c}.",
        ),
        steps="{a} plus {b} is {c}.",
        final="{c}",
        source=Rule(_pair(1, 15), _binary(lambda a, b: a + b), WORDS),
    ),
    Family(
        "subtract",
        "arithmetic",
        phrasings=(
            "What is {a} minus {b}?",
            "Take {b} away from {a}.",
            "Calculate {a} - {b}.",
            "What is the difference of {a} and {b}?",
            "Tell me what is left if you take {b} from {a}.",
            "How much is {a} - {b}?",
        ),
        statements=(
            "{a} - {b} = {c}.",
            "The difference of {a} and {b} is {c}.",
            "Take {b} away from {a} and {c} is left.",
            "If you have {a} and lose {b}, you have {c}.",
        ),
        steps="{a} minus {b} is {c}.",
        final="{c}",
        source=Rule(_draw_subtract, _binary(lambda a, b: a - b), WORDS),
    ),
    Family(
        "multiply",
        "arithmetic",
        phrasings=(
            "What is {a} times {b}?",
            "Multiply {a} by {b}.",
            "Calculate {a} * {b}.",
            "What is the product of {a} and {b}?",
            "Tell me the product of {a} and {b}.",
            "How much is {a} * {b}?",
        ),
        statements=(
            "{a} * {b} = {c}.",
            "The product of {a} and {b} is {c}.",
            "Multiply {a} by {b} to get {c}.",
            "If you buy {a} bags with {b} apples each, you have {c} apples.",
        ),
        steps="{a} times {b} is {c}.",
        final="{c}",
        source=Rule(_pair(2, 9), _binary(lambda a, b: a * b), WORDS),
    ),
    Family(
        "divide",
        "arithmetic",
        phrasings=(
            "What is {a} divided by {b}?",
            "Divide {a} by {b}.",
            "Calculate {a} / {b}.",
            "How often does {b} fit into {a}?",
            "Tell me the result of {a} divided by {b}.",
            "How much is {a} / {b}?",
        ),
        statements=(
            "{a} / {b} = {c}.",
            "Divide {a} by {b} to get {c}.",
            "The number {b} fits {c} times into {a}.",
            "If {b} people share {a} apples, each gets {c}.",
        ),
        steps="{a} divided by {b} is {c}.",
        final="{c}",
        source=Rule(_draw_divide, _binary(_divide), WORDS),
    ),
    Family(
        "double",
        "arithmetic",
        phrasings=(
            "What is the double of {a}?",
            "Double the number {a}.",
            "What is two times the number {a}?",
            "Give twice the number {a}.",
            "Tell me the double of {a}.",
            "How much is twice {a}?",
        ),
        statements=(
            "Twice {a} is {c}.",
            "If you double {a}, you get {c}.",
            "Two times the number {a} makes {c}.",
        ),
        steps="The double of {a} is {c}.",
        final="{c}",
        source=Rule(_one(1, 40), _unary(lambda a: 2 * a), WORDS),
    ),
    Family(
        "half",
        "arithmetic",
        phrasings=(
            "What is half of {a}?",
            "Halve the number {a}.",
            "Give one half of {a}.",
            "Cut {a} into two equal numbers. How much is each?",
            "Tell me the half of {a}.",
            "How much is one half of {a}?",
        ),
        statements=(
            "One half of {a} makes {c}.",
            "If you halve {a}, you get {c}.",
            "Two times {c} is {a}, so {c} is one half of it.",
        ),
        steps="Half of {a} is {c}.",
        final="{c}",
        source=Rule(_one(1, 40, factor=2), _unary(lambda a: None if a % 2 else a // 2), WORDS),
    ),
    Family(
        "parity",
        "arithmetic",
        phrasings=(
            "Is {a} odd or even?",
            "Is the number {a} even or odd?",
            "Odd or even: what is {a}?",
            "Even or odd? The number is {a}.",
            "Tell me whether {a} is odd or even.",
            "Would you call {a} odd or even?",
        ),
        statements=(
            "We call {a} {c}.",
            "Among the numbers, {a} counts as {c}.",
            "One of the {c} numbers is {a}.",
        ),
        steps="The number {a} is {c}.",
        final="{c}",
        source=Rule(_one(1, 99), _parity, WORDS),
    ),
    Family(
        "larger",
        "comparison",
        phrasings=(
            "Which number is larger, {a} or {b}?",
            "Name the larger number: {a} or {b}.",
            "Compare {a} and {b}. Which is larger?",
            "Which is more, {a} or {b}?",
            "Tell me the larger of {a} and {b}.",
            "Out of {a} and {b}, which is the larger number?",
        ),
        statements=(
            "Between {a} and {b}, {c} is more.",
            "Compare {a} and {b}: {c} is larger.",
            "The larger number out of {a} and {b} is {c}.",
        ),
        steps="The larger number of {a} and {b} is {c}.",
        final="{c}",
        source=Rule(_draw_distinct, _binary(_unequal(max)), WORDS),
    ),
    Family(
        "smaller",
        "comparison",
        phrasings=(
            "Which number is smaller, {a} or {b}?",
            "Name the smaller number: {a} or {b}.",
            "Compare {a} and {b}. Which is smaller?",
            "Which is less, {a} or {b}?",
            "Tell me the smaller of {a} and {b}.",
            "Out of {a} and {b}, which is the smaller number?",
        ),
        statements=(
            "Between {a} and {b}, {c} is less.",
            "Compare {a} and {b}: {c} is smaller.",
            "The smaller number out of {a} and {b} is {c}.",
        ),
        steps="The smaller number of {a} and {b} is {c}.",
        final="{c}",
        source=Rule(_draw_distinct, _binary(_unequal(min)), WORDS),
    ),
    Family(
        "next_number",
        "sequences",
        phrasings=(
            "Which number comes after {a}?",
            "Name the number that follows {a}.",
            "Count on from {a}. What comes next?",
            "What is the next whole number after {a}?",
            "Tell me the number right after {a}.",
            "If you count, what do you say after {a}?",
        ),
        statements=(
            "After {a} comes {c}.",
            "Count on from {a} to {c}.",
            "{c} follows {a}.",
        ),
        steps="The number after {a} is {c}.",
        final="{c}",
        source=Rule(_one(1, 98), _unary(lambda a: a + 1), WORDS),
    ),
    Family(
        "number_before",
        "sequences",
        phrasings=(
            "Which number comes before {a}?",
            "Name the number that goes before {a}.",
            "Count back from {a}. What comes next?",
            "What is the whole number just before {a}?",
            "Tell me the number right before {a}.",
            "If you count, what do you say before {a}?",
        ),
        statements=(
            "Before {a} comes {c}.",
            "Count back from {a} to {c}.",
            "{c} goes before {a}.",
        ),
        steps="The number before {a} is {c}.",
        final="{c}",
        source=Rule(_one(2, 99), _unary(lambda a: a - 1), WORDS),
    ),
    Family(
        "continue_steps",
        "sequences",
        phrasings=(
            "What comes next: {items}?",
            "Continue the sequence {items}.",
            "Give the next number of the sequence.\n\n{items}",
            "Which number follows in the sequence {items}?",
            "Tell me how the sequence {items} goes on.",
            "Here is a sequence: {items}. What is the next number?",
        ),
        statements=(
            "The sequence {items} goes on with {next}.",
            "{items} {next}.",
            "In steps of {step}: {items} {next}.",
        ),
        steps="The sequence {items} goes up by {step}. After {last} comes {next}.",
        final="{next}",
        source=Rule(_draw_steps, _solve_steps, WORDS),
    ),
    Family(
        "next_letter",
        "sequences",
        phrasings=(
            "Which letter comes after {letter} in the alphabet?",
            "Name the letter that follows {letter}.",
            "What is the next letter after {letter}?",
            "In the alphabet, what comes right after {letter}?",
            "Tell me the letter right after {letter}.",
            "Say the alphabet. Which letter is next after {letter}?",
        ),
        statements=(
            "In the alphabet, {letter} is followed by {next}.",
            "After the letter {letter} comes the letter {next}.",
            "The letter {next} follows the letter {letter}.",
        ),
        steps="The letter after {letter} is {next}.",
        final="{next}",
        source=Rule(_draw_letter, _solve_letter, tuple(LETTERS)),
    ),
)
