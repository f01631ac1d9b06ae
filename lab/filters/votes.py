"""Keep what a community voted for: LIMA's rules on the scores of questions and answers."""

import pandas as pd


def votes(pool: pd.DataFrame, *, least: float, column: str = "votes") -> "pd.Series[bool]":
    """Keep examples with at least `least` votes; a missing number is not enough.

    Source: LIMA (Zhou et al. 2023, arXiv:2305.11206, section 2.1): answers of at least 10 votes.
    Cost: none to speak of.

    Parameters
    ----------
    pool : DataFrame
        Examples with the column `column`, as `load.stack_exchange` and `load.reddit` give it.
    least : float
        The fewest votes that are kept.
    column : str
        `votes` of the answer, `question_votes`, or any other number.

    Returns
    -------
    Series of bool
        True = keep.

    Raises
    ------
    ValueError
        If the pool has no such column.

    Examples
    --------
    >>> votes(pd.DataFrame({"votes": [9, 10]}), least=10).tolist()
    [False, True]
    """
    if column not in pool.columns:
        raise ValueError(f"column must be one of the pool's, got {column!r}; see load.reddit")
    counted = pd.to_numeric(pool[column], errors="coerce")
    return counted.ge(least).astype(bool).rename("keep")
