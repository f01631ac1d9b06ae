"""Keep examples that do not give away an evaluation set.

Source: Brown et al. 2020, arXiv:2005.14165, appendix C (runs of 13 words in common); Gunasekar et
al. 2023, arXiv:2306.11644, section 5 (phi-1: runs of 13 words, and distance of embeddings).
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lab.filters import text
from lab.filters.semantic import unit_rows
from lab.filters.shingles import joined, shingles

BLOCK = 4096  # rows compared at a time with all evaluation vectors
USER_TURN = ("instruction", "input")  # read as one text too, since a task may be split over both


def decontaminate(
    pool: pd.DataFrame,
    evaluation: Iterable[str],
    *,
    words: int = 13,
    fields: tuple[str, ...] = ("instruction", "input", "output"),
) -> "pd.Series[bool]":
    """Keep examples that share no run of `words` words with any text of `evaluation`.

    An evaluation text of fewer words matches a text that has the same words and no others.
    Case and punctuation do not count; a Chinese character is a word.

    Source: GPT-3, arXiv:2005.14165, appendix C; phi-1, arXiv:2306.11644, section 5.
    Cost: about 50,000 rows a second, once compiled; the evaluation set is held in memory.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id.
    evaluation : iterable of str
        Prompts, or prompts with answers, of the sets to be evaluated on.
    words : int
        Length of a run that gives a text away, at least 1.
    fields : tuple of str
        The text columns to search, each alone; instruction and input together are searched too.

    Returns
    -------
    Series of bool
        True = keep.

    Examples
    --------
    >>> rows = pd.DataFrame({"output": ["It says: one two three four.", "One, two."]})
    >>> decontaminate(rows, ["one two three", "two"], words=3, fields=("output",)).tolist()
    [False, True]
    """
    found = contaminated_by(pool, evaluation, words=words, fields=fields)
    return text.flags((found == "").to_numpy(dtype=bool), pool.index)


def contaminated_by(
    pool: pd.DataFrame,
    evaluation: Iterable[str],
    *,
    words: int = 13,
    fields: tuple[str, ...] = ("instruction", "input", "output"),
) -> "pd.Series[str]":
    """Return an evaluation text that each example shares a run of words with, "" if none.

    Takes what `decontaminate` takes, and is the evidence for it.

    Examples
    --------
    >>> rows = pd.DataFrame({"output": ["It says: one two three four.", "One, two."]})
    >>> contaminated_by(rows, ["one two three"], words=3, fields=("output",)).tolist()
    ['one two three', '']
    """
    texts = pd.Series(list(evaluation), dtype="str")
    held = shingles(texts, words=words)
    hashes, first = np.unique(held.hashes, return_index=True)
    owner = np.searchsorted(held.starts, first, side="right") - 1
    match = np.full(len(pool), -1, dtype=np.intp)
    searched: list[tuple[str, ...]] = [(name,) for name in fields]
    if set(USER_TURN) <= set(fields):
        searched.append(USER_TURN)
    for names in searched:
        mine = shingles(joined(pool, names), words=words)
        at = np.minimum(np.searchsorted(hashes, mine.hashes), max(len(hashes) - 1, 0))
        hits = np.flatnonzero(hashes[at] == mine.hashes) if len(hashes) else np.empty(0, np.intp)
        rows = np.searchsorted(mine.starts, hits, side="right") - 1
        match[rows] = owner[at[hits]]
    given = texts.to_list()
    values = [given[at] if at >= 0 else "" for at in match]
    return pd.Series(values, index=pool.index, name="contaminated_by", dtype="str")


def decontaminate_semantic(
    pool: pd.DataFrame,
    X: ArrayLike,
    evaluation_X: ArrayLike,
    *,
    max_similarity: float = 0.9,
) -> "pd.Series[bool]":
    """Keep examples whose cosine to every evaluation vector is at most `max_similarity`.

    Embed the same part on both sides, such as the user's turn.

    Source: phi-1, arXiv:2306.11644, section 5 (distance of embeddings).
    Cost: a matrix product of the two embeddings, once embedded.

    Parameters
    ----------
    pool : DataFrame
        n examples, indexed by id.
    X : float (n, d)
        Embedding of the examples; rows need not be unit.
    evaluation_X : float (m, d)
        Embedding of the evaluation texts by the same method.
    max_similarity : float
        Largest cosine allowed, -1 to 1.

    Examples
    --------
    >>> rows = pd.DataFrame({"output": ["a", "b"]})
    >>> decontaminate_semantic(rows, [[1.0, 0.0], [0.0, 1.0]], [[0.99, 0.14]]).tolist()
    [False, True]
    """
    if not -1 <= max_similarity <= 1:
        raise ValueError(f"max_similarity must be between -1 and 1, got {max_similarity}")
    rows = unit_rows(X, len(pool), "X")
    held = unit_rows(evaluation_X, len(np.asarray(evaluation_X)), "evaluation_X")
    if rows.shape[1] != held.shape[1]:
        raise ValueError(
            f"X has {rows.shape[1]} columns and evaluation_X {held.shape[1]}; embed both alike"
        )
    nearest: NDArray[np.float32] = np.full(len(rows), -np.inf, dtype=np.float32)
    for first in range(0, len(rows) if len(held) else 0, BLOCK):
        nearest[first : first + BLOCK] = (rows[first : first + BLOCK] @ held.T).max(axis=1)
    return text.flags(nearest <= max_similarity, pool.index)
