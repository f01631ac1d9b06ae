"""Answers rewritten into one style, with what changed too little or too much taken out.

Source: Chen et al. 2024, arXiv:2307.01003 (Polite Flamingo), with its filters; the wish for one
style is LIMA's, Zhou et al. 2023, arXiv:2305.11206.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lab import filters, records
from lab.llm import Client
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.self_instruct import tokens
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

GROUP = 32
DRAWN = Sampling(temperature=0.7, top_p=0.9, max_tokens=2048)
JUDGED = Sampling(temperature=0.0, max_tokens=16)
VERDICT = re.compile(r"(?P<no>contradict\w*|矛盾)|(?P<yes>agrees?|一致)", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
STYLE = "A friendly, factual assistant: full sentences, the answer first, no filler."


@dataclass(frozen=True)
class Meaning:
    """How it is checked that a rewriting still says what its original said.

    Parameters
    ----------
    embed : callable, optional
        From a Series of texts to unit vectors: `embed.lexical`, or `embed.sentences` with its
        model filled in.
    min_similarity : float
        Least cosine between an output and its rewriting, -1 to 1; the paper drops below 0.40.
    judge : Client, optional
        Asked whether the rewriting contradicts its original (in place of the paper's NLI model).

    Examples
    --------
    >>> from lab import embed
    >>> Meaning(embed=embed.lexical, min_similarity=0.5).min_similarity
    0.5
    """

    embed: "Callable[[pd.Series[str]], ArrayLike] | None" = None
    min_similarity: float = 0.4
    judge: Client | None = None

    def __post_init__(self) -> None:
        """Check the bounds."""
        if not -1 <= self.min_similarity <= 1:
            raise ValueError(f"min_similarity must be from -1 to 1, got {self.min_similarity}")


def rewrite(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    style: str = STYLE,
    min_overlap: float = 0.2,
    meaning: Meaning | None = None,
) -> Synthesised:
    """Rewrite outputs into a style until `keep` pass.

    A rewriting is rejected if it is unchanged, if it loses or adds a number, or if it shares too
    few words with what it was made from; with `meaning`, also if it is too far in meaning or
    contradicts it.

    Source: Chen et al. 2024, arXiv:2307.01003.
    Cost: one call for each row, and one for each rewriting with `meaning.judge`.

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
    meaning : Meaning, optional
        Similarity of embeddings, and a judge of contradictions.

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
    meaning = meaning or Meaning()
    own = {"style": style, "min_overlap": min_overlap, "min_similarity": meaning.min_similarity}
    own |= {"embedded": meaning.embed is not None, "judged": meaning.judge is not None}
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
            desk.offer(_meant(desk, candidates, {row["id"]: row for row in part}, meaning))
    return desk.result()


def _meant(
    desk: Desk, made: list[Candidate], before: dict[str, dict[str, str]], meaning: Meaning
) -> list[Candidate]:
    """Return the rewritings that are near enough in meaning and contradict nothing."""
    originals = [before[str(one.row["parent"])] for one in made]
    if made and meaning.embed is not None:
        texts = [row["output"] for row in originals] + [str(one.row["output"]) for one in made]
        vectors = np.asarray(meaning.embed(pd.Series(texts)), dtype=np.float64)
        near = (vectors[: len(made)] * vectors[len(made) :]).sum(axis=1)
        kept = []
        for one, row, cosine in zip(made, originals, near.tolist(), strict=True):
            if cosine >= meaning.min_similarity:
                kept.append((one, row))
            else:
                desk.reject("too far in meaning", one.said, one.row, evidence=f"{cosine:.3f}")
        made, originals = [one for one, _ in kept], [row for _, row in kept]
    if meaning.judge is None:
        return made
    filled = [
        {"instruction": records.user_turn(row), "first": row["output"]}
        | {"second": str(one.row["output"])}
        for one, row in zip(made, originals, strict=True)
    ]
    rows = [one.row for one in made]
    replies = desk.ask(
        "rewrite_contradicts",
        filled,
        parents=rows,
        sampling=JUDGED,
        via=meaning.judge,
        whole=False,
    )
    agreed = []
    for one, said in zip(made, replies, strict=True):
        if said is None:
            continue
        verdict = VERDICT.search(said.text)
        if verdict is None:
            desk.reject("no verdict on contradiction", said, one.row)
        elif verdict["no"]:
            desk.reject("contradicts what it was", said, one.row)
        else:
            agreed.append(one)
    return agreed


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
