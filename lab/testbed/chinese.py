"""A small Chinese side of the world: tasks over numbers, days and words, with their truth.

It is there so that a Chinese run of a method can be checked from end to end; the base model, whose
words are English, knows nothing of it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

DAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
OPPOSITES = {"大": "小", "多": "少", "长": "短", "高": "低", "新": "旧", "冷": "热", "远": "近"}
CAPITALS = {
    "法国": "巴黎",
    "日本": "东京",
    "英国": "伦敦",
    "俄罗斯": "莫斯科",
    "意大利": "罗马",
    "埃及": "开罗",
    "泰国": "曼谷",
    "秘鲁": "利马",
    "挪威": "奥斯陆",
    "希腊": "雅典",
}
OPENERS = (
    "",
    "",
    "请回答：",
    "我想知道，",
    "有个问题：",
    "麻烦你，",
    "小学数学练习：",
    "今天的题目是：",
)
THINGS = ("苹果", "鸡蛋", "铅笔", "本子", "糖", "书", "气球", "石头", "贝壳", "邮票")
NAMES = ("小明", "小红", "老王", "李阿姨", "张老师", "弟弟", "奶奶", "阿强")


@dataclass(frozen=True)
class Kind:
    """One kind of task: how it is asked, and how it is solved from its slots."""

    phrasings: tuple[str, ...]
    solve: Callable[[dict[str, str]], str | None]
    told: str


KINDS = (
    Kind(
        ("{a}加{b}等于多少？", "计算{a}与{b}的和。", "把{a}和{b}加起来，结果是几？"),
        lambda s: str(int(s["a"]) + int(s["b"])),
        "{a}加{b}等于{x}。答案：{x}。",
    ),
    Kind(
        ("{a}乘以{b}等于多少？", "求{a}和{b}的乘积。"),
        lambda s: str(int(s["a"]) * int(s["b"])),
        "{a}乘以{b}等于{x}。答案：{x}。",
    ),
    Kind(
        (
            "{w}有{a}个{t}，又得到{b}个，一共有几个{t}？",
            "{w}先拿了{a}个{t}，再拿{b}个，{w}手里有多少{t}？",
        ),
        lambda s: str(int(s["a"]) + int(s["b"])),
        "{w}一共有{x}个{t}。答案：{x}。",
    ),
    Kind(
        ("{a}和{b}哪个数更大？", "比较{a}和{b}，说出较大的数。"),
        lambda s: str(max(int(s["a"]), int(s["b"]))),
        "{a}和{b}中较大的是{x}。答案：{x}。",
    ),
    Kind(
        ("{a}是奇数还是偶数？", "判断数字{a}是奇数还是偶数。"),
        lambda s: "偶数" if int(s["a"]) % 2 == 0 else "奇数",
        "{a}是{x}。答案：{x}。",
    ),
    Kind(
        ("{d}的后一天是星期几？", "如果今天是{d}，明天是星期几？"),
        lambda s: DAYS[(DAYS.index(s["d"]) + 1) % 7] if s["d"] in DAYS else None,
        "{d}的后一天是{x}。答案：{x}。",
    ),
    Kind(
        ("“{o}”的反义词是什么？", "说出与“{o}”意思相反的字。"),
        lambda s: OPPOSITES.get(s["o"]),
        "“{o}”的反义词是“{x}”。答案：{x}。",
    ),
    Kind(
        ("{c}的首都是哪座城市？", "写出{c}首都的名字。"),
        lambda s: CAPITALS.get(s["c"]),
        "{c}的首都是{x}。答案：{x}。",
    ),
    Kind(
        ("按从小到大的顺序排列：{a}、{b}、{e}。", "把{a}、{b}、{e}这三个数从小到大写出来。"),
        lambda s: "、".join(sorted((s["a"], s["b"], s["e"]), key=int)),
        "从小到大是{x}。答案：{x}。",
    ),
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
