"""Keep instructions that are not too close to one kept before: Self-Instruct's novelty filter.

Source: Wang et al. 2023, arXiv:2212.10560, section 2.2: an instruction joins the pool if its
ROUGE-L to every instruction in it is at most 0.7. The order of the pool decides, by definition.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.errors import DataError
from lab.filters import rouge, text
from lab.filters.copies import Copies, Positions, search
from lab.filters.tokens import Tokenizer, Tokens, by_rarity, encode, rouge_tokens
from lab.texts import CJK


def novelty(
    pool: pd.DataFrame,
    *,
    max_similarity: float = 0.7,
    seeds: Iterable[str] = (),
    field: str = "instruction",
    tokenize: Tokenizer = rouge_tokens,
) -> "pd.Series[bool]":
    """Keep examples whose instruction has ROUGE-L F at most `max_similarity` to all kept before.

    Greedy, in the order of the pool; an F equal to `max_similarity` passes. The decisions are those
    of `rouge_score` (no stemmer) in a double loop, to the last bit. `copies_by_novelty` shows
    what each rejected instruction is close to.

    Source: Self-Instruct, arXiv:2212.10560, section 2.2; tokens as in `rouge_score`.
    Cost: 52,002 instructions in under a second once compiled, a million in minutes.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id, in the order in which they are decided.
    max_similarity : float
        Largest F allowed, 0 to 1.
    seeds : iterable of str
        Texts that are in the pool already, such as the seed instructions.
    field : str
        The text column to compare.
    tokenize : callable
        `rouge_tokens`, or `cjk_tokens` for Chinese and Japanese.

    Returns
    -------
    Series of bool
        True = keep.

    Raises
    ------
    ValueError
        If `max_similarity` is not between 0 and 1.
    DataError
        If a text has letters of a script that the tokenizer does not see.

    Examples
    --------
    >>> tasks = ["Name a red fruit.", "Name a red fruit!", "Sort these numbers."]
    >>> novelty(pd.DataFrame({"instruction": tasks})).tolist()
    [True, False, True]
    """
    found = copies_by_novelty(
        pool, max_similarity=max_similarity, seeds=seeds, field=field, tokenize=tokenize
    )
    return found.keep


def copies_by_novelty(
    pool: pd.DataFrame,
    *,
    max_similarity: float = 0.7,
    seeds: Iterable[str] = (),
    field: str = "instruction",
    tokenize: Tokenizer = rouge_tokens,
) -> Copies:
    """Return what `novelty` keeps, with what each rejected row is close to and other limits.

    Takes what `novelty` takes. The closest row is the first of those kept before with the largest
    ROUGE-L F; asking for it costs a comparison with every kept row before each one asked about.

    Examples
    --------
    >>> tasks = {"x": "Name a red fruit.", "y": "Name a red fruit!", "z": "Sort these numbers."}
    >>> found = copies_by_novelty(pd.DataFrame({"instruction": tasks}))
    >>> found.closest().loc["y", ["nearest", "text"]].tolist()
    ['x', 'Name a red fruit.']
    """
    tokens, before = tokens_of(pool, seeds, field, tokenize)
    rows = rouge.arrange(tokens.ids, tokens.starts)
    texts = [*before, *text.column(pool, field)]
    return search(pool, _Tokenised(texts, len(before), rows, tokens.vocabulary), max_similarity)


@dataclass(frozen=True, eq=False)
class _Tokenised:
    """Seeds and texts as tokens; see `lab.filters.copies.Search`."""

    texts: list[str]
    seeds: int
    rows: rouge.Rows
    vocabulary: int

    def decide(self, limit: float) -> Positions:
        if not 0 <= limit <= 1:
            raise ValueError(f"max_similarity must be between 0 and 1, got {limit}")
        blocker, _ = rouge.greedy(self.rows, self.vocabulary, float(limit), self.seeds, grows=True)
        rejecting: Positions = blocker[self.seeds :]
        return rejecting

    def closest(self, blocker: Positions, rows: Positions) -> tuple[Positions, NDArray[np.float64]]:
        kept = np.concatenate([np.ones(self.seeds, dtype=bool), blocker < 0])
        found, best = rouge.nearest(self.rows, self.vocabulary, kept, rows + self.seeds)
        return found, best


def rouge_l(
    left: Sequence[str], right: Sequence[str], *, tokenize: Tokenizer = rouge_tokens
) -> np.ndarray:
    """Return ROUGE-L F between each text on the left and the one beside it on the right.

    Source: Lin 2004, ROUGE; equal to `rouge_score` to the last bit.

    Examples
    --------
    >>> rouge_l(["a b c d"], ["a c d e"]).tolist()
    [0.75]
    """
    if len(left) != len(right):
        raise ValueError(f"left and right must pair up, got {len(left)} and {len(right)} texts")
    tokens = encode([*left, *right], tokenize)
    rows = rouge.arrange(tokens.ids, tokens.starts)
    n = len(left)
    measures: np.ndarray = rouge.pairs(rows, tokens.vocabulary, np.arange(n), np.arange(n, 2 * n))
    return measures


def tokens_of(
    pool: pd.DataFrame, seeds: Iterable[str], field: str, tokenize: Tokenizer
) -> tuple[Tokens, list[str]]:
    """Return the tokens of seeds and pool, numbered by rarity, and the seeds."""
    texts = text.column(pool, field)
    before = list(seeds)
    tokens = by_rarity(encode([*before, *texts], tokenize))
    empty = np.diff(tokens.starts)[len(before) :] == 0
    unseen = text.contains(texts[empty], [f"[{CJK}]"])
    if unseen.any():
        raise DataError(
            "has no tokens for this tokenizer, but Chinese or Japanese characters; "
            "pass tokenize=filters.cjk_tokens",
            row=str(unseen.index[unseen.to_numpy()][0]),
            field=field,
        )
    return tokens, before
