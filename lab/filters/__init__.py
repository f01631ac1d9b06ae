"""Say which examples to keep. A filter never drops: it returns a mask, True = keep."""

from lab.filters.length import length
from lab.filters.near_duplicates import duplicate_of, near_duplicates
from lab.filters.novelty import most_similar, novelty, rouge_l
from lab.filters.tally import explain, tally
from lab.filters.tokens import cjk_tokens, rouge_tokens
from lab.filters.wording import matched, patterns, refusal

__all__ = [
    "cjk_tokens",
    "duplicate_of",
    "explain",
    "length",
    "matched",
    "most_similar",
    "near_duplicates",
    "novelty",
    "patterns",
    "refusal",
    "rouge_l",
    "rouge_tokens",
    "tally",
]
