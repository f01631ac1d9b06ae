"""What the teacher says when it is to write textbooks: passages, exercises, programs with tests.

Passages tell facts of the world, exercises are its tasks, and programs are small functions; with
less than full skill, answers and functions are wrong, so that a check can be held against the
truth.
"""

import re
from collections.abc import Callable
from random import Random

from lab.testbed import chains, chinese
from lab.testbed.teacher import chance
from lab.testbed.teacher.synthesis import LAZY_TASKS, SORRY, Wanted, answer
from lab.testbed.world import FAMILIES

FACTS = 4  # in a passage
# A name, what it does, the expression, with {x} and {n} for numbers; and what is right.
STEPS: tuple[tuple[str, str, str, Callable[[int, int], int]], ...] = (
    ("add_{n}", "adds {n}", "({x} + {n})", lambda x, n: x + n),
    ("times_{n}", "multiplies by {n}", "({x} * {n})", lambda x, n: x * n),
    ("without_{n}", "takes {n} away", "({x} - {n})", lambda x, n: x - n),
    ("square_and_{n}", "squares and adds {n}", "({x} ** 2 + {n})", lambda x, n: x**2 + n),
    ("rest_by_{n}", "keeps the rest of a division by {n}", "({x} % {n})", lambda x, n: x % n),
    ("at_most_{n}", "replaces whatever exceeds {n} by it", "min({x}, {n})", min),
    ("at_least_{n}", "lifts what lies below {n} up to it", "max({x}, {n})", max),
    ("apart_from_{n}", "finds the distance from {n}", "abs({x} - {n})", lambda x, n: abs(x - n)),
)
TRIED = (1, 6, 20)  # what a function is tested with


def passage(asked: Wanted) -> str:
    """Tell facts of the topic's domain; lazily, none."""
    topic, audience = asked.fields["topic"], asked.fields["audience"]
    if asked.lazy:
        return "See above." if asked.language == "en" else "同上。"
    tasks = [_task(asked, topic) for _ in range(FACTS)]
    solved = (answer(asked.teacher, task, salt=asked.rng.random()) or "" for task in tasks)
    told = [re.split(r" Answer: |答案：", one)[0] for one in solved]
    if asked.language == "zh":
        return f"关于{topic}，写给{audience}。" + "".join(told)
    return f"This is about {topic}, for {audience}. " + " ".join(told)


def exercises(asked: Wanted) -> str:
    """Write exercises with answers; lazily, without an answer or with a picture."""
    english = asked.language == "en"
    names = ("Exercise: ", "Answer: ") if english else ("练习：", "答案：")
    parts = []
    for _ in range(int(asked.fields["most"] or 1)):
        task = _task(asked, asked.fields["topic"])
        solved = answer(asked.teacher, task, salt=asked.rng.random()) or SORRY[asked.language]
        if asked.lazy:
            task, solved = asked.rng.choice(((task, ""), (asked.rng.choice(LAZY_TASKS), solved)))
        parts.append(f"{names[0]}{task}\n{names[1]}{solved}")
    return "\n\n".join(parts)


def programs(asked: Wanted) -> str:
    """Write functions with tests; lazily, with tests of nothing, or that reach for a file."""
    english = asked.language == "en"
    heads = ("Exercise", "Solution", "Tests") if english else ("练习", "解答", "测试")
    parts = []
    for _ in range(int(asked.fields["most"] or 1)):
        name, does, told, right = _function(asked.rng)
        good = asked.rng.random() < asked.teacher.skill
        code = f"def {name}(x):\n    return {told if good else 'None'}\n"
        tests = "".join(f"assert {name}({x}) == {right(x)}\n" for x in TRIED)
        if asked.lazy:
            bad = ((code, "assert True\n"), (f"open('/etc/hosts')\n{code}", tests), (code, ""))
            code, tests = asked.rng.choice(bad)
        task = f"Write a function `{name}` that {does}."
        if not english:
            task = f"请写函数 `{name}`，它对数 x 计算 `{told}`。"
        texts = (task, f"\n```python\n{code}```", f"\n```python\n{tests}```")
        parts.append("\n".join(f"{head}: {text}" for head, text in zip(heads, texts, strict=True)))
    return "\n\n".join(parts)


def _function(rng: Random) -> tuple[str, str, str, Callable[[int], int]]:
    """Return a function of two steps: its name, what it does, its expression, and itself."""
    (one, first, told, right), (two, second, more, then) = rng.sample(STEPS, 2)
    n, m = rng.randint(2, 99), rng.randint(2, 99)
    name = f"{one.format(n=n)}_{two.format(n=m)}"
    does = f"{first.format(n=n)}, then {second.format(n=m)}"
    expression = more.format(x=told.format(x="x", n=n), n=m)
    return name, does, expression, lambda x: then(right(x, n), m)


def _task(asked: Wanted, topic: str) -> str:
    """Return a task of the domain that the topic names, or that its wording draws."""
    if asked.language == "zh":
        return chinese.ask(asked.rng)
    domains = sorted({family.domain for family in FAMILIES})
    named = [domain for domain in domains if domain in topic.lower()]
    own = named[0] if named else chance.luck("topic", topic).choice(domains)
    return chains.ask(asked.rng.choice([one for one in FAMILIES if one.domain == own]), asked.rng)
