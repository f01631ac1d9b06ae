"""Chance that depends on what is asked, not on when: the same question has the same luck."""

import math
from random import Random

from lab import hashing


def luck(*parts: object) -> Random:
    """Return a generator that depends on the parts alone."""
    return Random(int(hashing.digest(list(parts), digits=16), 16))


def logistic(rng: Random) -> float:
    """Draw from the standard logistic distribution."""
    chance = min(max(rng.random(), 1e-12), 1 - 1e-12)
    return math.log(chance / (1 - chance))


def likely(gap: float, noise: float) -> float:
    """Return the probability that a gap plus logistic noise is above 0; 0.5 for no gap."""
    if noise == 0:
        return 0.5 if gap == 0 else float(gap > 0)
    return 1 / (1 + math.exp(-max(min(gap / noise, 700.0), -700.0)))
