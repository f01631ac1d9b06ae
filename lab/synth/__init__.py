"""Make instruction data: whole algorithms that stop at exactly N, and keep every reject.

Each method is `name(pool, client, *, keep, accept, terms, …)` and gives a `Synthesised`, which
unpacks as `examples, rejects`.
"""

from lab.synth.alpaca import alpaca
from lab.synth.seeds import load_seeds
from lab.synth.self_instruct import Quirks, self_instruct
from lab.synth.terms import Progress, Synthesised, Terms

__all__ = [
    "Progress",
    "Quirks",
    "Synthesised",
    "Terms",
    "alpaca",
    "load_seeds",
    "self_instruct",
]
