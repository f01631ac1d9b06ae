"""Data that a model made, for arms: all that came, kept or not, and tasks of several steps to test.

Source: Wang et al. 2023, arXiv:2212.10560, and Xu et al. 2024, arXiv:2304.12244, whose methods in
`lab.synth` make it.
"""

import re
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pandas as pd

from lab import origins, records, runs, testbed
from lab.synth import Synthesised
from lab.testbed import chains, vocabulary

TEXTS = ["instruction", "input", "output"]


def candidates(make: Callable[[], Synthesised]) -> pd.DataFrame:
    """Return all that a way of making data brought, kept or not, made once and kept as a run.

    Parameters
    ----------
    make : `functools.partial` of a method of `lab.synth`
        With everything filled in, such as `partial(synth.alpaca, seeds, client, keep=500)`.

    Returns
    -------
    DataFrame
        A pool: what was kept, in its order, then the rejects that have an instruction and an
        output, in theirs; `reason` is why one was rejected, "" for what was kept. Rejects that are
        no whole example, or the same as another row, are left out.

    Examples
    --------
    >>> from lab import synth, testbed
    >>> teacher = testbed.client(testbed.Teacher(laziness=0.5), store=":memory:")
    >>> made = candidates(partial(synth.alpaca, testbed.pool(12), teacher, keep=5))
    >>> int((made["reason"] == "").sum())
    5
    """
    return runs.once("synth", partial(brought, make))


def brought(make: Callable[[], Synthesised]) -> pd.DataFrame:
    """Make what `candidates` keeps."""
    made = make()
    kept = made.examples.assign(reason="")
    out = made.rejects[["reason", *TEXTS]]
    whole = (out["instruction"].str.strip() != "") & (out["output"].str.strip() != "")
    rest = records.frame(_rows(out[whole]), source="rejected")
    return pd.concat([kept, rest[~rest.index.isin(kept.index)]])


def known_words(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Keep rows all of whose words the testbed's base model has a token for.

    A filter for `accept`: to spell a word backwards makes one that the model can never write.

    Examples
    --------
    >>> from lab import records
    >>> texts = ["What is 2 plus 3?", "What is 2 florb 3?"]
    >>> known_words(records.frame([{"instruction": t, "output": "5."} for t in texts])).tolist()
    [True, False]
    """
    known = set(vocabulary.words())
    texts = rows["instruction"] + "\n" + rows["input"] + "\n" + rows["output"]
    good = [known.issuperset(re.findall(vocabulary.PIECE, text)) for text in texts]
    return pd.Series(good, index=rows.index, name="known_words", dtype=bool)


def truths(rows: pd.DataFrame) -> pd.DataFrame:
    """Return of each row how many steps its task needs, and whether its output is the truth.

    Returns
    -------
    DataFrame
        Index of `rows`: `steps` (NaN for a task that is not of the testbed's world) and `right` (1
        or 0; 0 where there is no truth).

    Examples
    --------
    >>> from lab import testbed
    >>> truths(testbed.pool(3, families=["capital"])).to_dict("list")
    {'steps': [1.0, 1.0, 1.0], 'right': [1.0, 1.0, 1.0]}
    """
    asked = [records.user_turn(row) for row in _rows(rows[TEXTS])]
    known = [chains.read(text) for text in asked]
    steps = [float("nan") if one is None else float(one.steps) for one in known]
    right = [
        float(one is not None and one.answer == " ".join(output.split()))
        for one, output in zip(known, rows["output"], strict=True)
    ]
    return pd.DataFrame({"steps": steps, "right": right}, index=rows.index)


def steps_by_round(pool: pd.DataFrame, evolved: pd.DataFrame, *, rounds: int) -> pd.DataFrame:
    """Return how many steps each task of a pool needs as it stands after each round.

    Parameters
    ----------
    pool : DataFrame
        What Evol-Instruct started from.
    evolved : DataFrame
        What it kept, with `root` and `round`; a task that failed in a round stays as it was.
    rounds : int
        Rounds that were asked for.

    Returns
    -------
    DataFrame
        A row per task, in the order of `pool`; columns 0 (before) to `rounds`.

    Examples
    --------
    >>> from lab import synth, testbed
    >>> pool = testbed.pool(6)
    >>> made = synth.evol_instruct(pool, testbed.client(store=":memory:"), keep=50, rounds=1)
    >>> steps_by_round(pool, made.examples, rounds=1).shape
    (6, 2)
    """
    found = pd.DataFrame({0: truths(pool)["steps"]})
    steps = truths(evolved)["steps"]
    for number in range(1, rounds + 1):
        now = evolved["round"] == number
        after = pd.Series(steps[now].to_numpy(), index=evolved.loc[now, "root"])
        found[number] = after.reindex(found.index).fillna(found[number - 1])
    return found.reset_index(drop=True)


def several_steps(n: int, *, steps: int, seed: int) -> pd.DataFrame:
    """Draw prompts of the testbed that need further steps, in wordings that no pool uses.

    Parameters
    ----------
    n : int
        Prompts.
    steps : int
        Steps after the first question, 1 or more.
    seed : int
        Of all draws.

    Returns
    -------
    DataFrame
        A pool whose outputs are the truth, all of words that the base model knows.

    Raises
    ------
    ValueError
        If `steps` is below 1.

    Examples
    --------
    >>> several_steps(1, steps=1, seed=0)["output"].str.contains("Answer: ").item()
    True
    """
    if steps < 1:
        raise ValueError(f"steps must be 1 or more, got {steps}")
    rng, found = Random(seed), list[dict[str, Any]]()
    while len(found) < n:
        asked = testbed.prompts(4 * n, seed=rng.randrange(2**31))
        for text in asked.loc[asked["input"] == "", "instruction"]:
            chain = _longer(text, steps, rng)
            if chain is not None:
                found.append({"instruction": chain[0], "output": chain[1]})
        frame = records.frame(found, source=origins.TESTBED)
        found = _rows(frame[known_words(frame)])
    return records.frame(found, source=origins.TESTBED).head(n)


def _longer(text: str, steps: int, rng: Random) -> tuple[str, str] | None:
    """Return a question with further steps and its answer, None if none can be made."""
    longer: str | None = text
    for _ in range(steps):
        longer = chains.harder(longer, rng) if longer else None
    chain = chains.read(longer) if longer else None
    return (longer, chain.answer) if longer and chain else None


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
