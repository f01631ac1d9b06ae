"""Evol-Instruct: tasks made harder round by round, with what failed taken out again.

Each round gives each task one of six operations, all equally likely: five in depth (constraints,
deepen, concretise, reasoning, input) and one in breadth. What a model makes of it is answered and
then held against the four signs of failure; a task that failed stays as it was for the next round.

Source: Xu et al. 2024, arXiv:2304.12244, section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from lab import filters, hashing, records
from lab.llm import Client
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import Said
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

OPERATIONS = ("constraints", "deepen", "concretise", "reasoning", "input", "breadth")
GROUP = 48  # tasks of a round that go through all steps together
DRAWN = Sampling(temperature=1.0, top_p=0.9, max_tokens=2048)
CHECK = Sampling(temperature=0.0, max_tokens=8)


@dataclass(frozen=True)
class _Task:
    """A task as it stands in a round: its text, the id it goes by, its first ancestor."""

    text: str
    id: str
    root: str


def evol_instruct(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    rounds: int = 4,
    answerer: Client | None = None,
) -> Synthesised:
    """Make `keep` harder tasks with answers out of a pool, by Evol-Instruct with elimination.

    Source: Xu et al. 2024, arXiv:2304.12244 (WizardLM).
    Cost: three calls for each task and round: the new task, the comparison, the answer.

    Parameters
    ----------
    pool : DataFrame
        The tasks to start from; their answers are not looked at.
    client : Client
        Which model rewrites and compares.
    keep : int
        Examples wanted, at least 1; fewer come if all rounds are over before.
    accept : mapping of name to filter, optional
        Further filters over candidates, True = keep.
    terms : Terms, optional
        Caps, seed, language, edited prompts.
    rounds : int
        Most rounds, at least 1; the paper's are 4.
    answerer : Client, optional
        Which model answers, if another.

    Returns
    -------
    Synthesised
        Examples with `operation`, `round`, `root` (the first ancestor's id), and `parent`.

    Raises
    ------
    ValueError
        If `rounds` or `keep` is below 1.
    DataError
        If `pool` is no pool.

    Examples
    --------
    >>> from lab import testbed
    >>> made = evol_instruct(testbed.pool(8), testbed.client(store=":memory:"), keep=5)
    >>> len(made.examples), made.examples["parent"].notna().all()
    (5, np.True_)
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    check_pool(pool, "pool")
    terms = terms or Terms()
    own = {"rounds": rounds, "answerer": (answerer or client).model}
    desk = Desk(
        "evol_instruct", client, keep=keep, accept=accept, terms=terms, own=own, inputs=[pool]
    )
    tasks = [_Task(records.user_turn(row), row["id"], row["id"]) for row in rows_of(pool)]
    with desk.open():
        for _ in range(rounds):
            desk.round += 1
            start = 0
            while start < len(tasks):
                end = start + desk.group(min(GROUP, max(4, 2 * desk.left)))
                tasks[start:end] = _evolved(desk, tasks[start:end], answerer)
                start = end
        desk.over(f"all {rounds} rounds are over")
    return desk.result()


def tree(pool: pd.DataFrame, id: str) -> pd.DataFrame:
    """Return one family: the rows that stem from `id`, itself first, each child below its parent.

    Parameters
    ----------
    pool : DataFrame
        A pool with the ancestors and what was made from them, as by `pd.concat`.
    id : str
        The ancestor; it may be missing in the pool.

    Returns
    -------
    DataFrame
        Rows of `pool` with `depth`, 0 for `id`.

    Raises
    ------
    KeyError
        If nothing in the pool is `id` or stems from it.

    Examples
    --------
    >>> from lab import records
    >>> old = records.frame([{"instruction": "Add 1 and 2.", "output": "3"}])
    >>> row = {"instruction": "Add 1, 2 and 3.", "output": "6", "parent": old.index[0]}
    >>> tree(pd.concat([old, records.frame([row])]), old.index[0])["instruction"].tolist()
    ['Add 1 and 2.', 'Add 1, 2 and 3.']
    """
    children: dict[str, list[str]] = {}
    for key, parent in pool["parent"].dropna().items():
        children.setdefault(str(parent), []).append(str(key))
    if id not in pool.index and id not in children:
        raise KeyError(f"no example {id!r} in the pool, and none made from it")
    order: list[tuple[str, int]] = []
    open_rows = [(id, 0)]
    while open_rows:
        key, depth = open_rows.pop()
        order.append((key, depth))
        open_rows += [(child, depth + 1) for child in reversed(children.get(key, []))]
    found = [(key, depth) for key, depth in order if key in pool.index]
    family: pd.DataFrame = pool.loc[[key for key, _ in found]].copy()
    return family.assign(depth=[depth for _, depth in found])


def eliminated(
    children: pd.DataFrame, parents: Sequence[str], *, equal: Sequence[bool]
) -> list[str]:
    """Return which of the four signs of failure each evolved row shows, "" where none.

    Source: Xu et al. 2024, arXiv:2304.12244, section 3.2 (elimination evolving).

    Parameters
    ----------
    children : DataFrame
        Rows with `instruction` and `output`; an output "" is one that is not there yet, of which
        the second and third sign are not looked for.
    parents : sequence of str
        The task that each was made from; a child of the same words is equal to it.
    equal : sequence of bool
        Whether a judge found it equal to its parent.

    Examples
    --------
    >>> rows = pd.DataFrame({"instruction": ["Add.", "Sum."], "output": ["Sorry, I cannot.", "3"]})
    >>> eliminated(rows, ["Sum.", "Sum."], equal=[False, False])
    ['says sorry and little else', 'equal to its parent']
    """
    texts = children["instruction"].str.split().str.join(" ")
    given = children["output"] != ""
    same = [a == " ".join(b.split()) for a, b in zip(texts, parents, strict=True)]
    signs = {
        "equal to its parent": [a or b for a, b in zip(equal, same, strict=True)],
        "copies words of the prompt": (~filters.no_leaked_prompt(children)).tolist(),
        "says sorry and little else": (given & ~filters.no_apology(children)).tolist(),
        "only punctuation and stop words": (given & ~filters.content_words(children)).tolist(),
    }
    rows = range(len(children))
    return [next((sign for sign, at in signs.items() if at[row]), "") for row in rows]


def _evolved(desk: Desk, tasks: list[_Task], answerer: Client | None) -> list[_Task]:
    """Take tasks through one round; return them as they stand in the next."""
    drawn = [desk.rng.choice(OPERATIONS) for _ in tasks]
    made: dict[int, Said] = {}
    for operation in OPERATIONS:
        places = [at for at, name in enumerate(drawn) if name == operation]
        if places:
            filled = [{"instruction": tasks[at].text} for at in places]
            parents = [{"parent": tasks[at].id} for at in places]
            replies = desk.ask(f"evolve_{operation}", filled, parents=parents, sampling=DRAWN)
            made |= {at: said for at, said in zip(places, replies, strict=True) if said is not None}
    rows = {
        at: {
            "instruction": said.text,
            "output": "",
            "parent": tasks[at].id,
            "operation": drawn[at],
            "root": tasks[at].root,
        }
        for at, said in sorted(made.items())
    }
    rows = _passed(desk, rows, tasks, made, equal=[False] * len(rows))
    compared = desk.ask(
        "evolve_equal",
        [{"first": tasks[at].text, "second": str(row["instruction"])} for at, row in rows.items()],
        parents=list(rows.values()),
        sampling=CHECK,
        whole=False,
    )
    said = {at: one for at, one in zip(rows, compared, strict=True) if one is not None}
    rows = {at: row for at, row in rows.items() if at in said}
    equal = [_equal(said[at].text) for at in rows]
    rows = _passed(desk, rows, tasks, said, equal=equal)
    questions = [[{"role": "user", "content": str(row["instruction"])}] for row in rows.values()]
    answers = desk.converse(
        "answer", questions, parents=list(rows.values()), sampling=DRAWN, via=answerer
    )
    told = {at: one for at, one in zip(rows, answers, strict=True) if one is not None}
    rows = {at: {**rows[at], "output": told[at].text} for at in rows if at in told}
    rows = _passed(desk, rows, tasks, told, equal=[False] * len(rows))
    reasons = desk.offer([Candidate(row, told[at]) for at, row in rows.items()])
    after = list(tasks)
    for at, reason in zip(rows, reasons, strict=True):
        if not reason:
            row = rows[at]
            key = hashing.example_id([], str(row["instruction"]), "", str(row["output"]))
            after[at] = replace(tasks[at], text=str(row["instruction"]), id=key)
    return after


def _passed(
    desk: Desk,
    rows: dict[int, dict[str, str]],
    tasks: list[_Task],
    said: dict[int, Said],
    *,
    equal: list[bool],
) -> dict[int, dict[str, str]]:
    """Reject the rows that show a sign of failure, and return the others."""
    if not rows:
        return rows
    frame = pd.DataFrame(list(rows.values()))
    parents = [tasks[at].text for at in rows]
    signs = dict(zip(rows, eliminated(frame, parents, equal=equal), strict=True))
    for at, sign in signs.items():
        if sign:
            desk.reject(sign, said[at], rows[at], evidence=str(rows[at]["operation"]))
    return {at: row for at, row in rows.items() if not signs[at]}


def _equal(text: str) -> bool:
    return text.strip().lower().startswith(("equal", "相同"))
