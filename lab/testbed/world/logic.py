"""Short logic about named persons: order, kinds, exclusion, possession."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.family import Family, Fields, Rule

NAMES = (
    "Anna", "Ben", "Carla", "David", "Emma", "Felix", "Grace", "Henry", "Ida", "Jack", "Karen",
    "Leo", "Mia", "Noah", "Olga", "Paul", "Rosa", "Simon", "Tina", "Victor",
)  # fmt: skip

PETS = ("dog", "cat", "horse", "parrot", "rabbit", "turtle")
ROOMS = ("kitchen", "garden", "library", "office", "bedroom", "garage", "workshop", "hall")
ENDS = {
    "taller": ("tallest", "shortest"),
    "older": ("oldest", "youngest"),
    "faster": ("fastest", "slowest"),
    "stronger": ("strongest", "weakest"),
    "richer": ("richest", "poorest"),
}  # a comparative, and who is at the two ends of its order
KINDS = {
    "dog": "animal", "cat": "animal", "horse": "animal", "rose": "flower", "tulip": "flower",
    "oak": "tree", "pine": "tree", "apple": "fruit", "pear": "fruit", "hammer": "tool",
    "saw": "tool", "chair": "seat", "violin": "instrument", "car": "vehicle",
}  # fmt: skip


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


FAMILIES = (
    Family(
        "superlative",
        "logic",
        phrasings=(
            "{one} is {more} than {two}. {two} is {more} than {three}. Who is the {end}?",
            "If {one} is {more} than {two} and {two} is {more} than {three}, who is the {end}?",
            "{one} is {more} than {two} and {two} is {more} than {three}. Name the {end}.",
            "{one} is {more} than {two}, and {two} is {more} than {three}. Which one is the {end}?",
            "Who is the {end} if {one} is {more} than {two} and {two} is {more} than {three}?",
            "Tell me the {end}: {one} is {more} than {two}, {two} is {more} than {three}.",
        ),
        statements=(
            "{one} is {more} than {two}, {two} is {more} than {three}, so {who} is the {end}.",
            "As {one} is {more} than {two} and {two} is {more} than {three}, {who} is {end}.",
            "With {one} {more} than {two}, and {two} than {three}, it is {who} who is {end}.",
        ),
        steps="The {end} of the three is {who}.",
        final="{who}",
        source=Rule(
            _draw_order,
            _solve_order,
            (*NAMES, *ENDS, *(word for pair in ENDS.values() for word in pair)),
        ),
    ),
    Family(
        "syllogism",
        "logic",
        phrasings=(
            "Every {thing} is a {kind}. {name} has a {thing}. Does {name} have a {asked}?",
            "If every {thing} is a {kind} and {name} has a {thing}, does {name} have a {asked}?",
            "{name} has a {thing}, and every {thing} is a {kind}. Is it a {asked}?",
            "Every {thing} is a {kind}. Is the {thing} of {name} a {asked}?",
            "Tell me whether {name} has a {asked}: {name} has a {thing}, any {thing} is a {kind}.",
            "Every {thing} is a {kind}. So, is the {thing} that {name} has a {asked}?",
        ),
        statements=(
            "Every {thing} is a {kind}, so with a {thing} {name} has a {kind}.",
            "{name} has a {thing}, which is a {kind}. Asked for a {asked}, {name} says {verdict}.",
            "Asked whether the {thing}, a {kind}, is a {asked}, people say {verdict}.",
        ),
        steps="The {thing} of {name} is a {kind}, and the question is about a {asked}.",
        final="{verdict}",
        source=Rule(_draw_syllogism, _solve_syllogism, (*NAMES, *KINDS, *KINDS.values())),
    ),
    Family(
        "either",
        "logic",
        phrasings=(
            "{name} is in the {one} or in the {two}. {name} is not in the {out}. Where is {name}?",
            "If {name} is in the {one} or the {two}, but not in the {out}, where is {name}?",
            "Find {name}: either in the {one} or in the {two}, and not in the {out}.",
            "{name} is either in the {one} or in the {two}, but not in the {out}. In which room?",
            "Where is {name}, who is in the {one} or in the {two} but not in the {out}?",
            "Tell me where {name} is: in the {one} or the {two}, and not in the {out}.",
        ),
        statements=(
            "Either the {one} or the {two}, and not the {out}, so {name} is in the {left}.",
            "Look for {name} in the {one} and the {two}, not the {out}: {name} is in the {left}.",
            "Out of {one} and {two}, without the {out}, there is the {left} for {name}.",
        ),
        steps="Without the {out}, {name} must be in the {left}.",
        final="{left}",
        source=Rule(_draw_either, _solve_either, NAMES),
    ),
    Family(
        "owner",
        "logic",
        phrasings=(
            "{one} has a {first} and {two} has a {second}. Who has the {asked}?",
            "If {one} has a {first} and {two} has a {second}, whose is the {asked}?",
            "{one} keeps a {first}, {two} keeps a {second}. Name the owner of the {asked}.",
            "The {first} is from {one} and the {second} is from {two}. Who has the {asked}?",
            "Who is the owner of the {asked} if {one} has a {first} and {two} has a {second}?",
            "Tell me who has the {asked}: {one} has a {first}, {two} has a {second}.",
        ),
        statements=(
            "{one} has a {first} and {two} has a {second}, so the {asked} is with {owner}.",
            "{one} keeps a {first}, {two} keeps a {second}, and {owner} feeds the {asked}.",
            "The {asked} is with {owner}, because {one} has a {first} and {two} has a {second}.",
        ),
        steps="The {asked} belongs to {owner}.",
        final="{owner}",
        source=Rule(_draw_owner, _solve_owner, (*NAMES, *PETS)),
    ),
)
