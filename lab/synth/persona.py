"""Persona-driven synthesis: a model asks as somebody would, and then answers.

Source: Ge et al. 2024, arXiv:2406.20094 (Persona Hub): text to persona, persona to prompt.
"""

from collections.abc import Sequence

import pandas as pd

from lab import filters
from lab.llm import Client
from lab.synth import layouts
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import CUT
from lab.synth.self_instruct import tokens
from lab.synth.terms import Accept, Synthesised, Terms, check_pool

GROUP = 16
PEOPLE = 5  # personas asked for in a call
DRAWN = Sampling(temperature=1.0, top_p=0.95, max_tokens=1024)


def persona(
    people: pd.DataFrame | Sequence[str],
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
) -> Synthesised:
    """Make `keep` examples: what each person would ask, and the answer.

    Given a pool, people are found first that its texts suggest. A person is asked again, round by
    round, until enough is kept; requests that are not novel are rejected.

    Source: Ge et al. 2024, arXiv:2406.20094.
    Cost: two calls for each example, and one for five people where they are made.

    Parameters
    ----------
    people : sequence of str, or DataFrame
        Descriptions of people, or a pool whose texts suggest some.
    client, keep, accept, terms
        As for `self_instruct`.

    Returns
    -------
    Synthesised
        Examples with `persona`.

    Raises
    ------
    ValueError
        If there are no people.

    Examples
    --------
    >>> from lab import testbed
    >>> made = persona(["a cook", "a pilot"], testbed.client(store=":memory:"), keep=4)
    >>> sorted(made.examples["persona"].unique())
    ['a cook', 'a pilot']
    """
    terms = terms or Terms()
    inputs = [people] if isinstance(people, pd.DataFrame) else []
    given = [] if isinstance(people, pd.DataFrame) else [str(one) for one in people]
    if isinstance(people, pd.DataFrame):
        check_pool(people, "people")
    elif not given:
        raise ValueError("people must hold at least one description, got none")
    own = {"people": given}
    desk = Desk("persona", client, keep=keep, accept=accept, terms=terms, own=own, inputs=inputs)
    known = filters.Growing(tokenize=tokens(terms.language))
    with desk.open():
        if isinstance(people, pd.DataFrame):
            given = _people(desk, people)
        while given:
            desk.round += 1
            for part in desk.groups(given, GROUP):
                _requests(desk, part, known)
    return desk.result()


def _people(desk: Desk, pool: pd.DataFrame) -> list[str]:
    """Return people that the texts of a pool suggest, each once, enough for what is wanted."""
    found: list[str] = []
    rows = (pool["instruction"] + "\n" + pool["output"]).tolist()
    for part in desk.groups(rows, GROUP):
        filled = [{"text": text, "most": str(PEOPLE)} for text in part]
        for said in desk.ask("persona_people", filled, sampling=DRAWN, whole=False):
            named = layouts.lines(said.text, cut=said.cut) if said is not None else []
            if said is not None and not named:
                desk.reject(CUT if said.cut else "no people", said, {})
            found += named
        if len(set(found)) >= desk.keep:
            break
    return list(dict.fromkeys(found))


def _requests(desk: Desk, people: Sequence[str], known: filters.Growing) -> None:
    rows = []
    filled = [{"persona": one} for one in people]
    for one, said in zip(people, desk.ask("persona", filled, sampling=DRAWN), strict=True):
        if said is None:
            continue
        instruction, reason = layouts.alone(said.text)
        row = {"instruction": instruction, "persona": one}
        near = None if reason else known.offer(instruction)
        if reason or near is not None:
            desk.reject(reason or "not novel", said, row, evidence=near or "")
        else:
            rows.append(row)
    asked = [[{"role": "user", "content": row["instruction"]}] for row in rows]
    replies = desk.converse("answer", asked, parents=rows, sampling=DRAWN)
    desk.offer(
        [
            Candidate({**row, "output": said.text}, said)
            for row, said in zip(rows, replies, strict=True)
            if said is not None
        ]
    )
