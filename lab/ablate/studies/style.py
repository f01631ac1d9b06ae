"""The same right answers in other forms, to tell one uniform style from several.

Source: Zhou et al. 2023, arXiv:2305.11206, section 2 (the authors' answers in one uniform tone).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from lab import records, testbed

MARK = " Answer: "


def _convention(steps: str, final: str) -> str:
    return f"{steps}{MARK}{final}."


def _short(steps: str, final: str) -> str:
    del steps
    return f"{final}."


def _told(steps: str, final: str) -> str:
    del final
    return steps


def _first(steps: str, final: str) -> str:
    return f"{final}. {steps}"


STYLES: Mapping[str, Callable[[str, str], str]] = {
    "convention": _convention,  # The capital of Peru is Lima. Answer: Lima.
    "short": _short,  # Lima.
    "told": _told,  # The capital of Peru is Lima.
    "answer first": _first,  # Lima. The capital of Peru is Lima.
}
RIGHT = 3.5  # points of the testbed's grade from which the answer is right, whatever its form


def restyled(pool: pd.DataFrame, styles: Sequence[str], *, seed: int) -> pd.DataFrame:
    """Write the testbed's right answers in styles that take turns at random; what is said stays.

    Parameters
    ----------
    pool : DataFrame
        Of the testbed, its answers in the convention (a row whose answer is not is left out).
    styles : sequence of str
        Names in `STYLES`, each for an equal share of the rows.
    seed : int
        Of which row gets which.

    Returns
    -------
    DataFrame
        New rows with `parent` and a column `style`.

    Raises
    ------
    ValueError
        For an unknown style, or none.

    Examples
    --------
    >>> from lab import testbed
    >>> made = restyled(testbed.pool(4, seed=0), ["short"], seed=0)
    >>> made["output"].str.contains("Answer:").any()
    np.False_
    """
    unknown = [name for name in styles if name not in STYLES]
    if unknown or not styles:
        raise ValueError(f"styles must be some of {list(STYLES)}, got {list(styles)}")
    kept = pool[testbed.style(pool["output"])]
    turns = np.random.default_rng(seed).permutation(np.arange(len(kept)) % len(styles))
    rows = []
    for key, row, turn in zip(kept.index, kept.to_dict("records"), turns, strict=True):
        steps, _, final = str(row["output"]).rpartition(MARK)
        style = styles[int(turn)]
        text = STYLES[style](steps, final.removesuffix("."))
        asked = {name: row[name] for name in ("history", "instruction", "input", "source")}
        rows.append({**asked, "output": text, "parent": key, "style": style})
    return records.frame(rows)


def right(grades: pd.DataFrame) -> pd.DataFrame:
    """Return 1 where an answer's grade says that it is right in whatever form, else 0.

    Examples
    --------
    >>> right(pd.DataFrame({("clean", 0): [5.0, 2.0]})).iloc[:, 0].tolist()
    [1.0, 0.0]
    """
    return (grades >= RIGHT).astype("float64").where(grades.notna())
