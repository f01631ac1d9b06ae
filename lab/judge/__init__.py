"""Judge: which of two systems answers better, how sure one can be, and how biased the judge is.

Beside what is listed here: `forms` (how judges are asked), `rates` (rules, outcomes, sets),
`intervals`, `published` (verdicts of others), and to be imported by name `verdicts` (the table),
`panel` (several judges as one), `human` (people's verdicts), `reliability` (alpha, majority),
`mt_bench` (two turns, with references) and `leaderboard` (a model beside AlpacaEval 2's board).
"""

from lab.judge import forms, intervals, published, rates
from lab.judge.benchmark import benchmark
from lab.judge.bias import bias
from lab.judge.exact import exact_match
from lab.judge.length_control import length_controlled
from lab.judge.pairwise import pairwise
from lab.judge.rates import win_rate
from lab.judge.rating import mean_rating, rating
from lab.judge.reliability import agreement

__all__ = [
    "agreement",
    "benchmark",
    "bias",
    "exact_match",
    "forms",
    "intervals",
    "length_controlled",
    "mean_rating",
    "pairwise",
    "published",
    "rates",
    "rating",
    "win_rate",
]
