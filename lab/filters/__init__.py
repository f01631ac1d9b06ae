"""Say which examples to keep. A filter never drops: it returns a mask, True = keep."""

from lab.filters.decontaminate import contaminated_by, decontaminate, decontaminate_semantic
from lab.filters.form import bad_start, content_words, echo, markup, repetition
from lab.filters.language import language, language_of
from lab.filters.length import length
from lab.filters.near_duplicates import duplicate_of, near_duplicates
from lab.filters.novelty import most_similar, novelty, rouge_l
from lab.filters.semantic import closest_kept, semantic
from lab.filters.tally import explain, tally
from lab.filters.tokens import cjk_tokens, rouge_tokens
from lab.filters.wording import (
    ALPACA_WORDS,
    SELF_INSTRUCT_WORDS,
    apology,
    blacklist,
    first_person,
    leaked_prompt,
    matched,
    other_answers,
    patterns,
    personal,
    refusal,
)

__all__ = [
    "ALPACA_WORDS",
    "SELF_INSTRUCT_WORDS",
    "apology",
    "bad_start",
    "blacklist",
    "cjk_tokens",
    "closest_kept",
    "contaminated_by",
    "content_words",
    "decontaminate",
    "decontaminate_semantic",
    "duplicate_of",
    "echo",
    "explain",
    "first_person",
    "language",
    "language_of",
    "leaked_prompt",
    "length",
    "markup",
    "matched",
    "most_similar",
    "near_duplicates",
    "novelty",
    "other_answers",
    "patterns",
    "personal",
    "refusal",
    "repetition",
    "rouge_l",
    "rouge_tokens",
    "semantic",
    "tally",
]
