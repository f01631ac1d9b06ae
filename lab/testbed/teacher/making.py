"""Which function answers which prompt of the part that makes data.

**A new prompt file of `lab/synth/prompts` gets its line here.**
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from lab.llm import prompts
from lab.testbed.teacher import aligning, synthesis, textbooks
from lab.testbed.teacher.settings import Teacher
from lab.testbed.teacher.synthesis import Wanted, wanted

SAYS: dict[str, Callable[[Wanted], str]] = {
    "self_instruct_tasks": synthesis.tasks,
    "self_instruct_classify": synthesis.closed,
    "self_instruct_input_first": lambda asked: synthesis.instances(asked, label_first=False),
    "self_instruct_output_first": lambda asked: synthesis.instances(asked, label_first=True),
    "alpaca_tasks": synthesis.whole_examples,
    **{f"evolve_{kind}": partial(synthesis.evolved, kind=kind) for kind in synthesis.KINDS},
    "evolve_equal": synthesis.equal,
    "invert": synthesis.inverted,
    "curate": synthesis.curated,
    "rewrite": synthesis.rewritten,
    "rewrite_contradicts": aligning.contradicted,
    "rewrite_corrupt": aligning.corrupted,
    "persona": synthesis.request_of,
    "persona_people": synthesis.people,
    "fill": synthesis.filled,
    "self_align": aligning.by_principles,
    "self_align_topics": aligning.topics,
    "self_align_questions": aligning.questions,
    "self_align_verbose": aligning.at_length,
    "textbook_passage": textbooks.passage,
    "textbook_exercises": textbooks.exercises,
    "textbook_code": textbooks.programs,
}


def as_a_user(teacher: Teacher, salt: object) -> str:
    """Ask what users ask, in the place of one; lazily, one of few things."""
    asked = wanted(teacher, {"tasks": "", "first": "1", "last": "1"}, "en", salt)
    return synthesis.tasks(asked).partition(". ")[2]


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
