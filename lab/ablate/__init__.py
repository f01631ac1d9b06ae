"""Ablations: the same training on different data, over several seeds, with intervals.

`world` and `local` set a study up, `controls` gives a selection with all that it has to be seen
beside, `drawn` and `arms` draw subsets, `run` tunes and evaluates each once and keeps the result,
`summary` and `compare` say what differs and how surely, `verdicts` judges claims that were stated
beforehand (`more`, `same`), `publish` records the finding for reports.
"""

from lab.ablate.against import Against, judged, judgments
from lab.ablate.answers import benchmark_items, exact_answers, world_answers
from lab.ablate.arms import Arm, arms
from lab.ablate.checkpoints import checkpoint_answers, checkpoint_outcomes, chosen_checkpoints
from lab.ablate.chosen import best, cluster_random, rated, scored, vectors
from lab.ablate.constrained import constrained
from lab.ablate.controls import controls, lengths, shuffled_answers
from lab.ablate.findings import findings, publish
from lab.ablate.language import choices, knows, open_answers
from lab.ablate.leaderboard import leaderboard
from lab.ablate.less_is_more import narrow, one_wording, spoiled
from lab.ablate.mix import mix
from lab.ablate.one_kind import one_kind
from lab.ablate.order import blocked, easy_to_hard
from lab.ablate.papers import paper
from lab.ablate.published_runs import published_runs, simulated_runs
from lab.ablate.recorded import recorded
from lab.ablate.run import details, finished, run
from lab.ablate.setups import (
    Setup,
    drawn,
    likelihood_answers,
    local,
    world,
    world_group,
    world_target,
)
from lab.ablate.solver import experienced, solved
from lab.ablate.style import restyled, right
from lab.ablate.summary import compare, summary
from lab.ablate.synthetic import (
    candidates,
    known_words,
    several_steps,
    steps_by_round,
    truths,
)
from lab.ablate.task_forms import asked_part, task_forms
from lab.ablate.verdict import Claim, more, same, verdicts

__all__ = [
    "Against",
    "Arm",
    "Claim",
    "Setup",
    "arms",
    "asked_part",
    "benchmark_items",
    "best",
    "blocked",
    "candidates",
    "checkpoint_answers",
    "checkpoint_outcomes",
    "choices",
    "chosen_checkpoints",
    "cluster_random",
    "compare",
    "constrained",
    "controls",
    "details",
    "drawn",
    "easy_to_hard",
    "exact_answers",
    "experienced",
    "findings",
    "finished",
    "judged",
    "judgments",
    "known_words",
    "knows",
    "leaderboard",
    "lengths",
    "likelihood_answers",
    "local",
    "mix",
    "more",
    "narrow",
    "one_kind",
    "one_wording",
    "open_answers",
    "paper",
    "publish",
    "published_runs",
    "rated",
    "recorded",
    "restyled",
    "right",
    "run",
    "same",
    "scored",
    "several_steps",
    "shuffled_answers",
    "simulated_runs",
    "solved",
    "spoiled",
    "steps_by_round",
    "summary",
    "task_forms",
    "truths",
    "vectors",
    "verdicts",
    "world",
    "world_answers",
    "world_group",
    "world_target",
]
