"""The calendar and units: days, months, seasons, and what is measured in what."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.family import Family, Fields, Rule, Table, rows

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = rows(
    "month, number, length, season, holiday",
    """
January, 1, 31, winter, New Year
February, 2, 28, winter, the carnival
March, 3, 31, spring, the start of spring
April, 4, 30, spring, the day of jokes
May, 5, 31, spring, the day of work
June, 6, 30, summer, the longest day
July, 7, 31, summer, the hot days
August, 8, 31, summer, the end of summer
September, 9, 30, autumn, the start of school
October, 10, 31, autumn, the night of ghosts
November, 11, 30, autumn, the day of thanks
December, 12, 31, winter, Christmas
""",
)
NAMES = tuple(row["month"] for row in MONTHS)
NUMBERS = ["two", "three", "four", "five"]

NEXT_DAYS = tuple(
    {
        "day": day,
        "next": DAYS[(i + 1) % 7],
        "previous": DAYS[(i - 1) % 7],
        "after": DAYS[(i + 2) % 7],
        "kind": "weekend" if i > 4 else "working week",
    }
    for i, day in enumerate(DAYS)
)
NEXT_MONTHS = tuple(
    {**row, "next": NAMES[(i + 1) % 12], "previous": NAMES[(i - 1) % 12]}
    for i, row in enumerate(MONTHS)
)
MEASURES = rows(
    "unit, quantity, tool",
    """
metre, length, ruler
kilometre, length, map
kilogram, weight, scale
gram, weight, scale
tonne, weight, scale
second, time, clock
minute, time, clock
hour, time, clock
litre, volume, jug
degree, temperature, thermometer
volt, voltage, voltmeter
watt, power, meter
""",
)
QUANTITIES = rows(
    "quantity, tool",
    """
length, ruler
weight, scale
time, clock
temperature, thermometer
speed, speedometer
direction, compass
pressure, barometer
voltage, voltmeter
""",
)
PARTS = rows(
    "whole, part, count",
    """
