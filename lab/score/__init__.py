"""Scores: one number per example, under its paper's name, scale and direction."""

from lab.score.ifd import ifd, ifd_perplexity, perplexity
from lab.score.length import length, length_tokens
from lab.score.rating import expected_rating, rating, ratings
from lab.score.replies import half_steps, rater_noise

__all__ = [
    "expected_rating",
    "half_steps",
    "ifd",
    "ifd_perplexity",
    "length",
    "length_tokens",
    "perplexity",
    "rater_noise",
    "rating",
    "ratings",
]
