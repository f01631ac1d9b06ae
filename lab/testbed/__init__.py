"""A world in which truth is known: pools, prompts, right answers, grades, and a small base model.

A result made here says so wherever it is shown.
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
