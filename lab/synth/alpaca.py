"""Alpaca's variant of Self-Instruct: twenty whole examples a call, after three seeds.

No split by classification, one instance a task, and what the model wrote never goes back into a
prompt; the novelty of an instruction is still held against all that was kept.

Source: Taori et al. 2023, Stanford Alpaca (`generate_instruction.py`).
"""

import pandas as pd

from lab import filters, records
from lab.llm import Client
from lab.synth import layouts
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import CUT, Said
from lab.synth.self_instruct import tokens, wrong_instance, wrong_tasks
from lab.synth.terms import Accept, Synthesised, Terms, check_pool

SHOWN = 3  # seeds in a prompt
LAST = 19  # number of the last example: Alpaca stops before the twentieth
CALLS = 5  # calls in a round
DRAWN = Sampling(temperature=1.0, top_p=1.0, max_tokens=3072)


def alpaca(
    seeds: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
) -> Synthesised:
    """Make `keep` examples from seed tasks as Stanford Alpaca did.

    Source: Taori et al. 2023, Stanford Alpaca.
    Cost: a call for at most 16 examples.

    Parameters
    ----------
    seeds : DataFrame
        Seed tasks by people, a pool of at least three.
    client, keep, accept, terms
        As for `self_instruct`.

    Raises
    ------
    ValueError
        If there are fewer than three seeds, or `keep` is out of range.

    Examples
    --------
    >>> from lab import testbed
    >>> made = alpaca(testbed.pool(12), testbed.client(store=":memory:"), keep=5)
    >>> len(made.examples), made.stopped_because
    (5, 'kept 5')
    """
    check_pool(seeds, "seeds")
    if len(seeds) < SHOWN:
        raise ValueError(f"seeds must hold at least {SHOWN} tasks, got {len(seeds)}")
    terms = terms or Terms()
    desk = Desk("alpaca", client, keep=keep, accept=accept, terms=terms, own={}, inputs=[seeds])
    pool = filters.Growing(seeds["instruction"].tolist(), tokenize=tokens(terms.language))
    columns = zip(*(seeds[name].tolist() for name in records.TEXTS), strict=True)
    rows = [dict(zip(records.TEXTS, texts, strict=True)) for texts in columns]
    names = ("Instruction: ", "Input: ", "Output: ")
    names = ("指令：", "输入：", "输出：") if terms.language == "zh" else names
    with desk.open():
        while True:
            desk.round += 1
            filled = []
            for _ in range(desk.group(CALLS)):
                shown = [
                    _laid_out(row, number, names)
                    for number, row in enumerate(desk.rng.sample(rows, SHOWN), 1)
                ]
                span = {"first": str(SHOWN + 1), "last": str(LAST)}
                filled.append({"examples": "\n".join(shown), **span})
            for said in desk.ask("alpaca_tasks", filled, sampling=DRAWN, whole=False):
                if said is not None:
                    _offer(desk, said, pool)
    return desk.result()


def _offer(desk: Desk, said: Said, pool: filters.Growing) -> None:
    found = layouts.examples(said.text)
    if not found:
        desk.reject("no examples", said, {})
    elif said.cut:
        desk.reject(CUT, said, found.pop())
    candidates = []
    rows = [{name: one.get(name, "") for name in records.TEXTS} for one in found]
    tasks = [row["instruction"] for row in rows]
    wrong = wrong_tasks(tasks, desk.terms.language, words=filters.ALPACA_WORDS)
    for row, trouble in zip(rows, wrong, strict=True):
        reason = trouble or wrong_instance(row)
        near = None if reason else pool.offer(row["instruction"])
        if reason or near is not None:
            desk.reject(reason or "not novel", said, row, evidence=near or "")
        else:
            candidates.append(Candidate(row, said))
    desk.offer(candidates)


def _laid_out(row: dict[str, str], number: int, names: tuple[str, str, str]) -> str:
    texts = (row["instruction"], row["input"] or "<noinput>", row["output"])
    lines = [f"{number}. {name}{text}" for name, text in zip(names, texts, strict=True)]
    return "\n".join(["###", *lines])
