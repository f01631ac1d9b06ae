"""Short logic about named persons: order, kinds, exclusion, possession."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.facts import content, families, words
from lab.testbed.world.family import Fields, Rule

NAMES = words("logic", "names")
PETS = words("logic", "pets")
ROOMS = words("logic", "rooms")
ENDS: dict[str, list[str]] = content("logic")["ends"]  # a comparative, and the ends of its order
KINDS: dict[str, str] = content("logic")["kinds"]


def _draw_order(rng: Random) -> Fields:
    one, two, three = rng.sample(NAMES, 3)
    more = rng.choice(sorted(ENDS))
    return {"one": one, "two": two, "three": three, "more": more, "end": rng.choice(ENDS[more])}


def _solve_order(given: Mapping[str, str]) -> Fields | None:
    people = [given["one"], given["two"], given["three"]]
    if len(set(people)) < 3 or any(name not in NAMES for name in people):
        return None
    if given["more"] not in ENDS or given["end"] not in ENDS[given["more"]]:
        return None
    ends = ENDS[given["more"]]
    return {**given, "who": people[0] if given["end"] == ends[0] else people[2]}


def _draw_syllogism(rng: Random) -> Fields:
    thing = rng.choice(sorted(KINDS))
    asked = KINDS[thing] if rng.random() < 0.5 else rng.choice(sorted(set(KINDS.values())))
    return {"name": rng.choice(NAMES), "thing": thing, "kind": KINDS[thing], "asked": asked}


def _solve_syllogism(given: Mapping[str, str]) -> Fields | None:
    if given["name"] not in NAMES or KINDS.get(given["thing"]) != given["kind"]:
        return None
    if given["asked"] not in KINDS.values():
        return None
    verdict = "yes" if given["asked"] == given["kind"] else "no"
    return {**given, "verdict": verdict}


def _draw_either(rng: Random) -> Fields:
    one, two = rng.sample(ROOMS, 2)
    return {"name": rng.choice(NAMES), "one": one, "two": two, "out": rng.choice((one, two))}


def _solve_either(given: Mapping[str, str]) -> Fields | None:
    pair = [given["one"], given["two"]]
    if given["name"] not in NAMES or any(room not in ROOMS for room in pair):
        return None
    if given["out"] not in pair or pair[0] == pair[1]:
        return None
    left = pair[1] if given["out"] == pair[0] else pair[0]
    return {**given, "left": left}


def _draw_owner(rng: Random) -> Fields:
    one, two = rng.sample(NAMES, 2)
    first, second = rng.sample(PETS, 2)
    asked = rng.choice((first, second))
    return {"one": one, "two": two, "first": first, "second": second, "asked": asked}


def _solve_owner(given: Mapping[str, str]) -> Fields | None:
    owners = {given["first"]: given["one"], given["second"]: given["two"]}
    known = all(name in NAMES for name in owners.values()) and all(pet in PETS for pet in owners)
    if not known or len(owners) < 2 or given["one"] == given["two"] or given["asked"] not in owners:
        return None
    return {**given, "owner": owners[given["asked"]]}


FAMILIES = families(
    "logic",
    rules={
        "superlative": Rule(
            _draw_order,
            _solve_order,
            (*NAMES, *ENDS, *(word for pair in ENDS.values() for word in pair)),
        ),
        "syllogism": Rule(_draw_syllogism, _solve_syllogism, (*NAMES, *KINDS, *KINDS.values())),
        "either": Rule(_draw_either, _solve_either, NAMES),
        "owner": Rule(_draw_owner, _solve_owner, (*NAMES, *PETS)),
    },
)
