"""Keep examples of a wanted length, in words or in characters.

Source: Wang et al. 2023, arXiv:2212.10560 (instructions of 4 to 150 words); Zhou et al. 2023,
arXiv:2305.11206 (answers of 1,200 to 4,096 characters).
"""

import pandas as pd

from lab import texts
from lab.filters import text


def length(
    pool: pd.DataFrame,
    *,
    min_words: int = 1,
    max_words: int | None = None,
    min_characters: int = 0,
    max_characters: int | None = None,
    field: str = "output",
) -> "pd.Series[bool]":
    """Keep examples whose output has `min_words` to `max_words` words, both included.

    Source: Self-Instruct, arXiv:2212.10560 (words of the instruction); LIMA, arXiv:2305.11206
    (characters of the output).
    Cost: about 100,000 rows a second.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id.
    min_words, max_words : int
        Words allowed, both included, as `texts.count` counts them: a Chinese character is one.
    min_characters, max_characters : int
        Characters (code points) allowed, both included.
    field : str
        The text column to measure.

    Returns
    -------
    Series of bool
        True = keep.

    Raises
    ------
    ValueError
        If a lower bound is negative or above its upper bound.

    Examples
    --------
    >>> pool = pd.DataFrame({"output": ["Yes.", "It is so."]})
    >>> length(pool, min_words=2).tolist()
    [False, True]
    """
    given = text.column(pool, field)
    _check("words", min_words, max_words)
    _check("characters", min_characters, max_characters)
    keep = texts.count(given).between(min_words, _upper(max_words))
    if min_characters > 0 or max_characters is not None:
        keep &= text.characters(given).between(min_characters, _upper(max_characters))
    return keep.rename("keep")


def _upper(bound: int | None) -> float:
    return float("inf") if bound is None else bound


def _check(unit: str, low: int, high: int | None) -> None:
    if low < 0:
        raise ValueError(f"min_{unit} must be at least 0, got {low}")
    if high is not None and high < low:
        raise ValueError(f"max_{unit} must be at least min_{unit}={low}, got {high}")
