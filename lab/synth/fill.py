"""Generation where a pool has gaps: regions that it does not reach become tasks.

Source: our own; the regions are those of `lab.coverage.gaps`.
"""

from typing import Any

import pandas as pd

from lab import filters
from lab.llm import Client
from lab.synth import layouts
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import CUT
from lab.synth.self_instruct import tokens
from lab.synth.terms import Accept, Synthesised, Terms, check_pool

SHOWN = 5  # rows of a region in a prompt
WRITTEN = 5  # tasks asked for in a call
GROUP = 12
DRAWN = Sampling(temperature=1.0, top_p=0.95, max_tokens=1024)


def fill(
    gaps: Any,
    client: Client,
    *,
    reference: pd.DataFrame,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
) -> Synthesised:
    """Make `keep` examples for the regions that a pool does not reach, largest region first.

    Regions take turns, so that each gets its share; tasks too close to the reference, or to each
    other, fall, so that no test prompt is copied.

    Source: our own.
    Cost: a call for five tasks and one for each answer.

    Parameters
    ----------
    gaps : coverage.Gaps
        From `coverage.gaps(subset, reference)`.
    client, keep, accept, terms
        As for `self_instruct`.
    reference : DataFrame
        The pool that the gaps are in: its rows show what is missing, and are never kept.

    Returns
    -------
    Synthesised
        Examples with `region`; `parent` is empty, since none is made from one row.

    Raises
    ------
    ValueError
        If there is no region, or a row of one is not in `reference`.

    Examples
    --------
    >>> from lab import coverage, embed, testbed
    >>> pool = testbed.prompts(60)
    >>> X = embed.lexical(pool["instruction"], dimensions=8)
    >>> found = coverage.gaps(X.iloc[:20], X, max_distance=0.3)
    >>> made = fill(found, testbed.client(store=":memory:"), reference=pool, keep=3)
    >>> len(made.examples), made.stopped_because
    (3, 'kept 3')
    """
    check_pool(reference, "reference")
    rows = gaps.rows[gaps.rows["region"] >= 0]
    missing = rows.index.difference(reference.index)
    if len(missing):
        raise ValueError(f"reference must hold the rows of the gaps, but misses {missing[0]!r}")
    regions = {
        int(region): reference.loc[part.index, "instruction"].tolist()
        for region, part in rows.groupby("region")
    }
    if not regions:
        raise ValueError("gaps must have at least one region, got none")
    terms = terms or Terms()
    desk = Desk("fill", client, keep=keep, accept=accept, terms=terms, own={}, inputs=[reference])
    known = filters.Growing(reference["instruction"].tolist(), tokenize=tokens(terms.language))
    order = sorted(regions, key=lambda region: (-len(regions[region]), region))
    with desk.open():
        while True:
            desk.round += 1
            for part in desk.groups(order, GROUP):
                _tasks(desk, part, regions, known)
    return desk.result()


def _tasks(
    desk: Desk, part: list[int], regions: dict[int, list[str]], known: filters.Growing
) -> None:
    filled = []
    for region in part:
        texts = regions[region]
        shown = desk.rng.sample(texts, min(SHOWN, len(texts)))
        filled.append({"examples": layouts.numbered(shown), "most": str(WRITTEN)})
    made: list[dict[str, Any]] = []
    replies = desk.ask("fill", filled, sampling=DRAWN, whole=False)
    for region, said in zip(part, replies, strict=True):
        if said is None:
            continue
        found = layouts.lines(said.text)
        if not found:
            desk.reject("no list of tasks", said, {})
        elif said.cut:
            desk.reject(CUT, said, {"instruction": found.pop(), "region": region})
        for task in found[:WRITTEN]:
            row = {"instruction": task, "region": region}
            near = known.offer(task)
            if near is None:
                made.append(row)
            else:
                desk.reject("not novel", said, row, evidence=near)
    asked = [[{"role": "user", "content": row["instruction"]}] for row in made]
    replies = desk.converse("answer", asked, parents=made, sampling=DRAWN)
    desk.offer(
        [
            Candidate({**row, "output": said.text}, said)
            for row, said in zip(made, replies, strict=True)
            if said is not None
        ]
    )
