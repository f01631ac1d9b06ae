"""Best of n: several answers to each prompt, and the best of them kept.

Source: Nakano et al. 2021, arXiv:2112.09332 (rejection sampling); Zhang et al. 2025,
arXiv:2502.04194 (GRAPE: the answer that fits the base model best) with `score.grape`.
"""

from collections.abc import Callable

import pandas as pd

from lab import records
from lab.llm import Client
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import Said
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

GROUP = 16
DRAWN = Sampling(temperature=1.0, top_p=0.95, max_tokens=2048)

Score = Callable[[pd.DataFrame], "pd.Series[float]"]  # over candidates; the highest is kept


def best_of(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    score: Score,
    n: int = 4,
    accept: Accept | None = None,
    terms: Terms | None = None,
) -> Synthesised:
    """Draw `n` answers to each prompt, keep the one with the highest score, until `keep` pass.

    Source: Nakano et al. 2021, arXiv:2112.09332; with `score.grape`, GRAPE, arXiv:2502.04194.
    Cost: `n` calls for each row, and what the score costs.

    Parameters
    ----------
    pool : DataFrame
        Prompts; their outputs are handed to the score as `reference`.
    client, keep, accept, terms
        As for `self_instruct`.
    score : callable
        From a frame of candidates to a number for each, higher is better, such as
        `partial(score.rating, rater=judge)`, an exact match, or `partial(score.grape, model=base)`.
        NaN is the worst.
    n : int
        Answers for each prompt, at least 1.

    Returns
    -------
    Synthesised
        Examples with `score` and `drawn` (answers that it was chosen from).

    Raises
    ------
    ValueError
        If `n` is below 1, or no answer of any prompt can be scored.

    Examples
    --------
    >>> from lab import testbed
    >>> rater = testbed.client(store=":memory:")
    >>> longest = lambda rows: rows["output"].str.len().astype(float)
    >>> made = best_of(testbed.pool(8), rater, keep=2, score=longest, n=2)
    >>> made.examples["drawn"].tolist()
    [2, 2]
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    check_pool(pool, "pool")
    terms = terms or Terms()
    desk = Desk(
        "best_of",
        client,
        keep=keep,
        accept=accept,
        terms=terms,
        own={"n": n},
        inputs=[pool],
        copies_allowed=True,
    )
    rows = rows_of(pool)
    with desk.open():
        for part in desk.groups(rows, GROUP):
            prompts = [row for row in part for _ in range(n)]
            given = [
                {
                    "history": row["history"],
                    "instruction": row["instruction"],
                    "input": row["input"],
                    "parent": row["id"],
                    "reference": row["output"],
                }
                for row in prompts
            ]
            asked = [records.prompt(row) for row in prompts]
            replies = desk.converse("answer", asked, parents=given, sampling=DRAWN)
            drawn = [
                ({**row, "output": said.text}, said)
                for row, said in zip(given, replies, strict=True)
                if said is not None
            ]
            desk.offer(_best(desk, drawn, score))
    return desk.result()


def _best(desk: Desk, drawn: list[tuple[dict[str, object], Said]], score: Score) -> list[Candidate]:
    """Return the best answer of each prompt; the others are rejects."""
    if not drawn:
        return []
    distinct: dict[tuple[str, str], tuple[dict[str, object], Said]] = {}
    counts: dict[str, int] = {}
    for row, said in drawn:
        parent = str(row["parent"])
        counts[parent] = counts.get(parent, 0) + 1
        if (parent, said.text) in distinct:
            desk.reject("the same answer again", said, row)
        else:
            distinct[parent, said.text] = (row, said)
    frame = records.frame([row for row, _ in distinct.values()])
    values = score(frame).reindex(frame.index).fillna(float("-inf")).tolist()
    best: dict[str, int] = {}
    entries = list(distinct.values())
    for at, (row, _) in enumerate(entries):
        parent = str(row["parent"])
        if parent not in best or values[at] > values[best[parent]]:
            best[parent] = at
    chosen = set(best.values())
    for at, (row, said) in enumerate(entries):
        if at not in chosen:
            desk.reject("another answer scores higher", said, row, evidence=f"{values[at]:g}")
    return [
        Candidate({**entries[at][0], "score": values[at], "drawn": counts[parent]}, entries[at][1])
        for parent, at in best.items()
    ]
