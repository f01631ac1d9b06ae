"""What the notebooks of single papers need: their pools, their measures, their ways to choose."""

from lab.ablate.studies.checkpoints import (
    checkpoint_answers,
    checkpoint_outcomes,
    chosen_checkpoints,
)
from lab.ablate.studies.curation import curation
from lab.ablate.studies.less_is_more import narrow, one_wording, spoiled
from lab.ablate.studies.one_kind import one_kind
from lab.ablate.studies.published_runs import published_runs, simulated_runs
from lab.ablate.studies.solver import experienced, solved
from lab.ablate.studies.style import restyled, right
from lab.ablate.studies.synthetic import (
    candidates,
    known_words,
    several_steps,
    steps_by_round,
    truths,
)
from lab.ablate.studies.task_forms import asked_part, task_forms

__all__ = [
    "asked_part",
    "candidates",
    "checkpoint_answers",
    "checkpoint_outcomes",
    "chosen_checkpoints",
    "curation",
    "experienced",
    "known_words",
    "narrow",
    "one_kind",
    "one_wording",
    "published_runs",
    "restyled",
    "right",
    "several_steps",
    "simulated_runs",
    "solved",
    "spoiled",
    "steps_by_round",
    "task_forms",
    "truths",
]
