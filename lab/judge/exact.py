"""Right or wrong by comparison with a reference: the judge that costs nothing.

Source: exact match as in SQuAD (Rajpurkar et al. 2016, arXiv:1606.05250), with its case and space
rules; punctuation is kept but for a full stop at the end, since "3.5" and "3 5" are two answers.
"""

from typing import Any

import pandas as pd

STOPS = ".。"


def exact_match(answers: "pd.Series[Any]", references: "pd.Series[Any]") -> "pd.Series[bool]":
    """Say for each prompt if the answer is the reference, but for case, spaces and a last stop.

    Parameters
    ----------
    answers, references : Series of str (prompts,)
        On the same index, in any order.

    Returns
    -------
    Series of bool (prompts,)
        Named "exact_match", on the index of `answers`. An empty answer is wrong.

    Raises
    ------
    ValueError
        If the indices differ, or a text is missing: a failed generation has no verdict, so leave
        it out and say how many there were.

    Examples
    --------
    >>> exact_match(pd.Series(["  red. ", "Blue"]), pd.Series(["Red", "green"])).tolist()
    [True, False]
    """
    if not answers.index.is_unique or set(answers.index) != set(references.index):
        raise ValueError(
            f"answers and references must have the same distinct ids, got {len(answers)} and "
            f"{len(references)} rows, {len(set(answers.index) & set(references.index))} in both"
        )
    references = references.loc[answers.index]
    for name, texts in (("answers", answers), ("references", references)):
        missing = texts.index[texts.isna()]
        if len(missing):
            raise ValueError(
                f"{name} has {len(missing)} missing texts, the first is {missing[0]!r}"
            )
    same = [
        normal(str(a)) == normal(str(b)) != "" for a, b in zip(answers, references, strict=True)
    ]
    return pd.Series(same, index=answers.index, name="exact_match", dtype=bool)


def normal(text: str) -> str:
    """Return `text` in lower case, with single spaces and without stops at its end.

    Examples
    --------
    >>> normal(" Two  apples. ")
    'two apples'
    """
    return " ".join(text.casefold().split()).rstrip(STOPS).rstrip()
