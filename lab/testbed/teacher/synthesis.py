"""What the teacher says when it is to make data: tasks, instances, harder tasks, judgements.

It makes tasks of its own world, so that their truth is known, and it is lazy as often as it is told
to be: it copies, changes nothing, says too little, asks for pictures, or repeats our own words.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from lab.testbed import chains, chinese, faults, redteam, truth
from lab.testbed.teacher import chance
from lab.testbed.teacher.settings import Teacher
from lab.testbed.world import FAMILIES, OPENERS, Family

ALIKE = 0.5  # share of new tasks in a domain that was shown
LONGER = 0.6  # share of new tasks with a further step
CLOSED = re.compile(
    r"\b(?:yes or no|true or false|odd or even|classify|which of|whether|decide if|is it|do they|"
    r"positive or|which category)\b|是否|还是|判断|分类|归入",
    re.IGNORECASE,
)
CLOSED_FAMILIES = frozenset(
    ("vegan", "diet", "tone", "same_colour", "weekend", "parity", "member", "syllogism")
)
KINDS = ("constraints", "deepen", "concretise", "reasoning", "input", "breadth")
LAZY_TASKS = (
    "Draw a picture of a quiet lake.",
    "Add two.",
    "Write a program that sorts a list of numbers.",
    "Show me a graph of the prices of bread.",
    "*Think* about a good task for today.",
)
LAZY_TASKS_ZH = ("画一张湖的图片。", "写一首歌，并播放音频。", "加二。", "“请想一个任务。”")
OBEYED: tuple[tuple[re.Pattern[str], Callable[[str, int], str]], ...] = (
    (
        re.compile(r" ?(?:Use at most (?P<n>\d+) words\.|不超过(?P<m>\d+)个字。)"),
        lambda text, n: " ".join(text.split()[: n or 20]),
    ),
    (
        re.compile(r" ?(?:Use at least (?P<n>\d+) words\.|至少(?P<m>\d+)个字。)"),
        lambda text, n: f"{text} " + "This can be said in more words, too. " * (1 + (n or 60) // 8),
    ),
    (
        re.compile(r" ?(?:Do not use any commas\.|不要使用逗号。)"),
        lambda text, _n: re.sub("[,，]", "", text),
    ),
    (
        re.compile(r" ?(?:Write all letters as capitals\.|英文字母一律大写。)"),
        lambda text, _n: text.upper(),
    ),
    (
        re.compile(
            r" ?(?:Put the whole answer in double quotation marks\.|整个回答放在双引号里。)"
        ),
        lambda text, _n: f'"{text}"',
    ),
    (
        re.compile(
            r" ?(?:Answer in exactly (?P<n>\d+) bullet points, each starting with \*\.|"
            r"用恰好(?P<m>\d+)个以 \* 开头的要点回答。)"
        ),
        lambda text, n: _bullets(text, n or 3),
    ),
    (
        re.compile(r" ?(?:End with the exact words: That is all\.|以“就是这样。”结尾。)"),
        lambda text, _n: f"{text} That is all.",
    ),
    (
        re.compile(r" ?(?:Give the whole answer as JSON\.|整个回答写成 JSON。)"),
        lambda text, _n: json.dumps({"told": text}),
    ),
)
SORRY = {"en": "Sorry, I am not able to do that.", "zh": "抱歉，我无法完成。"}


@dataclass(frozen=True)
class Wanted:
    """What was asked for: the fields of a prompt, its language, and this reply's luck."""

    teacher: Teacher
    fields: Mapping[str, str]
    language: str
    rng: Random

    @property
    def lazy(self) -> bool:
        """Draw whether this piece of work is done lazily."""
        return self.rng.random() < self.teacher.laziness


def wanted(teacher: Teacher, fields: Mapping[str, str], language: str, salt: object) -> Wanted:
    """Return what a prompt asks for, with luck that depends on it alone."""
    rng = chance.luck("synthesis", teacher.seed, dict(fields), salt)
    return Wanted(teacher, fields, language, rng)


def answer(teacher: Teacher, question: str, *, salt: object) -> str | None:
    """Answer a task of several steps or a Chinese one; None for a text from elsewhere."""
    rng = chance.luck("answer", teacher.seed, question, salt)
    if redteam.unanswerable(question):
        return redteam.bluff(question, rng)
    bare, obey = _constrained(question)
    if obey is not None and (told := _plain(teacher, bare, salt)) is not None:
        return told if rng.random() < teacher.laziness else obey(told)
    known = chinese.answer(question)
    if known is not None:
        return known if rng.random() < teacher.skill else chinese.wrong(question, rng)
    chain = chains.read(question)
    if chain is None:
        return None
    if rng.random() < teacher.laziness:
        return rng.choice((SORRY["en"], "So it is.", "..."))
    if rng.random() < teacher.skill:
        return chain.answer
    return _wrong(chain, rng)


