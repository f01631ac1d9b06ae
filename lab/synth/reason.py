"""Traces: answers with the thoughts that led to them, of a length that is wanted.

Source: Muennighoff et al. 2025, arXiv:2501.19393 (s1) and Ye et al. 2025, arXiv:2502.03387 (LIMO):
few traces, well chosen, of a model that shows its thoughts.
"""

import pandas as pd

from lab import filters, records
from lab.llm import Client
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

GROUP = 32
DRAWN = Sampling(temperature=0.7, top_p=0.95, max_tokens=8192)


def reason(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    min_words: int = 5,
    max_words: int = 2_000,
) -> Synthesised:
    """Keep `keep` answers with their thoughts, from a model that returns them.

    Source: Muennighoff et al. 2025, arXiv:2501.19393.
    Cost: one call for each row, long ones.

    Parameters
    ----------
    pool : DataFrame
        Prompts; the output that is there goes to `accept` as `reference`, such as for a check.
    client, keep, accept, terms
        As for `self_instruct`.
    min_words, max_words : int
        Words of the thoughts allowed, both included; a Chinese character counts as one.

    Returns
    -------
    Synthesised
        Examples with `thinking` and `reference`.

    Raises
    ------
    ValueError
        If the bounds are out of order.

    Examples
    --------
    >>> from lab import testbed
    >>> silent = testbed.client(store=":memory:")
    >>> dict(reason(testbed.pool(3), silent, keep=1).reasons)
    {'no thoughts': np.int64(3)}
    """
    if not 0 <= min_words <= max_words:
        raise ValueError(f"min_words must be from 0 to max_words={max_words}, got {min_words}")
    check_pool(pool, "pool")
    own = {"min_words": min_words, "max_words": max_words}
    desk = Desk(
        "reason",
        client,
        keep=keep,
        accept=accept,
        terms=terms or Terms(),
        own=own,
        inputs=[pool],
        copies_allowed=True,
    )
    with desk.open():
        for part in desk.groups(rows_of(pool), GROUP):
            given = [
                {
                    "history": row["history"],
                    "instruction": row["instruction"],
                    "input": row["input"],
                    "parent": row["id"],
                    "reference": row["output"],
                }
                for row in part
            ]
            asked = [records.prompt(row) for row in given]
            replies = desk.converse("answer", asked, parents=given, sampling=DRAWN)
            candidates = []
            for row, said in zip(given, replies, strict=True):
                if said is None:
                    continue
                new = {**row, "output": said.text, "thinking": said.thinking}
                words = filters.length(
                    pd.DataFrame({"output": pd.Series([said.thinking], dtype="str")}),
                    min_words=min_words,
                    max_words=max_words,
                ).iloc[0]
                if not said.thinking:
                    desk.reject("no thoughts", said, new)
                elif not words:
                    desk.reject("thoughts too short or too long", said, new)
                else:
                    candidates.append(Candidate(new, said))
            desk.offer(candidates)
    return desk.result()
