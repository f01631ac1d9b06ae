"""What all arms of a study share: where rows come from, how a model is tuned, what it is asked.

`world` is the testbed's, in minutes on two cores; `local` takes any pool and any model. A notebook
that is written against a `Setup` runs in both, and notebooks with the same setup share their arms:
what one has trained, the next one finds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from lab import judge, load, testbed, tune
from lab.ablate.against import PREFERRED, Against, judged
from lab.ablate.answers import world_answers
from lab.ablate.arms import Arm
from lab.ablate.language import open_answers
from lab.ablate.run import Evaluate, details, run
from lab.llm import Client
from lab.tune import Recipe

Select = Callable[..., pd.DataFrame]
SETS = {  # the testbed's test sets by domain; prompts in wordings of the training are a fourth
    "facts": ("geography", "animals", "diets", "colours", "things", "jobs", "body"),
    "numbers": ("calendar", "units", "arithmetic", "comparison", "sequences"),
    "words": ("words", "lists", "dialogue", "logic", "composition"),
}
SEEN = "seen"
RATE = 2e-3  # higher than the preset's: models that see few examples learn from them all the same


@dataclass(frozen=True, eq=False)
class Setup:
    """Pools, test prompts, recipe and evaluation of a study; made by `world` and `local`.

    Examples
    --------
    >>> from lab import ablate
    >>> study = ablate.world()
    >>> study.measure, len(study.prompts) > 0
    ('exact', True)
    """

    pool: Callable[..., pd.DataFrame]  # (seed=) -> pool
    prompts: pd.DataFrame  # with a column `set`
    recipe: Recipe  # its seed is replaced
    evaluate: Evaluate
    measure: str  # of the evaluation, higher is better

    def run(
        self,
        arms: Sequence[Arm],
        *,
        against: str | None = None,
        client: Client | Mapping[str, Client] | None = None,
    ) -> pd.DataFrame:
        """Tune, evaluate and, with a judge, compare all answers with those of the arm `against`.

        Raises
        ------
        ValueError
            If only one of `against` and `client` is given.
        """
        if (against is None) != (client is None):
            raise ValueError(f"give both or none of against and client, got {against!r}, {client}")
        table = run(arms, tune=tune.sft, evaluate=self.evaluate)
        if against is None or client is None:
            return table
        return self.judged(table, against=against, client=client)

    def judged(
        self, table: pd.DataFrame, *, against: str, client: Client | Mapping[str, Client]
    ) -> pd.DataFrame:
        """Let a judge compare all answers of a table with those of one arm; see `judged`."""
        ask = partial(judge.pairwise, client=client, questions=self.prompts)
        return judged(table, Against(against, ask))

    def outcomes(self, table: pd.DataFrame, *, test_set: str | None = None) -> pd.DataFrame:
        """Return the outcome of each prompt (of one test set), columns (arm, seed), for `verdicts`.

        What a judge preferred, where one was asked; the setup's own measure otherwise.
        """
        found = details(table, PREFERRED if "judged" in table.columns else self.measure)
        if test_set is None:
            return found
        chosen = self.prompts.index[self.prompts["set"] == test_set]
        if len(chosen) == 0:
            known = list(dict.fromkeys(self.prompts["set"]))
            raise ValueError(f"test_set must be one of {known}, got {test_set!r}")
        return found[found.index.isin(chosen)]


def world(
    rows: int = 1500,
    *,
    noise: float = 0.5,
    tail: float = 0.0,
    steps: int = 40,
    prompts: int = 200,
) -> Setup:
    """Set a study up on the testbed: its base model, its pools, and four test sets.

    Three sets hold prompts in wordings that no training example has, by what is asked (`facts`,
    `numbers`, `words`); the fourth, `seen`, a quarter of all, has wordings that pools use. The
    measure is exact match with the truth.

    Parameters
    ----------
    rows : int
        Of a pool; every seed draws a pool of its own.
    noise, tail : float
        As in `testbed.pool`.
    steps : int
        Updates of every model, of 16 examples each.
    prompts : int
        In all, at least 8.

    Examples
    --------
    >>> setup = world(100, prompts=40)
    >>> sorted(setup.prompts["set"].unique())
    ['facts', 'numbers', 'seen', 'words']
    >>> len(setup.pool(seed=3))
    100
    """
    if prompts < 8:
        raise ValueError(f"prompts must be at least 8, got {prompts}")
    seen = testbed.prompts(prompts // 4, split="seen", seed=1).assign(split="seen")
    new = testbed.prompts(prompts - prompts // 4, split="held_out", seed=1).assign(split="held_out")
    place = {domain: name for name, domains in SETS.items() for domain in domains}
    asked = pd.concat([new.assign(set=new["domain"].map(place)), seen.assign(set=SEEN)])
    draw = partial(testbed.pool, rows, noise=noise, tail=tail)
    return Setup(draw, asked, _recipe(steps), partial(world_answers, prompts=asked), "exact")


def world_group(
    rows: int, *, domains: Sequence[str], tail: float = 0.0, steps: int = 40, prompts: int = 200
) -> Setup:
    """Set a study up on one group of the testbed's domains: pools and prompts are of these alone.

    Parameters
    ----------
    rows : int
        Of a pool; every seed draws a pool of its own. Answers are right.
    domains : sequence of str
        Names from `testbed.domains()`.
    tail, steps
        As in `world`.
    prompts : int
        In wordings that no training example has; a test set for each domain.

    Examples
    --------
    >>> setup = world_group(50, domains=["diets", "units"], prompts=20)
    >>> sorted(setup.pool(seed=0)["domain"].unique())
    ['diets', 'units']
    """
    families = [name for domain in domains for name in testbed.families(domain=domain)]
    asked = testbed.prompts(prompts, split="held_out", families=families, seed=1)
    asked = asked.assign(split="held_out", set=asked["domain"])
    draw = partial(testbed.pool, rows, families=families, tail=tail)
    return Setup(draw, asked, _recipe(steps), partial(world_answers, prompts=asked), "exact")


def world_target(
    rows: int = 1500,
    *,
    domains: Sequence[str],
    tail: float = 0.0,
    steps: int = 40,
    prompts: int = 200,
) -> Setup:
    """Set a study of targeted selection up: pools of everything, prompts of a target and the rest.

    Parameters
    ----------
    rows : int
        Of a pool; every seed draws a pool of its own. Answers are right.
    domains : sequence of str
        The target: some of `testbed.domains()`, not all.
    tail, steps
        As in `world`.
    prompts : int
        In wordings that no training example has: half of them about the target, the other half
        about all else, as the test sets `target` and `elsewhere`.

    Raises
    ------
    ValueError
        If `domains` leaves nothing else.

    Examples
    --------
    >>> setup = world_target(50, domains=["calendar"], prompts=20)
    >>> setup.prompts["set"].value_counts().to_dict()
    {'target': 10, 'elsewhere': 10}
    """
    others = [name for name in testbed.domains() if name not in domains]
    if not others:
        raise ValueError("domains must leave others, got all of them")
    parts = []
    for name, of, count in (
        ("target", domains, prompts // 2),
        ("elsewhere", others, prompts - prompts // 2),
    ):
        families = [family for domain in of for family in testbed.families(domain=domain)]
        part = testbed.prompts(count, split="held_out", families=families, seed=1)
        parts.append(part.assign(split="held_out", set=name))
    asked = pd.concat(parts)
    draw = partial(testbed.pool, rows, tail=tail)
    return Setup(draw, asked, _recipe(steps), partial(world_answers, prompts=asked), "exact")


def local(
    data: str | Path | pd.DataFrame,
    model: str | Path,
    *,
    rows: int | None = None,
    steps: int = 100,
    prompts: int | pd.DataFrame = 100,
    recipe: Recipe | None = None,
) -> Setup:
    """Set a study up on one's own examples and model.

    Parameters
    ----------
    data : path or DataFrame
        A file that `load.auto` reads, or a pool: the candidates, the same for every seed.
    model : str or Path
        Folder or hub name of the model to tune.
    rows : int, optional
        Draw this many of the pool, the same ones every time; all by default.
    steps : int
        Updates of every model.
    prompts : int or DataFrame
        Test prompts with answers by people: a pool (a column `set` tells test sets apart), or how
        many rows are held back, the same ones every time.
    recipe : Recipe, optional
        Used as it is but for its model; by default that of Alpaca with 16 examples a step.

    Returns
    -------
    Setup
        Its measure is `likelihood`: e to the minus mean loss per token of the person's answer, 0
        to 1. Ask a judge (`Setup.run` with `client`) to compare what is written.

    Raises
    ------
    ValueError
        If `rows` is out of range, or `prompts` leaves no candidates.

    Examples
    --------
    >>> from lab import paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1)
    >>> local(testbed.pool(20), recipe, prompts=5).measure
    'likelihood'
    """
    pool = data if isinstance(data, pd.DataFrame) else load.auto(data).pool
    if rows is not None:
        if not 3 <= rows <= len(pool):
            raise ValueError(f"rows must be from 3 to the {len(pool)} there are, got {rows}")
        pool = _some(pool, rows)
    asked = prompts if isinstance(prompts, pd.DataFrame) else _held_back(pool, prompts)
    rest = pool[~pool.index.isin(asked.index)]
    if len(rest) == 0:
        raise ValueError(f"prompts must leave candidates, got {len(asked)} of {len(pool)} rows")
    if "set" not in asked.columns:
        asked = asked.assign(set="held back")
    small = replace(tune.presets.alpagasus_7b, epochs=None, steps=steps, bf16=False)
    usual = replace(small, batch_size=16, micro_batches=2, checkpoints=None)
    chosen = replace(usual if recipe is None else recipe, model=str(model))
    evaluate = partial(likelihood_answers, prompts=asked)
    return Setup(partial(_given, rest), asked, chosen, evaluate, "likelihood")


def drawn(selectors: Mapping[str, Select], setup: Setup, *, seeds: Iterable[int]) -> list[Arm]:
    """Let each selector choose from the pool of each seed, and return the arms.

    Parameters
    ----------
    selectors : mapping
        Name of the arm -> (pool, seed=) -> subset.
    setup : Setup
        Gives pools and recipe.
    seeds : iterable of int
        One model per selector and seed.

    Raises
    ------
    ValueError
        If a subset is empty.

    Examples
    --------
    >>> def first(pool, *, seed):
    ...     return pool.head(10)
    >>> drawn({"first": first}, world(100, prompts=40), seeds=[4])
    [Arm(first, 10 examples, seed 4)]
    """
    made = []
    for seed in seeds:
        pool = setup.pool(seed=seed)
        for name, select in selectors.items():
            subset = select(pool, seed=seed)
            if len(subset) == 0:
                raise ValueError(f"arm {name!r} has no examples at seed {seed}")
            made.append(Arm(name, subset, replace(setup.recipe, seed=seed)))
    return made


def likelihood_answers(
    model: Path, *, prompts: pd.DataFrame, max_new_tokens: int = 96
) -> pd.DataFrame:
    """Evaluate as `open_answers` does, with `likelihood` beside: e to the minus loss, 0 to 1.

    Examples
    --------
    >>> from lab import paths, testbed, tune
    >>> when = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> folder = tune.sft(testbed.pool(4), when, paths.data() / "tuned")
    >>> asked = testbed.prompts(2)
    >>> found = likelihood_answers(folder, prompts=asked, max_new_tokens=4)
    >>> found["likelihood"].between(0, 1).all().item()
    True
    """
    table = open_answers(model, prompts=prompts, max_new_tokens=max_new_tokens)
    return table.assign(likelihood=np.exp(-table["loss"]))


def _held_back(pool: pd.DataFrame, count: int) -> pd.DataFrame:
    if not 2 <= count < len(pool):
        raise ValueError(f"prompts must be from 2 to {len(pool) - 1}, got {count}")
    return _some(pool, count)


def _some(pool: pd.DataFrame, count: int) -> pd.DataFrame:
    rows = np.random.default_rng(0).permutation(len(pool))[:count]
    return pool.iloc[np.sort(rows)]


def _recipe(steps: int) -> Recipe:
    fast = replace(tune.presets.testbed, epochs=None, steps=steps, batch_size=16)
    return replace(fast, learning_rate=RATE)


def _given(pool: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    del seed  # one's own pool is what it is
    return pool
