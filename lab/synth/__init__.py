"""Make instruction data by published methods: each stops at exactly N and keeps every reject.

Each method is `name(pool, client, *, keep, accept, terms, …)` and gives a `Synthesised`, which
unpacks as `examples, rejects`.
"""

from lab.synth.alpaca import alpaca
from lab.synth.answer import answer, invert
from lab.synth.backtranslate import backtranslate, curated, tagged, turned
from lab.synth.best_of import best_of
from lab.synth.constrain import CONSTRAINTS, Constraint, constrain
from lab.synth.corrupt import corrupt
from lab.synth.evol_instruct import eliminated, evol_instruct, tree
from lab.synth.fill import fill
from lab.synth.in_shards import synthesise_shards
from lab.synth.magpie import magpie
from lab.synth.persona import persona
from lab.synth.reason import reason
from lab.synth.rewrite import Meaning, rewrite
from lab.synth.seeds import load_seeds
from lab.synth.segments import segments
from lab.synth.self_align import self_align
from lab.synth.self_instruct import Quirks, self_instruct
from lab.synth.terms import Progress, Synthesised, Terms
from lab.synth.textbook import textbook

__all__ = [
    "CONSTRAINTS",
    "Constraint",
    "Meaning",
    "Progress",
    "Quirks",
    "Synthesised",
    "Terms",
    "alpaca",
    "answer",
    "backtranslate",
    "best_of",
    "constrain",
    "corrupt",
    "curated",
    "eliminated",
    "evol_instruct",
    "fill",
    "invert",
    "load_seeds",
    "magpie",
    "persona",
    "reason",
    "rewrite",
    "segments",
    "self_align",
    "self_instruct",
    "synthesise_shards",
    "tagged",
    "textbook",
    "tree",
    "turned",
]