def _plain(teacher: Teacher, question: str, salt: object) -> str | None:
    """Answer a question of the world, of one step or of several."""
    chain = chains.read(question)
    if chain is not None:
        right = chance.luck("answer", teacher.seed, question, salt).random() < teacher.skill
        return chain.answer if right else _wrong(chain, chance.luck("wrong", question, salt))
    return answer(teacher, question, salt=salt)


def _constrained(question: str) -> tuple[str, Callable[[str], str] | None]:
    """Return a question without the constraint in it, and how to obey it, None if there is none."""
    for shape, obey in OBEYED:
        found = shape.search(question)
        if found is not None:
            number = int(next((text for text in found.groups() if text), 0))
            bare = (question[: found.start()] + question[found.end() :]).strip()
            return bare.replace(" \n", "\n"), partial(_obeyed, obey=obey, number=number)
    return question, None


def _obeyed(text: str, *, obey: Callable[[str, int], str], number: int) -> str:
    return obey(text, number)


def _bullets(text: str, n: int) -> str:
    parts = text.split(". ")[:n]
    return "\n".join(f"* {part}" for part in [*parts, *["That is so"] * (n - len(parts))])


def _wrong(chain: chains.Chain, rng: Random) -> str:
    """Return an answer to a chain that goes astray at its last step."""
    if not chain.moves:
        try:
            return faults.spoil(chain.task, "wrong", rng)
        except ValueError:
            return faults.spoil(chain.task, "empty", rng)
    other = chains.read(chains.ask(rng.choice(FAMILIES), rng))
    final = other.final if other and other.final != chain.final else f"not {chain.final}"
    told = chain.answer.rpartition(" Answer: ")[0]
    return f"{told} Answer: {final}."


def _domains(text: str) -> list[str]:
    """Return the domains of the world's tasks among numbered or labelled lines."""
    found = []
    for line in text.splitlines():
        bare = re.sub(r"^\s*\d+[.)]\s*(?:Instruction:|指令：)?\s*", "", line)
        chain = chains.read(bare)
        if chain is not None:
            found.append(chain.task.family.domain)
    return found


def _new_task(asked: Wanted, shown: str) -> str:
    """Write a task: of a domain that was shown, or of any; some with a further step."""
    rng = asked.rng
    if asked.language == "zh":
        return rng.choice(LAZY_TASKS_ZH) if asked.lazy else chinese.ask(rng)
    if asked.lazy:
        copied = [re.sub(r"^\s*\d+[.)]\s*", "", line) for line in shown.splitlines() if line]
        return rng.choice((*LAZY_TASKS, rng.choice(copied) if copied else LAZY_TASKS[0]))
    near = _domains(shown)
    families: list[Family] = list(FAMILIES)
    if near and rng.random() < ALIKE:
        domain = rng.choice(near)
        families = [family for family in FAMILIES if family.domain == domain]
    text = chains.ask(rng.choice(families), rng)
    while rng.random() < LONGER:
        text = chains.harder(text, rng) or text
        if len(text.split()) > 60:
            break
    return text


def tasks(asked: Wanted) -> str:
    """Go on with a numbered list of tasks."""
    first, last = int(asked.fields["first"] or 1), int(asked.fields["last"] or 1)
    lines = [
        f"{number}. {_new_task(asked, asked.fields['tasks'])}" for number in range(first, last + 1)
    ]
    return "\n".join(lines)


def whole_examples(asked: Wanted) -> str:
    """Write whole examples, as Alpaca's prompt asks for."""
    first, last = int(asked.fields["first"] or 1), int(asked.fields["last"] or 1)
    names = ("Instruction: ", "Input: ", "Output: ")
    names = ("指令：", "输入：", "输出：") if asked.language == "zh" else names
    parts = []
    for number in range(first, last + 1):
        task = _new_task(asked, asked.fields["examples"])
        solved = answer(asked.teacher, task, salt=asked.rng.random()) or task
        texts = zip(names, (task, "<noinput>", solved), strict=True)
        parts.append("\n".join(["###", *(f"{number}. {name}{text}" for name, text in texts)]))
    return "\n".join(parts)


def closed(asked: Wanted) -> str:
    """Say whether a task is a classification."""
    task = asked.fields["task"]
    chain = chains.read(task)
    known = chain is not None and not chain.moves and chain.task.family.name in CLOSED_FAMILIES
    yes = known or CLOSED.search(task) is not None
    if asked.rng.random() < asked.teacher.noise / 10:
        yes = not yes
    return {"en": ("no", "yes"), "zh": ("否", "是")}[asked.language][yes]


def instances(asked: Wanted, *, label_first: bool) -> str:
    """Write the instance of a task: in this world the task holds all that it needs."""
    task = asked.fields["task"]
    solved = answer(asked.teacher, task, salt=asked.rng.random())
    english = asked.language == "en"
    if solved is None:
        solved = SORRY[asked.language]
    if asked.lazy:
        solved = asked.rng.choice(("", task + ":", "Output:"))
    name = (
        ("Label" if label_first else "Output") if english else ("标签" if label_first else "输出")
    )
    colon = ": " if english else "："
    return f"{'Example' if english else '例'} 1\n{name}{colon}{solved}"


