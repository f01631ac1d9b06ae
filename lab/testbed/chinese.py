"""A small Chinese side of the world: tasks over numbers, days and words, with their truth.

It is there so that a Chinese run of a method can be checked from end to end; the base model, whose
words are English, knows nothing of it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from lab.testbed.world import facts

DAYS, THINGS, NAMES = (facts.words("chinese", key) for key in ("days", "things", "names"))
OPENERS = facts.texts("chinese", "openers")
OPPOSITES: dict[str, str] = facts.content("chinese")["opposites"]
CAPITALS: dict[str, str] = facts.content("chinese")["capitals"]


@dataclass(frozen=True)
class Kind:
    """One kind of task: how it is asked, and how it is solved from its slots."""

    phrasings: tuple[str, ...]
    solve: Callable[[dict[str, str]], str | None]
    told: str


SOLVED: dict[str, Callable[[dict[str, str]], str | None]] = {
    "sum": lambda s: str(int(s["a"]) + int(s["b"])),
    "product": lambda s: str(int(s["a"]) * int(s["b"])),
    "all": lambda s: str(int(s["a"]) + int(s["b"])),
    "larger": lambda s: str(max(int(s["a"]), int(s["b"]))),
    "parity": lambda s: "偶数" if int(s["a"]) % 2 == 0 else "奇数",
    "next_day": lambda s: DAYS[(DAYS.index(s["d"]) + 1) % 7] if s["d"] in DAYS else None,
    "opposite": lambda s: OPPOSITES.get(s["o"]),
    "capital": lambda s: CAPITALS.get(s["c"]),
    "sorted": lambda s: "、".join(sorted((s["a"], s["b"], s["e"]), key=int)),
}
KINDS = tuple(
    Kind(tuple(kind["phrasings"]), SOLVED[kind["name"]], kind["told"])
    for kind in facts.content("chinese")["kinds"]
)


def ask(rng: Random) -> str:
    """Return a Chinese task, with what people put before it."""
    kind = rng.choice(KINDS)
    slots = {
        **{name: str(rng.randint(2, 99)) for name in "abe"},
        "d": rng.choice(DAYS),
        "o": rng.choice(list(OPPOSITES)),
        "c": rng.choice(list(CAPITALS)),
        "t": rng.choice(THINGS),
        "w": rng.choice(NAMES),
    }
    return rng.choice(OPENERS) + _filled(rng.choice(kind.phrasings), slots)


def answer(text: str) -> str | None:
    """Return the true answer to a Chinese task of this world, None for any other text.

    Examples
    --------
    >>> answer("请回答：3加4等于多少？")
    '3加4等于7。答案：7。'
    """
    bare = text.strip()
    for opener in OPENERS:
        bare = bare.removeprefix(opener)
    for kind in KINDS:
        for phrasing in kind.phrasings:
            slots = _slots(phrasing, bare)
            found = kind.solve(slots) if slots is not None else None
            if slots is not None and found is not None:
                return _filled(kind.told, {**slots, "x": found})
    return None


def wrong(text: str, rng: Random) -> str:
    """Return a wrong answer in the convention of a right one."""
    told = (answer(text) or "").partition("答案：")[0]
    return f"{told}答案：{rng.choice(('不知道', '一百零一', '七千', '没有'))}。"


def _filled(template: str, slots: dict[str, str]) -> str:
    return re.sub(r"\{(\w)\}", lambda slot: slots[slot[1]], template)


def _slots(phrasing: str, text: str) -> dict[str, str] | None:
    parts, seen = [], set()
    for number, part in enumerate(re.split(r"\{(\w)\}", phrasing)):
        if number % 2 == 0:
            parts.append(re.escape(part))
        elif part in seen:
            parts.append(f"(?P={part})")
        else:
            parts.append(f"(?P<{part}>\\d+)" if part in "abe" else f"(?P<{part}>.+?)")
            seen.add(part)
    found = re.fullmatch("".join(parts), text)
    return None if found is None else found.groupdict()
