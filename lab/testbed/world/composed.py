"""Tasks of two steps: each needs one fact to reach the next."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.dates import MONTHS, NEXT_DAYS, NEXT_MONTHS
from lab.testbed.world.facts import families, table
from lab.testbed.world.family import Fields, Rule
from lab.testbed.world.lists import NTH, words_of
from lab.testbed.world.numbers import LARGEST

ANIMALS, LIVES = table("animals", "animals"), table("animals", "lives")
LEGS = {row["animal"]: int(row["legs"]) for row in ANIMALS}
KIND = {row["animal"]: row["kind"] for row in ANIMALS}
OPPOSITE = {row["word"]: row["opposite"] for row in table("words", "opposites")}
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


FAMILIES = families(
    "composed",
    tables={
        "countries": table("geography", "countries"),
        "lives": LIVES,
        "next_days": NEXT_DAYS,
        "season_after": SEASON_AFTER,
        "young": YOUNG,
    },
    rules={
        "legs_together": Rule(_draw_legs, _solve_legs),
        "opposite_of_nth": Rule(_draw_opposite, _solve_opposite, tuple(OPPOSITE)),
        "sum_then_difference": Rule(_draw_chain, _solve_chain),
    },
)
