"""Instruction backtranslation (Humpback): instructions for texts of people, rated and kept.

A backward model writes the instruction that each segment answers (self-augmentation); a model rates
each pair from 1 to 5 (self-curation). What is kept tunes the next model, which rates all anew.

Source: Li et al. 2024, arXiv:2308.06259.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from lab import records
from lab.llm import Client, Request, prompts
from lab.synth.answer import inverted
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import Said, read
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

SEED_TAG = {"en": "Answer in the style of an AI Assistant.", "zh": "请以人工智能助手的风格回答。"}
WEB_TAG = {"en": "Answer with knowledge from web search.", "zh": "请用网络搜索得到的知识回答。"}
SCORE = re.compile(
    r"(?:Score|分数)\s*[:\uff1a]\s*([1-5](?:\.\d+)?)\s*(?:/\s*5)?\s*$", re.IGNORECASE
)
GROUP = 32
RATED = Sampling(temperature=0.0, max_tokens=256)

Refine = Callable[[int, pd.DataFrame], Client]  # (iteration, kept rows) -> who rates in it


def backtranslate(
    segments: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    refine: Refine | Sequence[Refine] = (),
    backward: Client | None = None,
    min_score: float = 4.5,
) -> Synthesised:
    """Make `keep` examples out of texts: an instruction for each, kept by its rating.

    Without `refine` the client's own ratings decide, once. Each `refine` is a further iteration: it
    gets the rows that are kept so far, tunes what it wants on them and the seeds (with `tagged`),
    and returns who rates all pairs anew.

    Source: Li et al. 2024, arXiv:2308.06259: ratings of 4.5 and above are its A5.
    Cost: two calls for each segment, and one more for each further iteration.

    Parameters
    ----------
    segments : DataFrame
        A pool of outputs, such as `segments` makes.
    client : Client
        The first that rates, and the backward model where there is no other.
    keep, accept, terms
        As for `self_instruct`.
    refine : callable, or sequence of callables
        From the number of the iteration, 2 and up, and the kept rows to the client that rates in
        it, such as `llm.local(tune.sft(…))`. One is the paper's two iterations.
    backward : Client, optional
        Who writes the instructions: a model tuned from output to instruction, or a larger one.
    min_score : float
        Least rating, 1 to 5.

    Returns
    -------
    Synthesised
        Examples with `curation` (the rating).

    Raises
    ------
    ValueError
        If `min_score` is not between 1 and 5.

    Examples
    --------
    >>> from lab import testbed
    >>> made = backtranslate(testbed.pool(8), testbed.client(store=":memory:"), keep=2)
    >>> made.examples["curation"].tolist()
    [5.0, 5.0]
    """
    if not 1 <= min_score <= 5:
        raise ValueError(f"min_score must be from 1 to 5, got {min_score}")
    check_pool(segments, "segments")
    steps = [refine] if callable(refine) else list(refine)
    own: dict[str, Any] = {"min_score": min_score, "iterations": 1 + len(steps)}
    own |= {"backward": backward.model if backward is not None else None}
    desk = Desk(
        "backtranslate",
        client,
        keep=keep,
        accept=accept,
        terms=terms or Terms(),
        own=own,
        inputs=[segments],
        copies_allowed=True,
    )
    rows = [
        {"output": text, "parent": str(key)}
        for key, text in zip(segments.index, segments["output"].tolist(), strict=True)
    ]
    with desk.open():
        if steps:
            groups = desk.groups(rows, GROUP)
            pairs = [one for part in groups for one in inverted(desk, part, via=backward)]
            _iterate(desk, pairs, steps, min_score)
        else:
            for part in desk.groups(rows, GROUP):
                pairs = inverted(desk, part, via=backward)
                desk.offer(_rated(desk, pairs, client, min_score, last=True))
    return desk.result()


def tagged(pool: pd.DataFrame, *, augmented: bool | None, language: str = "en") -> pd.DataFrame:
    """Return rows with the tag of where they come from as their system turn.

    Seeds (`augmented=False`) and augmented rows (`True`) have a tag each in training; an answer is
    asked for with both (`None`).

    Source: Li et al. 2024, arXiv:2308.06259, section 2.4.

    Examples
    --------
    >>> pool = records.frame([{"instruction": "Add 1 and 2.", "output": "3"}])
    >>> tagged(pool, augmented=False)["history"].iloc[0][0]["role"]
    'system'
    """
    tags = (SEED_TAG, WEB_TAG) if augmented is None else (WEB_TAG if augmented else SEED_TAG,)
    tag = ("" if language == "zh" else " ").join(one[language] for one in tags)
    turn = [{"role": "system", "content": tag}]
    rows = [
        {**{str(name): value for name, value in row.items()}, "history": [*turn, *row["history"]]}
        for row in pool.to_dict("records")
    ]
    return records.frame(
        {**row, "parent": str(key)} for key, row in zip(pool.index, rows, strict=True)
    )


def turned(
    pool: pd.DataFrame, *, prompt: prompts.Prompt | None = None, language: str = "en"
) -> pd.DataFrame:
    """Return rows that tune a backward model: asked with an output, it answers the instruction.

    A row's question is the prompt that `backtranslate` sends, so that a model is asked as it was
    taught: tune it on these, and hand it over as `backward`.

    Source: Li et al. 2024, arXiv:2308.06259, section 2.2.

    Parameters
    ----------
    pool : DataFrame
        Seed examples; an input becomes a part of the instruction.
    prompt : Prompt, optional
        With the one field `text`; by default the file `invert`.
    language : str
        `en` or `zh`, of that file.

    Examples
    --------
    >>> pool = records.frame([{"instruction": "Add 1 and 2.", "output": "3"}])
    >>> row = turned(pool).iloc[0]
    >>> row["instruction"].splitlines()[1], row["output"]
    ('3', 'Add 1 and 2.')
    """
    asked = prompt or prompts.load("synth", "invert", language)
    rows = []
    for row in rows_of(pool):
        *before, last = asked.messages(text=row["output"])
        told = {"instruction": last["content"], "output": records.user_turn(row)}
        rows.append({"history": before, **told, "parent": row["id"]})
    return records.frame(rows)


def read_score(text: str) -> float | None:
    r"""Return the rating on the last line of a reply, 1 to 5, None if it has none.

    Examples
    --------
    >>> read_score("Clear and whole.\nScore: 4"), read_score("Four, I think.")
    (4.0, None)
    """
    lines = [line for line in text.splitlines() if line.strip()]
    found = SCORE.search(lines[-1]) if lines else None
    return float(found[1]) if found else None


def curated(
    pool: pd.DataFrame, client: Client, *, min_score: float = 4.5, language: str = "en"
) -> "pd.Series[bool]":
    """Keep rows that a model rates high enough on the five-point scale; a filter for `accept`.

    A row whose rating does not come, or cannot be read, is not kept.

    Source: Li et al. 2024, arXiv:2308.06259, self-curation.
    Cost: one call for each row.

    Examples
    --------
    >>> from lab import testbed
    >>> pool = testbed.pool(8, noise=0.5, seed=1)
    >>> kept = curated(pool, testbed.client(store=":memory:"))
    >>> pool[kept]["fault"].unique().tolist()
    ['']
    """
    if not 1 <= min_score <= 5:
        raise ValueError(f"min_score must be from 1 to 5, got {min_score}")
    prompt = prompts.load("synth", "curate", language)
    requests = [
        Request(
            prompt.messages(instruction=records.user_turn(row), output=row["output"]),
            temperature=RATED.temperature,
            max_tokens=RATED.max_tokens,
        )
        for row in rows_of(pool)
    ]
    scores = [
        None if reply.text is None else read_score(read(reply, request.messages, "curate")[0].text)
        for request, reply in zip(requests, client.complete(requests), strict=True)
    ]
    good = [score is not None and score >= min_score for score in scores]
    return pd.Series(good, index=pool.index, name="curated", dtype=bool)


def _iterate(desk: Desk, pairs: list[Candidate], steps: Sequence[Refine], min_score: float) -> None:
    """Rate all pairs once for each rater in turn; what the last one keeps is offered."""
    rater = desk.client
    for number, step in enumerate(steps, 2):
        kept = [
            one
            for some in desk.groups(pairs, GROUP)
            for one in _rated(desk, some, rater, min_score, last=False)
        ]
        rater = step(number, pd.DataFrame([dict(one.row) for one in kept]))
        desk.round += 1
    for some in desk.groups(pairs, GROUP):
        desk.offer(_rated(desk, some, rater, min_score, last=True))


def _rated(
    desk: Desk, pairs: list[Candidate], rater: Client, min_score: float, *, last: bool
) -> list[Candidate]:
    """Return the pairs that are rated high enough; in the last iteration the others are rejects."""
    filled = [
        {"instruction": str(one.row["instruction"]), "output": str(one.row["output"])}
        for one in pairs
    ]
    rows = [one.row for one in pairs] if last else None
    replies = desk.ask(
        "curate", filled, parents=rows, sampling=RATED, via=rater, count=last, whole=False
    )
    kept = []
    for pair, said in zip(pairs, replies, strict=True):
        if said is None:
            continue
        score = read_score(said.text)
        if score is not None and score >= min_score:
            kept.append(Candidate({**pair.row, "curation": score}, pair.said))
        elif last:
            _refuse(desk, pair, said, score)
    return kept


def _refuse(desk: Desk, pair: Candidate, said: Said, score: float | None) -> None:
    if score is None:
        desk.reject("no rating", said, pair.row)
    else:
        desk.reject("rated too low", said, pair.row, evidence=f"{score:g}")