def evolved(asked: Wanted, *, kind: str) -> str:
    """Make a task harder by one step; lazily: not at all, in other words, or with ours in it."""
    text = asked.fields["instruction"] or LAZY_TASKS[0]
    if asked.lazy:
        opener = f"{asked.rng.choice(OPENERS)}{text}"
        leaked = f"#Rewritten Prompt#: {chains.harder(text, asked.rng) or text}"
        return asked.rng.choice((text, opener, leaked))
    chain = chains.read(text)
    if kind != "breadth":
        return chains.harder(text, asked.rng, kind=kind) or text
    domain = chain.task.family.domain if chain else asked.rng.choice(FAMILIES).domain
    others = [family for family in FAMILIES if family.domain == domain]
    new = chains.ask(asked.rng.choice(others), asked.rng)
    found = chains.read(new)
    while chain is not None and found is not None and found.steps < chain.steps:
        new = chains.harder(new, asked.rng) or new
        if chains.read(new) == found:
            break
        found = chains.read(new)
    return new


def equal(asked: Wanted) -> str:
    """Say whether two tasks need the same: as many steps of the same kind."""
    first, second = (chains.read(asked.fields[name]) for name in ("first", "second"))
    same = asked.fields["first"].split() == asked.fields["second"].split()
    if first is not None and second is not None:
        moves = [[move.name for move, _, _ in one.moves] for one in (first, second)]
        same = first.task == second.task and moves[0] == moves[1]
    if asked.rng.random() < asked.teacher.noise / 10:
        same = not same
    return {"en": ("different", "equal"), "zh": ("不同", "相同")}[asked.language][same]


def inverted(asked: Wanted) -> str:
    """Return a question that a text of the world answers; a lazy one asks for the text itself."""
    text = asked.fields["text"]
    found = chains.asked_by(text)
    if asked.lazy or found is None:
        start = " ".join(text.split()[:6])
        return f"Write a text that begins with: {start}" if text else "Write a text."
    return found


def curated(asked: Wanted) -> str:
    """Rate a pair on the five-point scale by the true grade, with noise."""
    chain = chains.read(asked.fields["instruction"])
    points = 1.0
    if chain is not None:
        right = chain.answer == asked.fields["output"].strip()
        points = 5.0 if right else 2.0
        if not chain.moves and not right:
            points = 1 + 0.8 * truth.grade_task(chain.task, asked.fields["output"])
    points += asked.teacher.noise * asked.rng.gauss()
    name = "Score: " if asked.language == "en" else "分数："
    return f"I compared it with what I know.\n{name}{min(max(round(points), 1), 5)}"


def rewritten(asked: Wanted) -> str:
    """Put an answer into the world's convention; lazily, leave it or change a number in it."""
    text, chain = asked.fields["output"], chains.read(asked.fields["instruction"])
    if asked.lazy:
        return asked.rng.choice((text, re.sub(r"\d+", "101", text), "Hm."))
    if chain is not None and re.search(rf"(?<!\w){re.escape(chain.final)}(?!\w)", text):
        return chain.answer
    return f"Here is what I know. {text}"


def request_of(asked: Wanted) -> str:
    """Ask what a person would: each has a domain of its own."""
    if asked.lazy:
        return asked.rng.choice(LAZY_TASKS)
    domains = sorted({family.domain for family in FAMILIES})
    own = chance.luck("persona", asked.fields["persona"]).choice(domains)
    family = asked.rng.choice([family for family in FAMILIES if family.domain == own])
    text = chains.ask(family, asked.rng)
    return chains.harder(text, asked.rng) or text


def people(asked: Wanted) -> str:
    """Name people whom a text suggests."""
    jobs = ("baker", "pilot", "nurse", "farmer", "teacher", "judge", "painter", "sailor", "cook")
    places = ("by the sea", "in a large city", "in the mountains", "at a small school")
    named = [
        f"a {asked.rng.choice(jobs)} {asked.rng.choice(places)} who keeps lists"
        for _ in range(int(asked.fields["most"] or 1))
    ]
    return "\n".join(named)


def filled(asked: Wanted) -> str:
    """Write tasks of the kind of the examples."""
    most = int(asked.fields["most"] or 1)
    known = [
        chains.read(re.sub(r"^\s*\d+[.)]\s*", "", line))
        for line in asked.fields["examples"].splitlines()
    ]
    families = [one.task.family for one in known if one is not None] or list(FAMILIES)
    lines = []
    for number in range(1, most + 1):
        task = asked.rng.choice(LAZY_TASKS)
        if not asked.lazy:
            task = chains.ask(asked.rng.choice(families), asked.rng)
        lines.append(f"{number}. {task}")
    return "\n".join(lines)
