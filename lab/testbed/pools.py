"""Pools and prompts drawn from the world, with their truth in extra columns.

Extra columns: `family`, `domain`, `phrasing` (number of the template), `quality` (the true grade
of the output, 0 to 5), `fault` (what was done to a bad output, "" if nothing).
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Literal

import pandas as pd

from lab import origins, records
from lab.testbed import faults
from lab.testbed.truth import grade_task
from lab.testbed.world import FAMILIES, OPENERS, Family, Task, by_name

SOURCE = origins.TESTBED
OPENED = 0.4  # share of instructions with an opener
TRIES = 40  # draws in a row without a new prompt after which a family counts as used up


def families(*, domain: str | None = None) -> tuple[str, ...]:
    """Return the names of all task families, or of those of one domain.

    Examples
    --------
    >>> families(domain="animals")[:3]
    ('animal_class', 'legs', 'young')
    """
    if domain is not None and domain not in domains():
        raise ValueError(f"domain must be one of {', '.join(domains())}, got {domain!r}")
    return tuple(family.name for family in FAMILIES if domain in (None, family.domain))


def domains() -> tuple[str, ...]:
    """Return the names of all domains.

    Examples
    --------
    >>> "arithmetic" in domains()
    True
    """
    return tuple(dict.fromkeys(family.domain for family in FAMILIES))


def pool(
    n: int,
    *,
    families: Sequence[str] | None = None,
    domains: Sequence[str] | None = None,
    noise: float = 0.0,
    tail: float = 0.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw a pool of `n` distinct prompts in the phrasings kept for training, with answers.

    Parameters
    ----------
    n : int
        Prompts to draw.
    families, domains : sequences of str, optional
        Draw from these only; both together mean families that are in both.
    noise : float
        Share of rows with a bad answer (wrong, empty, rambling, off topic in equal shares),
        0 <= noise <= 1; exactly `round(noise * n)` rows.
    tail : float
        Zipf exponent of the families' frequencies, >= 0; 0 is even. Which family is frequent
        depends on the seed; one that has no new prompts left gives way to the others.
    seed : int
        Of all draws.

    Returns
    -------
    DataFrame
        A pool; see the module for its extra columns.

    Raises
    ------
    ValueError
        If an argument is out of range, or the families hold fewer than `n` distinct prompts.

    Examples
    --------
    >>> pool(4, domains=["arithmetic"], seed=1)["domain"].unique().tolist()
    ['arithmetic']
    """
    if not 0 <= noise <= 1:
        raise ValueError(f"noise must be between 0 and 1, got {noise}")
    if not tail >= 0:
        raise ValueError(f"tail must be at least 0, got {tail}")
    chosen = _chosen(families, domains)
    rng = Random(seed)
    rng.shuffle(chosen)
    weights = [rank**-tail for rank in range(1, len(chosen) + 1)]
    drawn = _distinct(n, chosen, weights, rng, held_out=False)
    bad = set(rng.sample(range(n), round(noise * n)))
    rows = []
    for number, (task, phrasing, text) in enumerate(drawn):
        fault = rng.choice(faults.FAULTS) if number in bad else ""
        rows.append(_row(task, phrasing, text, fault, rng))
    origins.note("data", SOURCE)
    return records.frame(rows, source=SOURCE)


def prompts(
    n: int,
    *,
    split: Literal["held_out", "seen"] = "held_out",
    families: Sequence[str] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw `n` distinct prompts for evaluation, all families in turn, with the truth as output.

    Parameters
    ----------
    n : int
        Prompts to draw.
    split : "held_out" or "seen"
        Phrasings that no pool uses, or those that pools use.
    families : sequence of str, optional
        Draw from these only.
    seed : int
        Of all draws.

    Raises
    ------
    ValueError
        If an argument is out of range, or the families hold fewer than `n` distinct prompts.

    Examples
    --------
    >>> prompts(3)["output"].str.contains("Answer: ").all().item()
    True
    """
    if split not in ("held_out", "seen"):
        raise ValueError(f"split must be 'held_out' or 'seen', got {split!r}")
    chosen = _chosen(families, None)
    rng = Random(seed)
    rng.shuffle(chosen)
    drawn = _distinct(n, chosen, None, rng, held_out=split == "held_out")
    origins.note("data", SOURCE)
    return records.frame([_row(*item, "", rng) for item in drawn], source=SOURCE)


def _chosen(families: Sequence[str] | None, domains: Sequence[str] | None) -> list[Family]:
    known = by_name()
    for name in families or ():
        if name not in known:
            raise ValueError(f"families must be names from testbed.families(), got {name!r}")
    places = {family.domain for family in FAMILIES}
    for name in domains or ():
        if name not in places:
            raise ValueError(f"domains must be names from testbed.domains(), got {name!r}")
    chosen = [
        family
        for family in FAMILIES
        if (families is None or family.name in families)
        and (domains is None or family.domain in domains)
    ]
    if not chosen:
        raise ValueError(f"no family is in families {families} and domains {domains}")
    return chosen


def _distinct(
    n: int, chosen: list[Family], weights: list[float] | None, rng: Random, *, held_out: bool
) -> list[tuple[Task, int, str]]:
    """Draw `n` tasks with distinct texts: by weight, or the families in turn."""
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    live, shares = list(chosen), list(weights or [])
    drawn: dict[str, tuple[Task, int, str]] = {}
    turn = 0
    while len(drawn) < n:
        if not live:
            raise ValueError(f"n must be at most the {len(drawn)} distinct prompts found, got {n}")
        place = rng.choices(range(len(live)), shares)[0] if shares else turn % len(live)
        for task, phrasing, text in _tries(live[place], rng, held_out=held_out):
            if text not in drawn:
                drawn[text] = (task, phrasing, text)
                break
        else:
            del live[place]
            del shares[place : place + 1]
        turn += 1
    return list(drawn.values())


def _tries(family: Family, rng: Random, *, held_out: bool) -> Iterator[tuple[Task, int, str]]:
    for _ in range(TRIES):
        task = family.draw(rng)
        phrasing = rng.choice(family.held_out if held_out else family.seen)
        opener = rng.choice(OPENERS) if rng.random() < OPENED else ""
        yield task, phrasing, opener + task.ask(phrasing)


def _row(task: Task, phrasing: int, text: str, fault: str, rng: Random) -> dict[str, Any]:
    output = faults.spoil(task, fault, rng) if fault else task.answer
    instruction, _, below = text.partition("\n\n")
    return {
        "instruction": instruction,
        "input": below,
        "output": output,
        "family": task.family.name,
        "domain": task.family.domain,
        "phrasing": phrasing,
        "quality": grade_task(task, output),
        "fault": fault,
    }
