"""Answers for a pool of prompts, and prompts for a pool of answers.

Source: Zhou et al. 2023, arXiv:2305.11206 (prompts first, answers in one style after); Li et al.
2024, arXiv:2308.06259 (the way back, from an answer to what it answers).
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from lab import records
from lab.llm import Client
from lab.synth import layouts
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

GROUP = 32
DRAWN = Sampling(temperature=0.7, top_p=0.9, max_tokens=2048)
INVERTED = Sampling(temperature=0.7, top_p=0.9, max_tokens=512)


def answer(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
) -> Synthesised:
    """Answer the prompts of a pool, in its order, until `keep` answers pass.

    The model is asked with the prompt alone, history and input included.

    Source: the answering step of Xu et al. 2024, arXiv:2304.12244.
    Cost: one call for each row.

    Parameters
    ----------
    pool : DataFrame
        Prompts; outputs that are there are not looked at.
    client, keep, accept, terms
        As for `self_instruct`.

    Examples
    --------
    >>> from lab import testbed
    >>> made = answer(testbed.pool(8), testbed.client(store=":memory:"), keep=3)
    >>> len(made.examples), made.stopped_because
    (3, 'kept 3')
    """
    check_pool(pool, "pool")
    terms = terms or Terms()
    desk = Desk(
        "answer",
        client,
        keep=keep,
        accept=accept,
        terms=terms,
        own={},
        inputs=[pool],
        copies_allowed=True,
    )
    rows = rows_of(pool)
    with desk.open():
        for part in desk.groups(rows, GROUP):
            asked = [records.prompt(row) for row in part]
            given = [
                {name: row[name] for name in ("history", "instruction", "input")}
                | {"parent": row["id"]}
                for row in part
            ]
            replies = desk.converse("answer", asked, parents=given, sampling=DRAWN)
            desk.offer(
                [
                    Candidate({**row, "output": said.text}, said)
                    for row, said in zip(given, replies, strict=True)
                    if said is not None
                ]
            )
    return desk.result()


def invert(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
) -> Synthesised:
    """Write the instruction that each output of a pool answers, until `keep` pass.

    The output stays word for word; only the instruction is made.

    Source: Li et al. 2024, arXiv:2308.06259, self-augmentation.
    Cost: one call for each row.

    Parameters
    ----------
    pool : DataFrame
        Outputs; instructions that are there are not looked at. `segments` makes one of documents.
    client, keep, accept, terms
        As for `self_instruct`.

    Examples
    --------
    >>> from lab import testbed
    >>> made = invert(testbed.pool(8), testbed.client(store=":memory:"), keep=3)
    >>> made.examples["output"].isin(testbed.pool(8)["output"]).all()
    np.True_
    """
    check_pool(pool, "pool")
    terms = terms or Terms()
    desk = Desk(
        "invert",
        client,
        keep=keep,
        accept=accept,
        terms=terms,
        own={},
        inputs=[pool],
        copies_allowed=True,
    )
    rows = [
        {"output": text, "parent": str(key)}
        for key, text in zip(pool.index, pool["output"].tolist(), strict=True)
    ]
    with desk.open():
        for part in desk.groups(rows, GROUP):
            desk.offer(inverted(desk, part))
    return desk.result()


def inverted(
    desk: Desk, rows: Sequence[Mapping[str, str]], *, via: Client | None = None
) -> list[Candidate]:
    """Ask for the instruction of each row's output; what gives none is a reject."""
    filled = [{"text": row["output"]} for row in rows]
    replies = desk.ask("invert", filled, parents=rows, sampling=INVERTED, via=via)
    made = []
    for row, said in zip(rows, replies, strict=True):
        if said is None:
            continue
        instruction, wrong = layouts.alone(said.text)
        new = {**row, "instruction": instruction}
        if wrong:
            desk.reject(wrong, said, new)
        else:
            made.append(Candidate(new, said))
    return made
