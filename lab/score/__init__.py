"""Scores: one number per example, under its paper's name, scale and direction.

A score is a Series on the pool's index, NaN where it cannot be computed. Beside the scores stand
the tables behind some of them (`ratings`, `tags`, `indicators`) and what is read from these.
"""

from lab.score.compression import compression
from lab.score.deita import complexity, quality
from lab.score.ds2 import corrected
from lab.score.educational import Educational, fit_educational
from lab.score.effects import coding, kept_by
from lab.score.fineweb_edu import fineweb_edu
from lab.score.gradient_rank import gradient_rank
from lab.score.grape import grape
from lab.score.ifd import ifd, ifd_perplexity, perplexity
from lab.score.image_text import image_indicators, image_text
from lab.score.indicators import Rule, fit_rule, indicators, knn_distance, mtld, predicted_loss
from lab.score.influence import gradient_vectors, influence
from lab.score.layout import ALPACA, PLAIN, SHOT, Layout
from lab.score.length import length, length_tokens
from lab.score.miwv import miwv
from lab.score.nuggets import nuggets
from lab.score.raters import rater_agreement, rater_noise
from lab.score.rating import expected_rating, rating, ratings
from lab.score.replies import half_steps
from lab.score.reward import reward
from lab.score.selectit import selectit, selectit_code
from lab.score.tags import normalise_tags, tag_count, tags
from lab.score.transition import Transition, transition
from lab.score.unieval import unieval
from lab.score.upd import upd
from lab.score.warmup import Less

__all__ = [
    "ALPACA",
    "PLAIN",
    "SHOT",
    "Educational",
    "Layout",
    "Less",
    "Rule",
    "Transition",
    "coding",
    "complexity",
    "compression",
    "corrected",
    "expected_rating",
    "fineweb_edu",
    "fit_educational",
    "fit_rule",
    "gradient_rank",
    "gradient_vectors",
    "grape",
    "half_steps",
    "ifd",
    "ifd_perplexity",
    "image_indicators",
    "image_text",
    "indicators",
    "influence",
    "kept_by",
    "knn_distance",
    "length",
    "length_tokens",
    "miwv",
    "mtld",
    "normalise_tags",
    "nuggets",
    "perplexity",
    "predicted_loss",
    "quality",
    "rater_agreement",
    "rater_noise",
    "rating",
    "ratings",
    "reward",
    "selectit",
    "selectit_code",
    "tag_count",
    "tags",
    "transition",
    "unieval",
    "upd",
]
