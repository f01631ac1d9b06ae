"""Widgets: what they do by hand is done by the functions that a cell would call.

`SynthesisBench` makes data, `FilterBench` filters, `CoverageMap` maps, `Rater`, `PairJudge` and
`Writer` ask people, `watch` and `board` show what runs, `Work` runs a function beside the cell.
Every text of a pool is shown as text, never as markup.
"""

from lab.widgets.board import board
from lab.widgets.coverage_map import CoverageMap
from lab.widgets.criteria import Criteria, contains
from lab.widgets.filter_bench import FilterBench
from lab.widgets.job import watch
from lab.widgets.pair_judge import PairJudge
from lab.widgets.rater import Rater
from lab.widgets.synthesis import SynthesisBench
from lab.widgets.work import Monitor, Work
from lab.widgets.writer import Writer

__all__ = [
    "CoverageMap",
    "Criteria",
    "FilterBench",
    "Monitor",
    "PairJudge",
    "Rater",
    "SynthesisBench",
    "Work",
    "Writer",
    "board",
    "contains",
    "watch",
]
