"""Keep examples whose thinking is whole, goes on, and stays out of the answer.

Thinking is the column `thinking`, or what stands between tags such as `<think>` at the start of the
output.

Source: own rules, on the forms that today's sets have.
"""

import re

import pandas as pd

from lab import records
from lab.filters import text
from lab.filters.form import CODE, no_repetition
from lab.filters.wording import patterns
from lab.llm import thoughts

UNENDED = re.compile(r"[,，、;；(（\[{「『“-]$")
LEADING = re.compile(  # into the answer, which goes on where the thinking ends
    r"(?i)\b(?:answer|solution|result)\b[^.\n]{0,20}\b(?:is|are|be):?$|(?:答案|结果|結果)(?:应该|應該)?(?:是|为|為)[:：]?$"
)
OPENING = 300  # characters of an answer in which thinking aloud shows
TAG = (
    rf"(?i)(?:{thoughts.OPENING.pattern}|{thoughts.CLOSING.pattern}|<\|(?:begin|end)_of_thought\|>)"
)


def no_cut_thinking(pool: pd.DataFrame, *, field: str = "output") -> "pd.Series[bool]":
    """Keep examples whose thinking, if any, comes to an end and is followed by an answer or a call.

    Thinking is cut if its tag never closes, if nothing follows it, or if it breaks off: after a
    comma, an opening bracket or a word that ends no sentence ("because the", "因为"). "The answer
    is" leads into the answer, and is no cut.

    None of 34 real traces that were read falls, and none of them was cut; of 16 more, of sets that
    it was not made on, four fell that end with "The answer is", before that was mended. Recall is
    0.9 on rows that were written for it, as a cut behind a noun cannot be seen
    (`benchmarks/wording.py`).

    Source: own rule.
    Cost: about 50,000 rows with thinking a second.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id; `thinking` and `calls` where any has them.
    field : str
        The column of the answer.

    Returns
    -------
    Series of bool
        True = keep.

    Examples
    --------
    >>> said = ["<think>2 and 2.</think>4", "<think>2 and", "<think>2 and 2.</think>", "4"]
    >>> no_cut_thinking(pd.DataFrame({"output": said})).tolist()
    [True, False, False, True]
    """
    thinking, answers = _apart(pool, field)
    thought = thinking.str.strip() != ""
    nothing = (answers.str.strip() == "") & ~_called(pool)
    broken = text.contains(thinking, [rf"(?:{text.either(patterns('unended'))})\s*$"])
    broken |= thinking.str.rstrip().str.contains(UNENDED)
    broken &= ~thinking.str.rstrip().str.contains(LEADING)
    opened = text.contains(answers, [rf"^\s*(?:{thoughts.OPENING.pattern})"])
    return text.flags((~(thought & (nothing | broken)) & ~opened).to_numpy(dtype=bool), pool.index)


def no_circling_thinking(
    pool: pd.DataFrame, *, max_repeated: float = 0.5, words: int = 6, field: str = "output"
) -> "pd.Series[bool]":
    """Keep examples whose thinking, if any, does not repeat itself as a model in a loop does.

    At most a share `max_repeated` of its runs of `words` words are repetitions, as in
    `no_repetition`, which does the same for answers. None of 34 real traces that were read falls;
    the most that one of them repeats is a fifth (`benchmarks/wording.py`).

    Source: after the repetition rules of Gopher, arXiv:2112.11446, table A1.
    Cost: about 20,000 rows with thinking a second.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id; `thinking` where any has it.
    max_repeated, words
        As in `no_repetition`.
    field : str
        The column of the answer, where thinking may stand inline.

    Returns
    -------
    Series of bool
        True = keep.

    Examples
    --------
    >>> said = ["Wait, let me check that again. " * 20, "2 and 2 are 4."]
    >>> no_circling_thinking(pd.DataFrame({"thinking": said, "output": "4"})).tolist()
    [False, True]
    """
    thinking, _ = _apart(pool, field)
    read = pd.DataFrame({field: thinking})
    return no_repetition(read, max_repeated=max_repeated, words=words, field=field)


def no_leaked_thinking(pool: pd.DataFrame, *, field: str = "output") -> "pd.Series[bool]":
    """Keep examples whose answer, after its thinking, holds no tags of thoughts nor thinks aloud.

    Thinking aloud is, in the first 300 characters, a talk with oneself about the task: "Okay, the
    user wants", "Hmm, let me think", "嗯，用户想". Code between backticks does not count.

    Recall is 0.8 on real thinking that was read as if it were an answer: an agent that tells its
    next step ("Let me read the file") is not told from one that reports it
    (`benchmarks/wording.py`). Of 45,073 answers of 56 models that it was not made on 53 fell, three
    of them rightly; the others open with "Okay, let's break this down", which speaks to the reader
    and is kept since.

    Source: own patterns, in English and Chinese.
    Cost: about 100,000 rows a second.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id.
    field : str
        The column of the answer.

    Returns
    -------
    Series of bool
        True = keep.

    Examples
    --------
    >>> said = ["4", "<think>2 and 2.</think>4", "4</think>4", "Okay, the user wants a sum."]
    >>> no_leaked_thinking(pd.DataFrame({"output": said})).tolist()
    [True, True, False, False]
    """
    _, answers = _apart(pool, field)
    prose = answers.str.replace(CODE, " ", regex=True)
    tags = prose.str.contains(TAG)
    aloud = text.any_of(prose.str.strip().str.slice(0, OPENING), patterns("thinking_aloud"))
    return text.flags(~(tags.to_numpy(dtype=bool) | aloud.to_numpy(dtype=bool)), pool.index)


def _apart(pool: pd.DataFrame, field: str) -> tuple["pd.Series[str]", "pd.Series[str]"]:
    """Return the thinking of each example, "" where there is none, and the answer without it."""
    given = text.column(pool, field)
    answers = text.without_thoughts(given)
    lengths = zip(given, answers, strict=True)
    inline = [whole[: len(whole) - len(rest)] for whole, rest in lengths]
    found = pd.Series(inline, index=pool.index, dtype="str").str.replace(TAG, " ", regex=True)
    if "thinking" in pool.columns:
        own = [value if isinstance(value, str) else "" for value in pool["thinking"]]
        found = pd.Series(own, index=pool.index, dtype="str").where(found.str.strip() == "", found)
    return found, answers


def _called(pool: pd.DataFrame) -> "pd.Series[bool]":
    if "calls" not in pool.columns:
        return pd.Series(data=False, index=pool.index)
    held = [bool(records.structure({"calls": value})) for value in pool["calls"]]
    return pd.Series(held, index=pool.index, dtype=bool)
