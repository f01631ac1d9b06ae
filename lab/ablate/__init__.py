"""Ablations: the same training on different data, over several seeds, with intervals.

`arms` draws the subsets, `run` tunes and evaluates each once and keeps the result, `summary` and
`compare` say what differs and how surely, `publish` records the finding for reports.
"""

from lab.ablate.answers import exact_answers, world_answers
from lab.ablate.arms import Arm, arms
from lab.ablate.findings import findings, publish
from lab.ablate.less_is_more import narrow
from lab.ablate.run import details, run
from lab.ablate.summary import apart, compare, summary

__all__ = [
    "Arm",
    "apart",
    "arms",
    "compare",
    "details",
    "exact_answers",
    "findings",
    "narrow",
    "publish",
    "run",
    "summary",
    "world_answers",
]
