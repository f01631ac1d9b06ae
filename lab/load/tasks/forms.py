"""The forms in which one instance of a task is asked: with or without its description, inverted.

Sources: Super-NaturalInstructions (Wang et al. 2022, arXiv:2204.07705: definition and examples);
FLAN (Wei et al. 2022, arXiv:2109.01652: options, templates that turn a task around); that examples
without a description teach less is Wei et al.'s ablation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lab.errors import DataError
from lab.load.loaded import Example

FEW_ANSWERS = 12  # more different answers than this are no choice between options
_WORDS = {  # inverted, task, example, options
    "English": (
        "Below is the answer to a task. Write an input that it answers.",
        "The task: {}",
        "Input: {}\nOutput: {}",
        "Options:",
    ),
    "Chinese": (
        "下面是一道任务的答案。请写出它所回答的输入。",
        "任务: {}",
        "输入: {}\n输出: {}",
        "选项:",
    ),
}


@dataclass(frozen=True)
class Form:
    """How instances become examples."""

    described: bool = True  # False: input and output only, the control of the literature
    inverted: bool = False  # ask for the input, given the output
    shots: int = 0  # solved examples of the task shown in the instruction
    options: bool = False  # list the answers where there are few
    per_task: int | None = None  # at most so many instances, drawn by `seed`
    seed: int = 0

    def __post_init__(self) -> None:
        if self.shots < 0:
            raise ValueError(f"shots must be at least 0, got {self.shots}")
        if self.per_task is not None and self.per_task < 1:
            raise ValueError(f"per_task must be at least 1, got {self.per_task}")
        if self.inverted and (self.shots or self.options):
            raise ValueError("an inverted form has no shots and no options")

    @property
    def name(self) -> str:
        """Say what the form is, for the column `template`."""
        parts = ["described" if self.described else "bare"]
        parts += [f"{self.shots}-shot"] if self.shots else []
        parts += ["options"] if self.options else []
        return " ".join([*parts, "inverted"] if self.inverted else parts)


DESCRIBED = Form()
BARE = Form(described=False)


@dataclass(frozen=True)
class Task:
    """A task: what is to be done, how it was solved, and the instances to ask."""

    name: str
    definition: str
    instances: Sequence[tuple[str, Sequence[str]]]  # an input, and the outputs that are right
    solved: Sequence[tuple[str, str]] = ()
    language: str = "English"
    more: dict[str, Any] = field(default_factory=dict)  # further columns


def examples(task: Task, form: Form) -> list[Example]:
    """Return the instances of a task as examples in one form; several right answers stay.

    Raises
    ------
    DataError
        If the task has fewer solved examples than `shots`.

    Examples
    --------
    >>> task = Task("caps", "Write in capitals.", [("a", ["A"])])
    >>> examples(task, BARE)[0]["instruction"]
    'a'
    """
    if form.shots > len(task.solved):
        raise DataError(f"has {len(task.solved)} solved examples, {form.shots} are to be shown")
    places: Sequence[int] = range(len(task.instances))
    if form.per_task is not None and form.per_task < len(task.instances):
        rng = np.random.default_rng([form.seed, len(task.instances)])
        places = sorted(rng.permutation(len(task.instances))[: form.per_task])
    answers = sorted({one for _, outputs in task.instances for one in outputs})
    listed = answers if form.options and len(answers) <= FEW_ANSWERS else []
    return [_example(task, form, place, listed) for place in places]


def _example(task: Task, form: Form, place: int, listed: Sequence[str]) -> Example:
    given, outputs = task.instances[place]
    words = _WORDS.get(task.language, _WORDS["English"])
    asked, output = given, outputs[0]
    if listed:
        choices = "\n".join(f"- {option}" for option in listed)
        asked = f"{asked}\n\n{words[3]}\n{choices}"
    if form.inverted:
        asked, output = output, given
    instruction, material = _instruction(task, form, words), asked
    if not instruction:
        instruction, material = asked, ""
    return {
        **task.more,
        "instruction": instruction,
        "input": material,
        "output": output,
        "history": [],
        "task": task.name,
        "template": form.name,
        "inverted": form.inverted,
        "references": list(outputs),
    }


def _instruction(task: Task, form: Form, words: tuple[str, ...]) -> str:
    parts = []
    if form.inverted:
        parts.append(words[0])
        if form.described:
            parts.append(words[1].format(task.definition))
    elif form.described:
        parts.append(task.definition)
    parts += [words[2].format(*pair) for pair in task.solved[: form.shots]]
    return "\n\n".join(parts)
