"""Judge: which of two systems answers better, how sure one can be, and how biased the judge is."""

from lab.judge import verdicts
from lab.judge.exact import exact_match
from lab.judge.intervals import Interval, bootstrap, paired_difference
from lab.judge.rates import (
    both_agree,
    by_set,
    half_width,
    mean_preference,
    nine_cell,
    outcomes,
    per_prompt,
    sign_test,
    win_rate,
)

__all__ = [
    "Interval",
    "bootstrap",
    "both_agree",
    "by_set",
    "exact_match",
    "half_width",
    "mean_preference",
    "nine_cell",
    "outcomes",
    "paired_difference",
    "per_prompt",
    "sign_test",
    "verdicts",
    "win_rate",
]
