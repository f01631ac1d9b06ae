"""Keep examples without telltale words: refusals, the first person, leaked prompts and the like.

The patterns are RE2 expressions, one a line, in `lab/filters/patterns/`, and are matched without
regard to case; `matched` shows what they found. They follow the rules of the papers named at each
filter, and they err: read what falls before dropping it.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from lab.filters import text

FOLDER = Path(__file__).parent / "patterns"


@cache
def patterns(name: str) -> tuple[str, ...]:
    """Return the patterns of a filter, in all languages, by the name of the filter.

    Raises
    ------
    ValueError
        If there are none of this name.
    """
    files = sorted(FOLDER.glob(f"{name}.*.txt"))
    if not files:
        known = sorted({path.name.split(".")[0] for path in FOLDER.glob("*.txt")})
        raise ValueError(f"no patterns for {name!r}; there are some for {', '.join(known)}")
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(line for line in lines if line and not line.startswith("# "))


def matched(
    pool: pd.DataFrame, patterns: Iterable[str], *, field: str = "output"
) -> "pd.Series[str]":
    """Return the fragment of each example that a pattern matches, "" where none does.

    The evidence for the filters of this module: `matched(pool, patterns("refusal"))` is "" where
    `refusal(pool)` is True.
    """
    return text.fragments(text.column(pool, field), patterns)


def refusal(pool: pd.DataFrame, *, field: str = "output") -> "pd.Series[bool]":
    """Keep examples whose output is not a refusal, in English or Chinese.

    A refusal opens with an apology or a "cannot", or speaks of itself as a model anywhere.

    Source: after Evol-Instruct's third sign of failure, arXiv:2304.12244; own patterns.
    Cost: 100,000 rows a second.

    Examples
    --------
    >>> pool = pd.DataFrame({"output": ["I'm sorry, but I can't help.", "抱歉, 我不能", "Yes."]})
    >>> refusal(pool).tolist()
    [False, False, True]
    """
    return ~text.contains(text.column(pool, field), patterns("refusal"))
