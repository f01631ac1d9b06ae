"""Turn texts into arrays of token numbers, the form in which they can be compared fast."""

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from lab.texts import CJK

Tokenizer = Callable[[str], list[str]]
LATIN_TOKEN = re.compile(r"[a-z0-9]+")
CJK_TOKEN = re.compile(f"[{CJK}]|[a-z0-9]+")


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of n texts, end to end."""

    ids: NDArray[np.int32]  # (t,) a number per token, equal for equal tokens
    starts: NDArray[np.int64]  # (n + 1,) where each text starts in `ids`, and the end
    vocabulary: int  # distinct tokens: ids are below this


def rouge_tokens(text: str) -> list[str]:
    """Cut a text into lower-case runs of a to z and 0 to 9, as `rouge_score` does.

    Other scripts have no tokens here; use `cjk_tokens` for Chinese and Japanese.

    Examples
    --------
    >>> rouge_tokens("Don't panic: it's 42.")
    ['don', 't', 'panic', 'it', 's', '42']
    """
    return LATIN_TOKEN.findall(text.lower())


def cjk_tokens(text: str) -> list[str]:
    """Cut a text as `rouge_tokens` does, with each Chinese or Japanese character a token too.

    Examples
    --------
    >>> cjk_tokens("用 Python 写诗。")
    ['用', 'python', '写', '诗']
    """
    return CJK_TOKEN.findall(text.lower())


def encode(texts: Iterable[str], tokenize: Tokenizer) -> Tokens:
    """Give each distinct token a number, by first appearance, and return the texts in numbers."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    ids, starts = array("i"), array("q", [0])
    for text in texts:
        ids.extend(map(numbers.__getitem__, tokenize(text)))
        starts.append(len(ids))
    return Tokens(np.asarray(ids, dtype=np.int32), np.asarray(starts, dtype=np.int64), len(numbers))


def by_rarity(tokens: Tokens) -> Tokens:
    """Renumber tokens so that the rarest is 0 and the most frequent the last."""
    counts = np.bincount(tokens.ids, minlength=tokens.vocabulary)
    rank = np.empty(tokens.vocabulary, dtype=np.int32)
    rank[np.argsort(counts, kind="stable")] = np.arange(tokens.vocabulary, dtype=np.int32)
    return Tokens(rank[tokens.ids], tokens.starts, tokens.vocabulary)
