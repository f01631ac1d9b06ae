"""How much of a text its own repetition explains.

Source: Yin et al. 2024, arXiv:2407.06645 (ZIP, "entropy law"): bytes over bytes after zlib.
"""

import zlib

import pandas as pd

from lab import texts
from lab.score.layout import rows

LEVEL = 9


def compression(pool: pd.DataFrame) -> "pd.Series[float]":
    """Bytes of an example over its bytes after zlib, >= 0; lower is less redundant.

    Of history, instruction, input and output, a line each. It falls below 1 for short texts, which
    cost more to describe than to write, so compare texts of like length; and zlib sees no more
    than the last 32 KiB, so that what is repeated further off costs as much as the first time.
    NaN where all texts are empty. The method selects by the ratio of a set, not of its rows: this
    is what it starts from.

    Source: Yin et al. 2024, arXiv:2407.06645 (ZIP), at its level 9; the authors' code compresses
    Python's spelling of the rows with keys and ids, here it is the text alone.
    Cost: some 20,000 rows of 1,000 bytes a second.

    Examples
    --------
    >>> from lab import records
    >>> said = [{"instruction": "Say it.", "output": text} for text in ("ha " * 99, "ha, so it is")]
    >>> found = compression(records.frame(said))
    >>> (found > 2).tolist()
    [True, False]
    """
    values = [_ratio(_text(example)) for example in rows(pool)]
    return pd.Series(values, index=pool.index, name="compression", dtype="float64")


def _text(example: dict[str, object]) -> str:
    history = example["history"]
    lines = [texts.transcript(history) if isinstance(history, list) else ""]
    lines += [str(example[name]) for name in ("instruction", "input", "output")]
    return "\n".join(line for line in lines if line)


def _ratio(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data, LEVEL)) if data else float("nan")
