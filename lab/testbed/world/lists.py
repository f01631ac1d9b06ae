"""Lists of words: position, counting, reversal, order, membership, the odd one out."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.family import Family, Fields, Rule

WORDS = (
    "apple", "pear", "banana", "cherry", "lemon", "onion", "carrot", "potato", "chair",
    "table", "bed", "sofa", "hammer", "saw", "drill", "rose", "tulip", "daisy", "oak", "pine",
    "birch", "piano", "violin", "drum", "shirt", "coat", "sock", "car", "bus", "bicycle",
    "dog", "cat", "cow", "horse", "sheep", "duck", "frog", "owl", "bread", "cheese", "milk",
    "honey", "book", "pencil", "bottle", "spoon", "window", "candle",
)  # fmt: skip
GROUPS = {
    "fruit": ("apple", "pear", "banana", "cherry", "lemon"),
    "vegetable": ("onion", "carrot", "potato", "cabbage"),
    "furniture": ("chair", "table", "bed", "sofa"),
    "tool": ("hammer", "saw", "drill"),
    "flower": ("rose", "tulip", "daisy"),
    "tree": ("oak", "pine", "birch"),
    "instrument": ("piano", "violin", "drum"),
    "clothing": ("shirt", "coat", "sock"),
    "vehicle": ("car", "bus", "bicycle"),
    "animal": ("dog", "cat", "cow", "horse", "sheep", "duck"),
}
GROUP_OF = {word: group for group, words in GROUPS.items() for word in words}
NTH = ("first", "second", "third", "fourth")
COUNTS = ("2", "3", "4", "5", "6")


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


FAMILIES = (
    Family(
        "first_item",
        "lists",
        phrasings=(
            "What comes first in this list: {items}?",
            "Which word starts the list {items}?",
            "Give the start of the list.\n\n{items}",
            "With which word does the list {items} begin?",
            "Look at the list {items}. Which word is at the start?",
            "Name the word at the start of the list {items}.",
        ),
        statements=(
            "The list {items} starts with {first}.",
            "At the start of the list {items} stands {first}.",
            "With {first} begins the list {items}.",
        ),
        steps="The list {items} begins with {first}.",
        final="{first}",
        source=Rule(_draw_list, _ends, tuple(WORDS)),
    ),
    Family(
        "last_item",
        "lists",
        phrasings=(
            "What comes last in this list: {items}?",
            "Which word ends the list {items}?",
            "Give the end of the list.\n\n{items}",
            "With which word does the list {items} end?",
            "Look at the list {items}. Which word is at the end?",
            "Name the word at the end of the list {items}.",
        ),
        statements=(
            "The list {items} finishes with {last}.",
            "At the end of the list {items} stands {last}.",
            "With {last} ends the list {items}.",
        ),
        steps="The list {items} ends with {last}.",
        final="{last}",
        source=Rule(_draw_list, _ends, tuple(WORDS)),
    ),
    Family(
        "nth_item",
        "lists",
        phrasings=(
            "What is the {nth} word in the list {items}?",
            "Give the {nth} word of the list.\n\n{items}",
            "Which word is {nth} in this list: {items}?",
            "Name the {nth} word of {items}.",
            "Look at the list {items}. What is its {nth} word?",
            "Tell me the {nth} word in {items}.",
        ),
        statements=(
            "In {items} the {nth} word is {word}.",
            "The list {items} has {word} as its {nth} word.",
            "At the {nth} place of the list {items} stands {word}.",
        ),
        steps="In the list {items} the {nth} word is {word}.",
        final="{word}",
        source=Rule(_draw_nth, _nth, (*WORDS, *NTH)),
    ),
    Family(
        "item_after",
        "lists",
        phrasings=(
            "Which word comes after {word} in the list {items}?",
            "What follows {word} in this list: {items}?",
            "In the list {items}, what is right after {word}?",
            "Name the word after {word} in {items}.",
            "Look at the list {items}. What comes after {word}?",
            "Tell me which word follows {word} in {items}.",
        ),
        statements=(
            "In {items} the word {word} is followed by {next}.",
            "The list {items} has {next} right after {word}.",
            "After {word} comes {next} in the list {items}.",
        ),
        steps="In the list {items} the word after {word} is {next}.",
        final="{next}",
        source=Rule(_draw_after, _after, tuple(WORDS)),
    ),
    Family(
        "count_items",
        "lists",
        phrasings=(
            "How many words are in the list {items}?",
            "Count the words in this list: {items}.",
            "How long is the list?\n\n{items}",
            "Give the number of words in {items}.",
            "Look at the list {items}. How many words does it have?",
            "Tell me how many words you see in {items}.",
        ),
        statements=(
            "There are {count} words in {items}.",
            "Count the words of {items} and you get {count}.",
            "The number of words in the list {items} is {count}.",
        ),
        steps="The list {items} has {count} words.",
        final="{count}",
        source=Rule(_draw_count, _count, (*WORDS, *COUNTS)),
    ),
    Family(
        "reverse_items",
        "lists",
        phrasings=(
            "Reverse the list {items}.",
            "Write this list backwards: {items}.",
            "Turn the list around.\n\n{items}",
            "Give the words {items} from last to first.",
            "Look at the list {items}. How does it read backwards?",
            "Tell me the list {items} in reverse order.",
        ),
        statements=(
            "The list {items} reads {back} from last to first.",
            "Turn the list {items} around to get {back}.",
            "In reverse order {items} becomes {back}.",
        ),
        steps="The list {items} backwards is {back}.",
        final="{back}",
        source=Rule(_draw_short, _reverse, tuple(WORDS)),
    ),
    Family(
        "member",
        "lists",
        phrasings=(
            "Is {word} in the list {items}?",
            "Does the list {items} have the word {word} in it?",
            "Look for {word} in this list: {items}. Is it there?",
            "Can you find the word {word} in {items}?",
            "Look at the list {items}. Is {word} in it?",
            "Tell me whether {word} is one of {items}.",
        ),
        statements=(
            "Look for {word} in {items}: it {is} there, so {verdict}.",
            "The word {word} {is} one of {items}.",
            "In {items} you look for {word} and say {verdict}.",
        ),
        steps="The word {word} {is} in the list {items}.",
        final="{verdict}",
        source=Rule(_draw_member, _member, (*WORDS, "yes no is not")),
    ),
    Family(
        "odd_one_out",
        "lists",
        phrasings=(
            "Which word does not fit: {items}?",
            "Find the odd one out in {items}.",
            "Find the word that does not belong.\n\n{items}",
            "Which one of {items} is not like the others?",
            "Look at the list {items}. Which word does not belong?",
            "Tell me the odd one out: {items}.",
        ),
        statements=(
            "In {items} the word {odd} is not like the others.",
            "Among {items} only {odd} is from the group {group}.",
            "Of {items} the word that does not belong is {odd}.",
        ),
        steps="In {items} the odd one is {odd}.",
        final="{odd}",
        source=Rule(_draw_odd, _odd, (*WORDS, *GROUPS, "cabbage")),
    ),
)
