"""Keep examples of a proper form: how a text starts, repeats itself, and what it is made of.

Source: Wang et al. 2023, arXiv:2212.10560 (Self-Instruct's heuristics); Xu et al. 2024,
arXiv:2304.12244 (Evol-Instruct's signs of failure); Zhou et al. 2023, arXiv:2305.11206 (LIMA).
"""

import re
import string

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from lab import texts
from lab.filters import text
from lab.filters.shingles import shingles
from lab.filters.wording import patterns
from lab.texts import arrow

NO_PROSE = r"(?s)```.*?(?:```|$)|`[^`\n]*`|<[^<>]*>|\|[^\n]*\|"  # code, tags, rows of tables
CODE = "(?s)```.*?(?:```|$)|`[^`\n]*`"


def no_bad_start(
    pool: pd.DataFrame,
    *,
    starts: tuple[str, ...] = ("Write a program",),
    allow_non_ascii: bool = False,
    field: str = "instruction",
) -> "pd.Series[bool]":
    """Keep examples whose instruction starts with a letter or digit, and with none of `starts`.

    White space before it does not count; an empty text is rejected.

    Source: Self-Instruct, arXiv:2212.10560, section 2.2 and its code.
    Cost: about 5,000,000 rows a second.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id.
    starts : tuple of str
        Openings to reject, in any case.
    allow_non_ascii : bool
        Whether the first character may lie outside ASCII, as it must in Chinese.
    field : str
        The text column to look at.

    Examples
    --------
    >>> no_bad_start(pd.DataFrame({"instruction": ["Name a fruit.", "- a list"]})).tolist()
    [True, False]
    """
    bad = [rf"^\s*(?:[{re.escape(string.punctuation)}]|$)"]
    bad += [rf"^\s*{re.escape(start)}" for start in starts]
    if not allow_non_ascii:
        bad.append(r"^\s*[^\x00-\x7f]")
    return ~text.contains(text.column(pool, field), bad)


def no_echo(pool: pd.DataFrame) -> "pd.Series[bool]":
    """Keep examples whose output does not just repeat the input or the instruction.

    White space at the ends does not count. Empty texts repeat nothing.

    Source: Self-Instruct, arXiv:2212.10560, its instance filter (input = output).
    Cost: about 1,000,000 rows a second.

    Examples
    --------
    >>> rows = {"instruction": "Say it.", "input": "", "output": ["Say it.", "It."]}
    >>> no_echo(pd.DataFrame(rows)).tolist()
    [False, True]
    """
    given, output = text.column(pool, "input").str.strip(), text.column(pool, "output").str.strip()
    asked = text.column(pool, "instruction").str.strip()
    same = ((output == given) | (output == asked)) & (output != "")
    return text.flags(~same.to_numpy(dtype=bool), pool.index)


def content_words(pool: pd.DataFrame, *, field: str = "output") -> "pd.Series[bool]":
    """Keep examples whose output is more than punctuation and stop words, in English or Chinese.

    Numbers, verbs, yes, no, not and what answers a question in one word or sign (a letter of a
    choice, a pronoun to fill in, a face, Morse code, a drawing) are content; an empty text is
    rejected. The paper counts verbs such as "is" and "did" as stop words, too; in the sets that
    were read nearly all that fell by that was a right answer ("She did it.").

    Precision is above 0.9 on the rows that were read (`benchmarks/wording.py`).

    Source: the third sign of failure of Evol-Instruct, arXiv:2304.12244; own list of words.
    Cost: about 1,000,000 rows a second.

    Examples
    --------
    >>> content_words(pd.DataFrame({"output": ["Of the...", "Blue."]})).tolist()
    [False, True]
    """
    english, chinese = patterns("stop_words", "en"), patterns("stop_words", "zh")
    empty = rf"^(?:(?:{text.either(english)})\b|{text.either(chinese)}|[^\pL\pN])*$"
    given = text.column(pool, field)
    keep = ~text.contains(given, [empty])
    keep[~keep] = text.contains(given[~keep], patterns("answers"))
    return keep


def no_repetition(
    pool: pd.DataFrame,
    *,
    max_repeated: float = 0.5,
    words: int = 6,
    min_words: int = 50,
    field: str = "output",
) -> "pd.Series[bool]":
    """Keep examples whose output repeats at most a share `max_repeated` of its runs of words.

    A run is `words` words in a row; the share is 1 - distinct runs / runs: 0 if none comes twice,
    near 1 for a text stuck in a loop. A text of fewer than `min_words` words is kept: a regular
    expression, a small table or a refrain is no loop. Code, tags and rows of tables do not count.

    With these defaults precision is about 0.9 and recall 0.7 on the rows that were read; with runs
    of 4 words, 0.7 and 0.9, since lists of like sentences, tables and melodies are rejected then
    (`benchmarks/wording.py`). A weekly schedule is a loop to it.

    Source: after the repetition rules of Gopher, arXiv:2112.11446, table A1.
    Cost: about 60,000 rows a second, once compiled.

    Examples
    --------
    >>> rows = {"output": ["to be or not to be", "go on and go on and go on and go on"]}
    >>> no_repetition(pd.DataFrame(rows), words=2, min_words=5).tolist()
    [True, False]
    """
    if not 0 <= max_repeated <= 1:
        raise ValueError(f"max_repeated must be between 0 and 1, got {max_repeated}")
    given = text.column(pool, field)
    size = pc.binary_length(arrow(given)).to_numpy(zero_copy_only=False)
    keep = text.flags(size + 1 < 2 * min_words, given.index)  # a word and what parts it: two bytes
    prose = pc.replace_substring_regex(arrow(given[~keep]), pattern=NO_PROSE, replacement=" ")
    long = pd.Series(prose.to_pylist(), index=given.index[~keep], dtype="str")
    found = shingles(long, words=words)
    repeated = 1 - np.diff(found.starts) / np.maximum(found.totals, 1)
    short = (texts.count(long) < min_words).to_numpy() | (found.totals == 0)
    keep[~keep] = (repeated <= max_repeated) | short
    return keep


def no_markup(pool: pd.DataFrame, *, field: str = "output") -> "pd.Series[bool]":
    """Keep examples whose output has no links, images or HTML, outside code.

    Code is what stands between backticks; an answer that is bare HTML is rejected.

    Source: LIMA, arXiv:2305.11206, section 2.1 (there it is stripped from the answers).
    Cost: about 300,000 rows a second.

    Examples
    --------
    >>> no_markup(pd.DataFrame({"output": ["See https://example.org.", "See `<b>`."]})).tolist()
    [False, True]
    """
    given = text.column(pool, field)
    prose = pc.replace_substring_regex(arrow(given), pattern=CODE, replacement=" ")
    found = text.contains(pd.Series(prose.to_pylist(), index=given.index), patterns("markup"))
    return ~found
