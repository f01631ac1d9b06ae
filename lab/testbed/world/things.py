"""Foods, colours and everyday things: vegan or not, source, colour, material, use, room."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.facts import families, table
from lab.testbed.world.family import Fields, Rule

COLOURED = table("things", "coloured")


def _pair_draw(rng: Random) -> Fields:
    one, two = rng.sample(COLOURED, 2)
    if rng.random() < 0.5:
        same = [row for row in COLOURED if row["colour"] == one["colour"] and row is not one]
        two = rng.choice(same) if same else two
    return {"one": one["thing"], "two": two["thing"]}


def _pair_solve(given: Mapping[str, str]) -> Fields | None:
    colours = {row["thing"]: row["colour"] for row in COLOURED}
    one, two = given["one"], given["two"]
    if one not in colours or two not in colours or one == two:
        return None
    verdict = "yes" if colours[one] == colours[two] else "no"
    return {"one": one, "two": two, "first": colours[one], "second": colours[two], "same": verdict}


FAMILIES = families(
    "things",
    rules={
        "same_colour": Rule(_pair_draw, _pair_solve),
    },
)
