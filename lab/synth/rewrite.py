"""Answers rewritten into one style, with what changed too little or too much taken out.

Source: Chen et al. 2024, arXiv:2307.01003 (Polite Flamingo), with its filters; the wish for one
style is LIMA's, Zhou et al. 2023, arXiv:2305.11206.
"""

import re

import pandas as pd

from lab import filters, records
from lab.llm import Client
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.self_instruct import tokens
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

GROUP = 32
DRAWN = Sampling(temperature=0.7, top_p=0.9, max_tokens=2048)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
STYLE = "A friendly, factual assistant: full sentences, the answer first, no filler."


def rewrite(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    style: str = STYLE,
    min_overlap: float = 0.2,
) -> Synthesised:
    """Rewrite outputs into a style until `keep` pass.

    A rewriting falls if it is unchanged, if it loses or adds a number, or if it shares too few
    words with what it was made from.

    Source: Chen et al. 2024, arXiv:2307.01003; the overlap stands in for its sentence similarity,
    which can be had through `accept`.
    Cost: one call for each row.

    Parameters
    ----------
    pool : DataFrame
        Examples; outputs are rewritten.
    client, keep, accept, terms
        As for `self_instruct`.
    style : str
        What the outputs are to be like.
    min_overlap : float
        Least ROUGE-L F between the output and its rewriting, 0 to 1.

    Raises
    ------
    ValueError
        If `style` is empty or `min_overlap` is not between 0 and 1.

    Examples
    --------
    >>> from lab import testbed
    >>> pool = testbed.pool(20, noise=0.5)
    >>> made = rewrite(pool, testbed.client(store=":memory:"), keep=2)
    >>> made.examples["parent"].isin(pool.index).all()
    np.True_
    """
    if not style.strip():
        raise ValueError(f"style must say something, got {style!r}")
    if not 0 <= min_overlap <= 1:
        raise ValueError(f"min_overlap must be between 0 and 1, got {min_overlap}")
    check_pool(pool, "pool")
    terms = terms or Terms()
    own = {"style": style, "min_overlap": min_overlap}
    desk = Desk("rewrite", client, keep=keep, accept=accept, terms=terms, own=own, inputs=[pool])
    rows = rows_of(pool)
    with desk.open():
        for part in desk.groups(rows, GROUP):
            filled = [
                {"style": style, "instruction": records.user_turn(row), "output": row["output"]}
                for row in part
            ]
            given = [{**row, "parent": row["id"]} for row in part]
            replies = desk.ask("rewrite", filled, parents=given, sampling=DRAWN)
            candidates = []
            for row, said in zip(part, replies, strict=True):
                if said is None:
                    continue
                new = {
                    "history": row["history"],
                    "instruction": row["instruction"],
                    "input": row["input"],
                    "output": said.text,
                    "parent": row["id"],
                }
                reason = changed(row["output"], said.text, terms.language, min_overlap)
                if reason:
                    desk.reject(reason, said, new, evidence=row["output"])
                else:
                    candidates.append(Candidate(new, said))
            desk.offer(candidates)
    return desk.result()


def changed(before: str, after: str, language: str, min_overlap: float) -> str:
    """Return what is wrong with a rewriting, "" if nothing.

    Examples
    --------
    >>> changed("It takes 3 days.", "That takes 4 days.", "en", 0.2)
    'another number'
    """
    if " ".join(before.split()) == " ".join(after.split()):
        return "unchanged"
    if sorted(set(NUMBER.findall(before))) != sorted(set(NUMBER.findall(after))):
        return "another number"
    overlap = filters.rouge_l([before], [after], tokenize=tokens(language))[0]
    return "too far from what it was" if overlap < min_overlap else ""
