"""Tasks of two steps: each needs one fact to reach the next."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.animals import ANIMALS, LIVES
from lab.testbed.world.dates import MONTHS, NEXT_DAYS, NEXT_MONTHS
from lab.testbed.world.family import Family, Fields, Rule, Table
from lab.testbed.world.geography import COUNTRIES
from lab.testbed.world.lists import NTH, words_of
from lab.testbed.world.numbers import LARGEST
from lab.testbed.world.words import OPPOSITES

LEGS = {row["animal"]: int(row["legs"]) for row in ANIMALS}
KIND = {row["animal"]: row["kind"] for row in ANIMALS}
OPPOSITE = {row["word"]: row["opposite"] for row in OPPOSITES}
YOUNG = tuple(
    {**row, "kind": KIND.get(row["animal"], "mammal" if row["animal"] == "goat" else "bird")}
    for row in LIVES
)
SEASON_AFTER = tuple(
    {**row, "season": next(m["season"] for m in MONTHS if m["month"] == row["next"])}
    for row in NEXT_MONTHS
)


def _draw_legs(rng: Random) -> Fields:
    one, two = rng.sample(sorted(LEGS), 2)
    return {"one": one, "two": two}


def _solve_legs(given: Mapping[str, str]) -> Fields | None:
    one, two = given["one"], given["two"]
    if one not in LEGS or two not in LEGS:
        return None
    total = LEGS[one] + LEGS[two]
    return {"one": one, "two": two, "a": str(LEGS[one]), "b": str(LEGS[two]), "total": str(total)}


def _draw_opposite(rng: Random) -> Fields:
    items = rng.sample(sorted(OPPOSITE), 3)
    return {"items": " ".join(items), "nth": rng.choice(NTH[:3])}


def _solve_opposite(given: Mapping[str, str]) -> Fields | None:
    items = words_of(given["items"])
    if items is None or given["nth"] not in NTH[: len(items)]:
        return None
    word = items[NTH.index(given["nth"])]
    if word not in OPPOSITE:
        return None
    return {"items": given["items"], "nth": given["nth"], "word": word, "opposite": OPPOSITE[word]}


def _draw_chain(rng: Random) -> Fields:
    a, b = rng.randint(1, 10), rng.randint(1, 10)
    return {"a": str(a), "b": str(b), "c": str(rng.randint(1, a + b - 1))}


def _solve_chain(given: Mapping[str, str]) -> Fields | None:
    texts = [given[name] for name in "abc"]
    if not all(text.isascii() and text.isdigit() for text in texts):
        return None
    a, b, c = (int(text) for text in texts)
    if not 0 <= a + b - c <= a + b <= LARGEST:
        return None
    return {**given, "sum": str(a + b), "rest": str(a + b - c)}


FAMILIES = (
    Family(
        "continent_of_capital",
        "composition",
        phrasings=(
            "{capital} is a capital. On which continent is its country?",
            "On which continent is the country with the capital {capital}?",
            "Name the continent of the country whose capital is {capital}.",
            "To which continent does the country with the capital {capital} belong?",
            "Tell me the continent of the country that has {capital} as its capital.",
            "In what continent is the country governed from {capital}?",
        ),
        statements=(
            "{capital} is the capital of {country}, a country in {continent}.",
            "The country with the capital {capital} belongs to {continent}.",
            "In {continent} the country {country} has its capital in {capital}.",
        ),
        steps="The country with the capital {capital} is {country}. {country} lies in {continent}.",
        final="{continent}",
        source=Table(COUNTRIES, ("capital",)),
    ),
    Family(
        "language_of_capital",
        "composition",
        phrasings=(
            "Which language is spoken in the country with the capital {capital}?",
            "{capital} is a capital. What language do people speak in its country?",
            "Name the language of the country whose capital is {capital}.",
            "What do people speak in the country governed from {capital}?",
            "Tell me the language of the country that has {capital} as its capital.",
            "What language is spoken in the country with {capital} as capital?",
        ),
        statements=(
            "{capital} is the capital of {country}, where people speak {language}.",
            "In the country with the capital {capital} people speak {language}.",
            "People speak {language} in {country}, the country governed from {capital}.",
        ),
        steps="The country with the capital {capital} is {country}. "
        "The language of {country} is {language}.",
        final="{language}",
        source=Table(COUNTRIES, ("capital",)),
    ),
    Family(
        "currency_of_city",
        "composition",
        phrasings=(
            "What money do you need in the city of {city}?",
            "Which currency is used in the city of {city}?",
            "Name the currency of the country where {city} lies.",
            "I travel to {city}. What do I pay with?",
            "Tell me the currency that people use in {city}.",
            "What do people in the city of {city} pay with?",
        ),
        statements=(
            "In {city}, a city in {country}, people pay with the {currency}.",
            "If you travel to {city}, take the {currency}, the money of {country}.",
            "Shops in {city} take the {currency}.",
        ),
        steps="The city of {city} lies in {country}. The currency of {country} is the {currency}.",
        final="{currency}",
        source=Table(COUNTRIES, ("city",)),
    ),
    Family(
        "class_of_young",
        "composition",
        phrasings=(
            "A {young} grows up. To which class will the animal belong?",
            "What class of animal does a {young} grow into?",
            "Name the animal class of a grown {young}.",
            "When a {young} grows up, which class of animal is it?",
            "Tell me the class of the animal that a {young} becomes.",
            "To which class belongs the animal that has a {young} as its baby?",
        ),
        statements=(
            "The {young} becomes a {animal}, which is a {kind}.",
            "When a {young} grows up, it is a {kind} called {animal}.",
            "A {animal} is a {kind}, and so is the {young}.",
        ),
        steps="A {young} grows into a {animal}. A {animal} is a {kind}.",
        final="{kind}",
        source=Table(YOUNG, ("young",)),
    ),
    Family(
        "sound_of_parent",
        "composition",
        phrasings=(
            "What sound does the parent of a {young} make?",
            "Which sound comes from the parent of a {young}?",
            "Name the sound of the animal that a {young} becomes.",
            "A {young} grows up. What sound will it make?",
            "Tell me the sound that the parent of a {young} makes.",
            "How does a grown {young} sound?",
        ),
        statements=(
            "The parent of a {young} is a {animal} and can {sound}.",
            "When the {young} is a {animal}, it will {sound}.",
            "A {young} hears its parent, the {animal}, {sound}.",
        ),
        steps="A {young} grows into a {animal}. A {animal} makes the sound {sound}.",
        final="{sound}",
        source=Table(LIVES, ("young",)),
    ),
    Family(
        "legs_together",
        "composition",
        phrasings=(
            "How many legs do a {one} and a {two} have together?",
            "Count the legs of a {one} and a {two}. How many are there?",
            "Add the legs of a {one} to the legs of a {two}.",
            "What is the number of legs of a {one} and a {two} in sum?",
            "Tell me how many legs a {one} and a {two} have in sum.",
            "A {one} and a {two} stand together. How many legs do you see?",
        ),
        statements=(
            "A {one} with {a} legs and a {two} with {b} legs have {total} legs together.",
            "Together the {one} and the {two} walk on {total} legs.",
            "The legs of a {one} ({a}) and of a {two} ({b}) are {total} in sum.",
        ),
        steps="A {one} has {a} legs and a {two} has {b} legs. {a} plus {b} is {total}.",
        final="{total}",
        source=Rule(_draw_legs, _solve_legs),
    ),
    Family(
        "opposite_of_nth",
        "composition",
        phrasings=(
            "What is the opposite of the {nth} word in the list {items}?",
            "Take the {nth} word of {items} and give its opposite.",
            "Name the opposite of the {nth} word.\n\n{items}",
            "Look at the list {items}. Which word is opposite to its {nth} word?",
            "Tell me the opposite of the {nth} word of {items}.",
            "Find the {nth} word in {items}. What is its opposite?",
        ),
        statements=(
            "In {items} the {nth} word is {word}, which is opposite to {opposite}.",
            "The {nth} word of {items} is {word}. What is not {word} may be {opposite}.",
            "Look at {items}: the {nth} word, {word}, has the opposite {opposite}.",
        ),
        steps="In the list {items} the {nth} word is {word}. The opposite of {word} is {opposite}.",
        final="{opposite}",
        source=Rule(_draw_opposite, _solve_opposite, tuple(OPPOSITE)),
    ),
    Family(
        "sum_then_difference",
        "composition",
        phrasings=(
            "Add {a} and {b}, then take away {c}.",
            "What is {a} plus {b} minus {c}?",
            "Calculate {a} + {b} - {c}.",
            "Take {c} away from the sum of {a} and {b}.",
            "Tell me the sum of {a} and {b} without {c}.",
            "How much is {a} + {b} - {c}?",
        ),
        statements=(
            "{a} + {b} - {c} = {rest}.",
            "{a} + {b} = {sum} and {sum} - {c} = {rest}.",
            "Add {a} and {b} to get {sum}, take away {c} and {rest} is left.",
        ),
        steps="{a} plus {b} is {sum}. {sum} minus {c} is {rest}.",
        final="{rest}",
        source=Rule(_draw_chain, _solve_chain),
    ),
    Family(
        "day_after_tomorrow",
        "composition",
        phrasings=(
            "Today is {day}. What day is the day after tomorrow?",
            "Which day comes two days after {day}?",
            "Name the day that is two days after {day}.",
            "It is {day}. What day will it be in two days?",
            "Tell me which day it is two days after {day}.",
            "Two days from {day}, what day is it?",
        ),
        statements=(
            "Two days after {day} comes {after}.",
            "Today is {day}, in two days it will be {after}.",
            "After {day} comes {next}, and after that {after}.",
        ),
        steps="The day after {day} is {next}. The day after {next} is {after}.",
        final="{after}",
        source=Table(NEXT_DAYS, ("day",)),
    ),
    Family(
        "season_of_next_month",
        "composition",
        phrasings=(
            "It is {month}. In which season is the next month?",
            "What is the season of the month after {month}?",
            "Name the season of the month that follows {month}.",
            "Which season do we have when {month} is over?",
            "Tell me the season of the month right after {month}.",
            "To which season does the month after {month} belong?",
        ),
        statements=(
            "After {month} comes {next}, a month of {season}.",
            "When {month} is over, it is {next}, and we have {season}.",
            "The month that follows {month} is a month of {season}.",
        ),
        steps="The month after {month} is {next}. The month {next} belongs to {season}.",
        final="{season}",
        source=Table(SEASON_AFTER, ("month",)),
    ),
)
