"""Lists of words: position, counting, reversal, order, membership, the odd one out."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.facts import content, families, words
from lab.testbed.world.family import Fields, Rule

WORDS = words("lists", "words")
GROUPS = {group: tuple(held) for group, held in content("lists")["groups"].items()}
GROUP_OF = {word: group for group, held in GROUPS.items() for word in held}
NTH = words("lists", "nth")
COUNTS = words("lists", "counts")


def words_of(text: str) -> list[str] | None:
    """Return the words of a list such as `apple dog chair`, or None if it is no such list."""
    items = text.split(" ")
    good = len(items) >= 2 and all(item.isalpha() and item.islower() for item in items)
    return items if good else None


def _draw(low: int, high: int, rng: Random) -> list[str]:
    return rng.sample(WORDS, rng.randint(low, high))


def _draw_list(rng: Random) -> Fields:
    return {"items": " ".join(_draw(3, 5, rng))}


def _draw_short(rng: Random) -> Fields:
    return {"items": " ".join(_draw(2, 4, rng))}


def _draw_count(rng: Random) -> Fields:
    return {"items": " ".join(_draw(2, 6, rng))}


def _draw_nth(rng: Random) -> Fields:
    items = _draw(3, 5, rng)
    return {"items": " ".join(items), "nth": rng.choice(NTH[: min(len(items), len(NTH))])}


def _draw_after(rng: Random) -> Fields:
    items = _draw(3, 5, rng)
    return {"items": " ".join(items), "word": rng.choice(items[:-1])}


def _draw_member(rng: Random) -> Fields:
    items = _draw(3, 4, rng)
    word = rng.choice(items) if rng.random() < 0.5 else rng.choice(WORDS)
    return {"items": " ".join(items), "word": word}


def _draw_odd(rng: Random) -> Fields:
    group, other = rng.sample(sorted(GROUPS), 2)
    items = rng.sample(GROUPS[group], 3)
    items.insert(rng.randint(0, 3), rng.choice(GROUPS[other]))
    return {"items": " ".join(items)}


def _ends(given: Mapping[str, str]) -> Fields | None:
    items = words_of(given["items"])
    return (items and {"items": given["items"], "first": items[0], "last": items[-1]}) or None


def _nth(given: Mapping[str, str]) -> Fields | None:
    items = words_of(given["items"])
    if items is None or given["nth"] not in NTH or NTH.index(given["nth"]) >= len(items):
        return None
    word = items[NTH.index(given["nth"])]
    return {"items": given["items"], "nth": given["nth"], "word": word}


def _count(given: Mapping[str, str]) -> Fields | None:
    items = words_of(given["items"])
    if items is None or str(len(items)) not in COUNTS:
        return None
    return {"items": given["items"], "count": str(len(items))}


def _reverse(given: Mapping[str, str]) -> Fields | None:
    items = words_of(given["items"])
    return (items and {"items": given["items"], "back": " ".join(items[::-1])}) or None


def _after(given: Mapping[str, str]) -> Fields | None:
    items = words_of(given["items"])
    if items is None or given["word"] not in items[:-1] or items.count(given["word"]) > 1:
        return None
    following = items[items.index(given["word"]) + 1]
    return {"items": given["items"], "word": given["word"], "next": following}


def _member(given: Mapping[str, str]) -> Fields | None:
    items = words_of(given["items"])
    if items is None or not given["word"].isalpha():
        return None
    inside = given["word"] in items
    return {
        "items": given["items"],
        "word": given["word"],
        "verdict": "yes" if inside else "no",
        "is": "is" if inside else "is not",
    }


def _odd(given: Mapping[str, str]) -> Fields | None:
    items = words_of(given["items"])
    if items is None or any(item not in GROUP_OF for item in items):
        return None
    groups = [GROUP_OF[item] for item in items]
    single = [item for item, group in zip(items, groups, strict=True) if groups.count(group) == 1]
    if len(single) != 1 or len(set(groups)) != 2:
        return None
    return {"items": given["items"], "odd": single[0], "group": GROUP_OF[single[0]]}


FAMILIES = families(
    "lists",
    rules={
        "first_item": Rule(_draw_list, _ends, tuple(WORDS)),
        "last_item": Rule(_draw_list, _ends, tuple(WORDS)),
        "nth_item": Rule(_draw_nth, _nth, (*WORDS, *NTH)),
        "item_after": Rule(_draw_after, _after, tuple(WORDS)),
        "count_items": Rule(_draw_count, _count, (*WORDS, *COUNTS)),
        "reverse_items": Rule(_draw_short, _reverse, tuple(WORDS)),
        "member": Rule(_draw_member, _member, (*WORDS, "yes no is not")),
        "odd_one_out": Rule(_draw_odd, _odd, (*WORDS, *GROUPS, "cabbage")),
    },
)
