"""Judge: which of two systems answers better, how sure one can be, and how biased the judge is."""

from lab.judge import human, panel, published, sets, verdicts
from lab.judge.agreement import agreement, krippendorff_alpha, majority
from lab.judge.bias import bias
from lab.judge.comparison import compare
from lab.judge.exact import exact_match
from lab.judge.intervals import Interval, bootstrap, paired_difference
from lab.judge.length_control import length_controlled
from lab.judge.pairwise import LOGPROBS, SCORES, VERDICT, VERDICT_WITH_REFERENCE, Form, pairwise
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
from lab.judge.rating import HELPFULNESS, MT_RATING, Scale, mean_rating, rating

__all__ = [
    "HELPFULNESS",
    "LOGPROBS",
    "MT_RATING",
    "SCORES",
    "VERDICT",
    "VERDICT_WITH_REFERENCE",
    "Form",
    "Interval",
    "Scale",
    "agreement",
    "bias",
    "bootstrap",
    "both_agree",
    "by_set",
    "compare",
    "exact_match",
    "half_width",
    "human",
    "krippendorff_alpha",
    "length_controlled",
    "majority",
    "mean_preference",
    "mean_rating",
    "nine_cell",
    "outcomes",
    "paired_difference",
    "pairwise",
    "panel",
    "per_prompt",
    "published",
    "rating",
    "sets",
    "sign_test",
    "verdicts",
    "win_rate",
]
