"""Educational value of a text by a trained regressor.

Source: Penedo et al. 2024, arXiv:2406.17557 (FineWeb-Edu's classifier).
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lab.score.regressor import one_logit


def fineweb_edu(
    pool: pd.DataFrame,
    *,
    model: str,
    parts: Sequence[str] = ("instruction", "input", "output"),
    device: str | None = None,
) -> "pd.Series[float]":
    """Worth of a text by a trained regressor, 0 to 5 and a little beyond; higher is better.

    The parts named are read as one text, a line each, and cut where the model's window ends, as
    its authors do. Any sequence classifier with one logit that reads a single text will do; one
    that reads a question and its answer is for `reward`. NaN where the text is empty.

    Source: Penedo et al. 2024, arXiv:2406.17557; they keep web pages of at least 3.
    Cost: one forward pass per row.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder, such as `HuggingFaceFW/fineweb-edu-classifier`.
    parts : sequence of str
        Columns that are read.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import testbed  # the model is downloaded
    >>> name = "HuggingFaceFW/fineweb-edu-classifier"
    >>> fineweb_edu(testbed.pool(2), model=name).name  # doctest: +SKIP
    'fineweb_edu'
    """

    def read(tokenizer: Any, example: dict[str, Any]) -> dict[str, list[int]]:
        text = "\n".join(example[part] for part in parts if example[part])
        if not text:
            return {"input_ids": []}
        told = tokenizer(text, truncation=True)
        return {name: list(values) for name, values in told.items()}

    return one_logit(pool, model, read, name="fineweb_edu", device=device)
