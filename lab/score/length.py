"""How long an answer is: the control that every score of quality has to beat.

Source: Zhao et al. 2024, arXiv:2402.04833 (the 1,000 longest answers as a selection).
"""

import pandas as pd

from lab import models, texts


def length(pool: pd.DataFrame) -> "pd.Series[float]":
    """Words in the output, >= 0; higher is longer.

    Words are parted by white space, and signs that stand alone are none; each Chinese character or
    Japanese kana is one. It is what `filters.length` counts: `texts.count`.

    Source: the control of Zhao et al. 2024, arXiv:2402.04833, in words.
    Cost: a regular expression, about a second for 100,000 rows.

    Examples
    --------
    >>> from lab import records
    >>> pool = records.frame([{"instruction": "?", "output": "It's 3.5 km, about"}])
    >>> length(pool).tolist()
    [4.0]
    """
    return texts.count(pool["output"]).astype("float64").rename("length")


def length_tokens(pool: pd.DataFrame, *, model: str) -> "pd.Series[float]":
    """Tokens in the output, >= 0; higher is longer.

    Not the count behind the published 1,000 longest answers, which is in words of NLTK's tokenizer:
    `texts.treebank_count`.

    Source: after Zhao et al. 2024, arXiv:2402.04833 (the longest answers).
    Cost: a fast tokenizer, a few seconds for 100,000 rows.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name, folder or name of `lab models` whose tokenizer counts; tokens that it puts around
        a text do not count.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> length_tokens(testbed.pool(2), model=str(paths.base_model())).gt(0).all().item()
    True
    """
    tokenizer = models.tokenizer(model)
    outputs = pool["output"].tolist()
    ids = tokenizer(outputs, add_special_tokens=False)["input_ids"] if outputs else []
    counts = [float(len(row)) for row in ids]
    return pd.Series(counts, index=pool.index, name="length_tokens", dtype="float64")
