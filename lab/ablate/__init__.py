"""Ablations: the same training on different data, over several seeds, with intervals.

`world` and `local` set a study up, `controls` gives a selection with all that it has to be seen
beside, `drawn` and `arms` draw subsets, `run` tunes and evaluates each once and keeps the result,
`summary` and `compare` say what differs and how surely, `verdicts` judges claims that were stated
beforehand (`more`, `same`), `publish` records the finding for reports. `studies` holds what only
the notebook of one paper needs.
"""

from lab.ablate import studies
from lab.ablate.against import Against, judged, judgments
from lab.ablate.answers import benchmark_items, exact_answers, world_answers
from lab.ablate.arms import Arm, arms
from lab.ablate.chosen import best, cluster_random, rated, scored, vectors
from lab.ablate.constrained import constrained
from lab.ablate.controls import controls, lengths, shuffled_answers
from lab.ablate.findings import findings, publish
from lab.ablate.language import choices, knows, open_answers
from lab.ablate.leaderboard import leaderboard
from lab.ablate.mix import mix
from lab.ablate.order import blocked, easy_to_hard
from lab.ablate.papers import paper
from lab.ablate.recorded import recorded
from lab.ablate.run import details, each, finished, run
from lab.ablate.setups import (
    Setup,
    drawn,
    likelihood_answers,
    local,
    world,
    world_group,
    world_target,
)
from lab.ablate.summary import compare, summary
from lab.ablate.verdict import Claim, jointly, more, same, verdicts

__all__ = [
    "Against",
    "Arm",
    "Claim",
    "Setup",
    "arms",
    "benchmark_items",
    "best",
    "blocked",
    "choices",
    "cluster_random",
    "compare",
    "constrained",
    "controls",
    "details",
    "drawn",
    "each",
    "easy_to_hard",
    "exact_answers",
    "findings",
    "finished",
    "jointly",
    "judged",
    "judgments",
    "knows",
    "leaderboard",
    "lengths",
    "likelihood_answers",
    "local",
    "mix",
    "more",
    "open_answers",
    "paper",
    "publish",
    "rated",
    "recorded",
    "run",
    "same",
    "scored",
    "shuffled_answers",
    "studies",
    "summary",
    "vectors",
    "verdicts",
    "world",
    "world_answers",
    "world_group",
    "world_target",
]
