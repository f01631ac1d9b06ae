"""Good answers written badly, with the way back as the task: what a rewriter is trained on.

Source: Chen et al. 2024, arXiv:2307.01003 (Polite Flamingo), which trains its rewriter on pairs of
distorted and original answers.
"""

import pandas as pd

from lab import records
from lab.llm import Client
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.rewrite import STYLE, changed
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

GROUP = 32
DRAWN = Sampling(temperature=1.0, top_p=0.95, max_tokens=1024)
MANNERS = {
    "en": (
        *("curt, a few words, no sentences", "rambling, with filler before the point"),
        *("rude and impatient", "like a forum post, lower case, no punctuation"),
    ),
    "zh": (
        *("生硬，只有几个词，不成句", "啰嗦，先说一堆废话"),
        *("粗鲁不耐烦", "像论坛帖子，没有标点"),
    ),
}
TASK = {
    "en": "Rewrite this answer. The style: {style}\n\nQuestion:\n{question}",
    "zh": "请改写这个回答。风格：{style}\n\n问题：\n{question}",
}


def corrupt(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    style: str = STYLE,
) -> Synthesised:
    """Make `keep` examples of rewriting: a bad version of an answer is the input, it the output.

    Manners take turns. Versions that are unchanged or that lose or add a number are rejected.

    Source: Chen et al. 2024, arXiv:2307.01003.
    Cost: one call for each row.

    Parameters
    ----------
    pool : DataFrame
        Examples whose answers are good.
    client, keep, accept, terms
        As for `self_instruct`.
    style : str
        What the good answers are like; named in the task.

    Returns
    -------
    Synthesised
        Examples with `manner`.

    Raises
    ------
    ValueError
        If `style` is empty.

    Examples
    --------
    >>> from lab import testbed
    >>> pool = testbed.pool(8)
    >>> made = corrupt(pool, testbed.client(store=":memory:"), keep=3)
    >>> made.examples["output"].isin(pool["output"]).all()
    np.True_
    """
    if not style.strip():
        raise ValueError(f"style must say something, got {style!r}")
    check_pool(pool, "pool")
    terms = terms or Terms()
    own = {"style": style}
    desk = Desk("corrupt", client, keep=keep, accept=accept, terms=terms, own=own, inputs=[pool])
    manners = MANNERS[terms.language]
    rows = [
        {**row, "parent": row["id"], "manner": manners[number % len(manners)]}
        for number, row in enumerate(rows_of(pool))
    ]
    with desk.open():
        for part in desk.groups(rows, GROUP):
            filled = [
                {"manner": row["manner"], "instruction": records.user_turn(row)}
                | {"output": row["output"]}
                for row in part
            ]
            replies = desk.ask("rewrite_corrupt", filled, parents=part, sampling=DRAWN)
            candidates = []
            for row, said in zip(part, replies, strict=True):
                if said is None:
                    continue
                task = TASK[terms.language].format(style=style, question=records.user_turn(row))
                new = {"instruction": task, "input": said.text, "output": row["output"]}
                new |= {"parent": row["parent"], "manner": row["manner"]}
                if reason := changed(row["output"], said.text, terms.language, 0.0):
                    desk.reject(reason, said, new)
                else:
                    candidates.append(Candidate(new, said))
            desk.offer(candidates)
    return desk.result()
