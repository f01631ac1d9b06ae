"""Constraints that can be checked: attached to instructions, kept if the answer meets them.

Source: Zhou et al. 2023, arXiv:2311.07911 (IFEval: instructions that a program can verify); used
for synthesis as in Dong et al. 2024, arXiv:2406.13542 (AutoIF). The constraints are our own.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pandas as pd

from lab import records
from lab.llm import Client
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

GROUP = 32
DRAWN = Sampling(temperature=0.7, top_p=0.95, max_tokens=2048)
CJK = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True)
class Constraint:
    """What is asked in both languages, with `{n}` where it has a number, and its check.

    Examples
    --------
    >>> def few(text, n):
    ...     return len(text.split()) <= n
    >>> short = Constraint("short", {"en": "In {n} words."}, few, (5,))
    >>> short.met("So it is.", 5)
    True
    """

    name: str
    asks: dict[str, str]
    met: Callable[[str, int], bool]
    numbers: tuple[int, ...] = (0,)


def _words(text: str) -> int:
    return len(CJK.findall(text)) + len(CJK.sub(" ", text).split())


def _is_json(text: str) -> bool:
    bare = re.sub(r"^```(?:json)?\s*|\s*```$", "", text.strip())
    try:
        json.loads(bare)
    except ValueError:
        return False
    return bare.startswith(("{", "["))


CONSTRAINTS = (
    Constraint(
        "at most n words",
        {"en": "Use at most {n} words.", "zh": "不超过{n}个字。"},
        lambda text, n: _words(text) <= n,
        (20, 40, 80),
    ),
    Constraint(
        "at least n words",
        {"en": "Use at least {n} words.", "zh": "至少{n}个字。"},
        lambda text, n: _words(text) >= n,
        (10, 30, 60),
    ),
    Constraint(
        "no commas",
        {"en": "Do not use any commas.", "zh": "不要使用逗号。"},
        lambda text, _n: not re.search("[,，]", text),
    ),
    Constraint(
        "capital letters",
        {"en": "Write all letters as capitals.", "zh": "英文字母一律大写。"},
        lambda text, _n: text == text.upper(),
    ),
    Constraint(
        "in quotation marks",
        {"en": "Put the whole answer in double quotation marks.", "zh": "整个回答放在双引号里。"},
        lambda text, _n: len(text) > 2 and text[0] in '"“' and text[-1] in '"”',
    ),
    Constraint(
        "n bullet points",
        {
            "en": "Answer in exactly {n} bullet points, each starting with *.",
            "zh": "用恰好{n}个以 * 开头的要点回答。",
        },
        lambda text, n: sum(line.lstrip().startswith("* ") for line in text.splitlines()) == n,
        (2, 3, 4),
    ),
    Constraint(
        "ends with a phrase",
        {"en": "End with the exact words: That is all.", "zh": "以“就是这样。”结尾。"},
        lambda text, _n: text.rstrip().endswith(("That is all.", "就是这样。")),
    ),
    Constraint(
        "JSON",
        {"en": "Give the whole answer as JSON.", "zh": "整个回答写成 JSON。"},
        lambda text, _n: _is_json(text),
    ),
)


def constrain(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    constraints: tuple[Constraint, ...] = CONSTRAINTS,
) -> Synthesised:
    """Attach a constraint to each instruction, ask, and keep the answers that meet it.

    Source: Zhou et al. 2023, arXiv:2311.07911.
    Cost: one call for each row.

    Parameters
    ----------
    pool : DataFrame
        Prompts; outputs are not looked at.
    client, keep, accept, terms
        As for `self_instruct`.
    constraints : tuple of Constraint
        Drawn from with equal odds, at least one.

    Returns
    -------
    Synthesised
        Examples with `constraint` (its name) and `n` (its number, 0 if it has none).

    Raises
    ------
    ValueError
        If there is no constraint.

    Examples
    --------
    >>> from lab import testbed
    >>> made = constrain(testbed.pool(40), testbed.client(store=":memory:"), keep=3)
    >>> made.stopped_because
    'kept 3'
    """
    if not constraints:
        raise ValueError("constraints must hold at least one, got none")
    check_pool(pool, "pool")
    terms = terms or Terms()
    own = {"constraints": [one.name for one in constraints]}
    desk = Desk("constrain", client, keep=keep, accept=accept, terms=terms, own=own, inputs=[pool])
    with desk.open():
        for part in desk.groups(rows_of(pool), GROUP):
            drawn = [_drawn(constraints, desk.rng, terms.language) for _ in part]
            given = [
                {
                    "history": row["history"],
                    "instruction": f"{row['instruction']} {text}",
                    "input": row["input"],
                    "parent": row["id"],
                    "constraint": one.name,
                    "n": n,
                }
                for row, (one, n, text) in zip(part, drawn, strict=True)
            ]
            asked = [records.prompt(row) for row in given]
            replies = desk.converse("answer", asked, parents=given, sampling=DRAWN)
            candidates = []
            for row, (one, n, text), said in zip(given, drawn, replies, strict=True):
                if said is None:
                    continue
                new = {**row, "output": said.text}
                if one.met(said.text, n):
                    candidates.append(Candidate(new, said))
                else:
                    desk.reject("does not meet its constraint", said, new, evidence=text)
            desk.offer(candidates)
    return desk.result()


def _drawn(
    constraints: tuple[Constraint, ...], rng: Random, language: str
) -> tuple[Constraint, int, str]:
    one = rng.choice(constraints)
    n = rng.choice(one.numbers)
    return one, n, one.asks[language].replace("{n}", str(n))
