"""A small artificial world with known answers: pools, prompts, grades, and a small base model.

A result made here says so wherever it is shown.

Tuning the base model with turns written plainly, each ended by `</s>` (`tune.PLAIN`): 600 to 1,000
examples, four to six epochs of 16 or 32 examples a step, a peak rate of 5e-4 to 1e-3 falling
linearly, and 48 new tokens for an answer. Arms of different size are compared at equal steps
(150 of 16). Families with thousands of distinct prompts, for arms that must not run out:
`nth_item`, `superlative`, `add`, `sum_then_difference`.
"""

from lab.testbed.client import client
from lab.testbed.pools import domains, families, pool, prompts
from lab.testbed.pretrain import base_model
from lab.testbed.teacher import Faults, Teacher, Traffic
from lab.testbed.truth import answer, exact, grade, rating, style
from lab.testbed.world import recognise

__all__ = [
    "Faults",
    "Teacher",
    "Traffic",
    "answer",
    "base_model",
    "client",
    "domains",
    "exact",
    "families",
    "grade",
    "pool",
    "prompts",
    "rating",
    "recognise",
    "style",
]
