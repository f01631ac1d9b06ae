"""Rows of one kind of task alone: what diversity is compared with on data of one's own.

Source: LIMA, arXiv:2305.11206, section 5 (one kind of prompt teaches less than many); kinds by the
verb that an instruction begins with are Self-Instruct's, arXiv:2212.10560, figure 2.
"""

import numpy as np
import pandas as pd

from lab import texts


def one_kind(pool: pd.DataFrame, k: int, *, seed: int) -> pd.DataFrame:
    """Draw `k` rows whose instructions begin with the same word, which the seed picks.

    Parameters
    ----------
    pool : DataFrame
        Candidates.
    k : int
        Rows to take.
    seed : int
        Picks the word, with equal odds, among those that begin at least `k` instructions.

    Returns
    -------
    DataFrame
        `k` rows, with the word as `kind`.

    Raises
    ------
    ValueError
        If no word begins as many instructions.

    Examples
    --------
    >>> from lab import records
    >>> rows = [{"instruction": text, "output": "."} for text in ("Add 1.", "Say 1.", "Say 2.")]
    >>> one_kind(records.frame(rows), 2, seed=0)["kind"].tolist()
    ['say', 'say']
    """
    words = pool["instruction"].map(lambda text: next(iter(texts.terms(text)), ""))
    counts = words.value_counts()
    large = sorted(counts.index[counts >= k])
    if not large:
        most = 0 if counts.empty else int(counts.iloc[0])
        raise ValueError(f"k must be at most the {most} rows of the largest kind, got {k}")
    rng = np.random.default_rng(seed)
    kind = large[int(rng.integers(len(large)))]
    rows = pool[words == kind].sort_index()
    chosen: pd.DataFrame = rows.iloc[np.sort(rng.permutation(len(rows))[:k])]
    return chosen.assign(kind=kind)
