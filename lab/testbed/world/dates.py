"""The calendar and units: days, months, seasons, and what is measured in what."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.facts import families, table, words
from lab.testbed.world.family import Fields, Rule

DAYS = words("dates", "days")
MONTHS = table("dates", "months")
NAMES = tuple(row["month"] for row in MONTHS)
NUMBERS = words("dates", "numbers")

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


FAMILIES = families(
    "dates",
    tables={"next_days": NEXT_DAYS, "next_months": NEXT_MONTHS},
    rules={
        "several_units": Rule(
            _several_draw,
            _several_solve,
            (
                *NUMBERS,
                "24 48 72 96 120 14 21 28 35 36 60 12 7",
                "days weeks hours months years dozens pieces",
            ),
        ),
    },
)
