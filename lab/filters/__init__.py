"""Say which examples to keep. A filter never drops: it returns a mask, True = keep."""

from lab.filters.length import length
from lab.filters.tally import explain, tally
from lab.filters.wording import matched, patterns, refusal

__all__ = [
    "explain",
    "length",
    "matched",
    "patterns",
    "refusal",
    "tally",
]
