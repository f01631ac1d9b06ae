"""Say which examples to keep. A filter never drops: it returns a mask, True = keep."""

from lab.filters.applied import Filtered, apply
from lab.filters.calls import valid_calls
from lab.filters.copies import Copies
from lab.filters.decontaminate import contaminated_by, decontaminate, decontaminate_semantic
from lab.filters.dialogue import no_later_dates, valid_turns
from lab.filters.form import content_words, no_bad_start, no_echo, no_markup, no_repetition
from lab.filters.growing import Growing
from lab.filters.language import language, language_of
from lab.filters.length import length
from lab.filters.near_duplicates import copies_by_shingles, no_near_duplicates
from lab.filters.novelty import copies_by_novelty, novelty, rouge_l
from lab.filters.semantic import copies_by_meaning, semantic
from lab.filters.sharded import (
    first_rejection,
    no_near_duplicates_shards,
    novelty_shards,
    passing,
)
from lab.filters.tally import explain, tally
from lab.filters.thinking import no_circling_thinking, no_cut_thinking, no_leaked_thinking
from lab.filters.tokens import cjk_tokens, rouge_tokens
from lab.filters.tool_results import no_ignored_result
from lab.filters.votes import votes
from lab.filters.wording import (
    ALPACA_WORDS,
    SELF_INSTRUCT_WORDS,
    matched,
    no_apology,
    no_blacklisted,
    no_first_person,
    no_leaked_prompt,
    no_other_answers,
    no_personal,
    no_refusal,
    patterns,
)

__all__ = [
    "ALPACA_WORDS",
    "SELF_INSTRUCT_WORDS",
    "Copies",
    "Filtered",
    "Growing",
    "apply",
    "cjk_tokens",
    "contaminated_by",
    "content_words",
    "copies_by_meaning",
    "copies_by_novelty",
    "copies_by_shingles",
    "decontaminate",
    "decontaminate_semantic",
    "explain",
    "first_rejection",
    "language",
    "language_of",
    "length",
    "matched",
    "no_apology",
    "no_bad_start",
    "no_blacklisted",
    "no_circling_thinking",
    "no_cut_thinking",
    "no_echo",
    "no_first_person",
    "no_ignored_result",
    "no_later_dates",
    "no_leaked_prompt",
    "no_leaked_thinking",
    "no_markup",
    "no_near_duplicates",
    "no_near_duplicates_shards",
    "no_other_answers",
    "no_personal",
    "no_refusal",
    "no_repetition",
    "novelty",
    "novelty_shards",
    "passing",
    "patterns",
    "rouge_l",
    "rouge_tokens",
    "semantic",
    "tally",
    "valid_calls",
    "valid_turns",
    "votes",
]