minute, seconds, 60
hour, minutes, 60
day, hours, 24
week, days, 7
year, months, 12
decade, years, 10
century, years, 100
metre, centimetres, 100
kilometre, metres, 1000
centimetre, millimetres, 10
kilogram, grams, 1000
litre, millilitres, 1000
dozen, pieces, 12
pair, pieces, 2
foot, inches, 12
""",
)
TIMES = {"week": ("days", 7), "day": ("hours", 24), "year": ("months", 12), "dozen": ("pieces", 12)}


def _several_draw(rng: Random) -> Fields:
    return {"n": rng.choice(NUMBERS), "wholes": f"{rng.choice(sorted(TIMES))}s"}


def _several_solve(given: Mapping[str, str]) -> Fields | None:
    whole = given["wholes"].removesuffix("s")
    if whole not in TIMES or given["n"] not in NUMBERS or given["wholes"] == whole:
        return None
    part, count = TIMES[whole]
    if given.get("parts", part) != part:
        return None
    total = str(count * (NUMBERS.index(given["n"]) + 2))
    return {**given, "whole": whole, "parts": part, "count": str(count), "total": total}


FAMILIES = (
    Family(
        "next_day",
        "calendar",
        phrasings=(
            "Which day comes after {day}?",
            "What day follows {day}?",
            "Today is {day}. What day is tomorrow?",
            "Name the day after {day}.",
            "Tell me the day that comes right after {day}.",
            "If it is {day} today, what day will it be tomorrow?",
        ),
        statements=(
            "After {day} comes {next}.",
            "Today is {day}, tomorrow is {next}.",
            "{next} follows {day}.",
            "If it is {day} today, tomorrow will be {next}.",
        ),
        steps="The day after {day} is {next}.",
        final="{next}",
        source=Table(NEXT_DAYS, ("day",)),
    ),
    Family(
        "previous_day",
        "calendar",
        phrasings=(
            "Which day comes before {day}?",
            "What day goes before {day}?",
            "Today is {day}. What day was yesterday?",
            "Name the day before {day}.",
            "Tell me the day that comes right before {day}.",
            "If it is {day} today, what day was it yesterday?",
        ),
        statements=(
            "Before {day} comes {previous}.",
            "Today is {day}, yesterday was {previous}.",
            "{previous} goes before {day}.",
            "If it is {day} today, yesterday was {previous}.",
        ),
        steps="The day before {day} is {previous}.",
        final="{previous}",
        source=Table(NEXT_DAYS, ("day",)),
    ),
    Family(
        "weekend",
        "calendar",
        phrasings=(
            "Is {day} part of the weekend or of the working week?",
            "Does {day} belong to the weekend or to the working week?",
            "Working week or weekend: where does {day} belong?",
            "Is {day} a day of the weekend or a day of the working week?",
            "Tell me whether {day} is in the weekend or in the working week.",
            "Weekend or working week: what is {day}?",
        ),
        statements=(
            "{day} is part of the {kind}.",
            "The {kind} has the day {day} in it.",
            "People count {day} to the {kind}.",
        ),
        steps="The day {day} belongs to the {kind}.",
        final="{kind}",
        source=Table(NEXT_DAYS, ("day",)),
    ),
    Family(
        "next_month",
        "calendar",
        phrasings=(
            "Which month comes after {month}?",
            "What month follows {month}?",
            "It is {month} now. What is the next month?",
            "Name the month after {month}.",
            "Tell me the month that comes right after {month}.",
            "When {month} is over, which month begins?",
        ),
        statements=(
            "After {month} comes {next}.",
            "When {month} is over, {next} begins.",
            "{next} follows {month}.",
            "It is {month} now, the next month is {next}.",
        ),
        steps="The month after {month} is {next}.",
        final="{next}",
        source=Table(NEXT_MONTHS, ("month",)),
    ),
    Family(
        "month_season",
        "calendar",
        phrasings=(
            "In which season is {month}?",
            "Name the season of {month}.",
            "What season does {month} belong to?",
            "Which season do we have in {month}?",
            "Tell me the season of the month {month}.",
            "To which season does the month {month} belong?",
        ),
        statements=(
            "{month} is a month of {season}.",
            "In {month} we have {season}.",
            "The season of the month {month} is {season}.",
            "The {season} has the month {month} in it.",
        ),
        steps="The month {month} belongs to {season}.",
        final="{season}",
        source=Table(MONTHS, ("month",)),
    ),
    Family(
        "month_number",
        "calendar",
        phrasings=(
            "What is the number of the month {month}?",
            "Which number does the month {month} have in the year?",
            "Give the place of {month} in the year as a number.",
            "Count from January. What number is {month}?",
            "Tell me the number of {month} in the year.",
            "As a number, which month is {month}?",
        ),
        statements=(
            "Month number {number} of the year is {month}.",
            "Count from January and {month} is number {number}.",
            "{month} is month {number} of 12.",
        ),
        steps="In the year, {month} has the number {number}.",
        final="{number}",
        source=Table(MONTHS, ("month",)),
    ),
    Family(
        "month_length",
        "calendar",
        phrasings=(
            "How many days does {month} have?",
            "How long is {month} in days?",
            "Give the number of days in {month}.",
            "Count the days of the month {month}.",
            "Tell me how many days are in {month}.",
            "What is the number of days in the month {month}?",
        ),
        statements=(
            "The number of days in {month} is {length}.",
            "There are {length} days in {month}.",
            "Count the days of {month} and you get {length}.",
        ),
        steps="The month {month} has {length} days.",
        final="{length}",
        source=Table(MONTHS, ("month",)),
    ),
    Family(
        "unit_quantity",
        "units",
        phrasings=(
            "What do we measure in {unit} units?",
            "The {unit} is a unit of what?",
            "Name the quantity that has the unit {unit}.",
            "Which quantity is measured with the unit {unit}?",
            "Tell me what the unit {unit} measures.",
            "For what quantity is {unit} a unit?",
        ),
        statements=(
            "The unit {unit} measures {quantity}.",
            "One unit of {quantity} is the {unit}.",
            "We measure {quantity} with the unit {unit}.",
        ),
        steps="The {unit} is a unit of {quantity}.",
        final="{quantity}",
        source=Table(MEASURES, ("unit",)),
    ),
    Family(
        "unit_tool",
        "units",
        phrasings=(
            "With which tool do we measure {quantity}?",
            "Name a tool that measures {quantity}.",
            "What do you need to measure {quantity}?",
            "Which tool is used to measure {quantity}?",
            "Tell me the tool for measuring {quantity}.",
            "I want to know the {quantity}. What tool do I need?",
        ),
        statements=(
            "The {tool} measures {quantity}.",
            "To measure {quantity} you need a {tool}.",
            "A tool for measuring {quantity} is the {tool}.",
            "If you want to know the {quantity}, use a {tool}.",
        ),
        steps="We measure {quantity} with a {tool}.",
        final="{tool}",
        source=Table(QUANTITIES, ("quantity",)),
    ),
    Family(
        "unit_parts",
        "units",
        phrasings=(
            "How many {part} are in one {whole}?",
            "One {whole} has how many {part}?",
            "Give the number of {part} in one {whole}.",
            "How many {part} make one {whole}?",
            "Tell me how many {part} a {whole} has.",
            "Of how many {part} is one {whole} made?",
        ),
        statements=(
            "The number of {part} in one {whole} is {count}.",
            "There are {count} {part} in one {whole}.",
            "With {count} {part} you make one {whole}.",
        ),
        steps="One {whole} has {count} {part}.",
        final="{count}",
        source=Table(PARTS, ("whole", "part")),
    ),
    Family(
        "several_units",
        "composition",
        phrasings=(
            "How many {parts} are in {n} {wholes}?",
            "Turn {n} {wholes} into {parts}.",
            "Give {n} {wholes} as a number of {parts}.",
            "How many {parts} do {n} {wholes} have?",
            "Tell me how many {parts} make {n} {wholes}.",
            "What are {n} {wholes} if you count in {parts}?",
        ),
        statements=(
            "There are {total} {parts} in {n} {wholes}.",
            "If you count {n} {wholes} in {parts}, you get {total}.",
            "One {whole} is {count} {parts}, so {n} {wholes} are {total} {parts}.",
        ),
        steps="One {whole} has {count} {parts}. So {n} {wholes} have {total} {parts}.",
        final="{total}",
        source=Rule(
            _several_draw,
            _several_solve,
            (
                *NUMBERS,
                "24 48 72 96 120 14 21 28 35 36 60 12 7",
                "days weeks hours months years dozens pieces",
            ),
        ),
    ),
)
