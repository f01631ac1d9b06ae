"""The 175 seed tasks that were written for this project, in English and in Chinese."""

import json

import pandas as pd

from lab import paths, records
from lab.llm import prompts


def load_seeds(language: str = "en") -> pd.DataFrame:
    """Return the seed tasks as a pool, with `seed` (their number) and `classification`.

    Row k of one language is the counterpart of row k of the other.

    Raises
    ------
    ValueError
        If `language` is neither `en` nor `zh`.

    Examples
    --------
    >>> len(load_seeds()), len(load_seeds("zh"))
    (175, 175)
    """
    if language not in prompts.LANGUAGES:
        known = ", ".join(prompts.LANGUAGES)
        raise ValueError(f"language must be one of {known}, got {language!r}")
    path = paths.seeds() / f"seeds.{language}.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")
    return records.frame((json.loads(line) for line in lines if line), source="seeds")
