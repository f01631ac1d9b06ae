"""What the teacher says when it is to make data: tasks, instances, harder tasks, judgements.

It makes tasks of its own world, so that their truth is known, and it is lazy as often as it is told
to be: it copies, changes nothing, says too little, asks for pictures, or repeats our own words.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from lab.llm import prompts
from lab.testbed import chains, chinese, faults
from lab.testbed.teacher import chance
from lab.testbed.teacher.settings import Teacher
from lab.testbed.world import FAMILIES, Family

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
LAZY_TASKS = (
    "Draw a picture of a quiet lake.",
    "Add two.",
    "Write a program that sorts a list of numbers.",
    "Show me a graph of the prices of bread.",
    "*Think* about a good task for today.",
)
LAZY_TASKS_ZH = ("画一张湖的图片。", "写一首歌，并播放音频。", "加二。", "“请想一个任务。”")
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


SAYS: dict[str, Callable[[Wanted], str]] = {
    "self_instruct_tasks": tasks,
    "self_instruct_classify": closed,
    "self_instruct_input_first": lambda asked: instances(asked, label_first=False),
    "self_instruct_output_first": lambda asked: instances(asked, label_first=True),
    "alpaca_tasks": whole_examples,
}


def edited(turns: Sequence[Mapping[str, str]]) -> Callable[[Teacher, object], str] | None:
    """Return the answer to one of our prompts whose system text a person has changed."""
    if [turn["role"] for turn in turns] != ["system", "user"]:
        return None
    for name, say in SAYS.items():
        for language in prompts.LANGUAGES:
            fields = prompts.load("synth", name, language).last_turn(turns[-1]["content"])
            if fields is not None:
                return lambda teacher, salt, s=say, f=fields, g=language: s(  # type: ignore[misc]
                    wanted(teacher, f, g, salt)
                )
    return None
